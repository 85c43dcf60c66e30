#include "replay_queue.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tram {
namespace {
using namespace std::chrono_literals;

HeldKey key(std::string const& name) {
  return {.subscriber_id = "s", .channel = "orders", .key = name};
}

ReplayRun const done{.replayed = 1, .done = true};
ReplayRun failed(RunStatus status = RunStatus::failed) {
  return {.trouble = RunResult{.status = status,
                               .reason = "because",
                               .cause = Cause::handler,
                               .database_answers = true}};
}

class Replays : public ::testing::Test {
 protected:
  /// The keys whose turn is next; empty for none.
  std::string take() {
    auto const turn = queue.take(now);
    if (!turn.empty()) last = turn;
    std::string names;
    for (auto const& each : turn) names += (names.empty() ? "" : " ") + each.key.key;
    return names;
  }
  /// What the last turn came to, for one key after the other.
  void finish(ReplayRuns const& runs) { queue.finished(last, runs, now); }

  SeededRandom random{1};
  ReplayQueue queue{{.retry = {.attempts_max = 3, .unavailable_max = 4}}, 3, random};
  SteadyTime now{1h};
  ReplayTurn last;
};

TEST_F(Replays, gives_keys_their_turns_in_order_and_forgets_those_that_are_done) {
  queue.requested({key("a"), key("b")});
  queue.requested({key("b")});
  EXPECT_EQ(take(), "a b");
  EXPECT_EQ(take(), "");
  EXPECT_FALSE(queue.empty());
  finish({done, done});
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.next_due(), SteadyTime::max());
}

TEST_F(Replays, begin_with_the_keys_that_a_turn_did_not_reach) {
  queue.requested({key("a"), key("b"), key("c")});
  EXPECT_EQ(take(), "a b c");
  finish({{.replayed = 10}, {}, {}});
  EXPECT_EQ(take(), "b c a");
}

TEST_F(Replays, give_keys_of_a_failed_transaction_their_turns_alone) {
  queue.requested({key("a"), key("b"), key("c")});
  EXPECT_EQ(take(), "a b c");
  ReplayRun const alone{.run_alone = true};
  finish({alone, alone, alone});
  EXPECT_EQ(take(), "a");
  EXPECT_TRUE(last.front().alone);
  finish({{.replayed = 1}});
  EXPECT_EQ(take(), "b");
  finish({failed()});
  EXPECT_EQ(take(), "c");
  finish({done});
  EXPECT_EQ(take(), "a") << "it got on: it may share again";
  EXPECT_FALSE(last.front().alone);
  finish({done});
  now = queue.next_due();
  EXPECT_EQ(take(), "b");
  EXPECT_TRUE(last.front().alone) << "it failed";
}

TEST_F(Replays, share_a_turn_with_no_key_that_had_trouble) {
  queue.requested({key("bad"), key("a")});
  EXPECT_EQ(take(), "bad a");
  finish({failed(), {}});
  now += 10s;
  queue.requested({key("b")});
  EXPECT_EQ(take(), "bad");
  EXPECT_EQ(take(), "a b");
}

TEST_F(Replays, tries_again_after_pauses_and_says_which_failure_is_the_last) {
  queue.requested({key("a")});
  for (int attempt = 1; attempt <= 3; ++attempt) {
    EXPECT_EQ(take(), "a");
    EXPECT_EQ(last.front().last_failure, attempt == 3);
    if (attempt == 3) break;
    finish({failed()});
    EXPECT_EQ(take(), "");
    EXPECT_GE(queue.next_due(), now + 25ms);
    now = queue.next_due();
  }
  auto last_run = failed();
  last_run.given_up = true;
  finish({last_run});
  EXPECT_TRUE(queue.empty());
}

TEST_F(Replays, begins_to_count_anew_when_a_message_was_replayed) {
  queue.requested({key("a")});
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(take(), "a");
    EXPECT_FALSE(last.front().last_failure);
    auto run = failed();
    run.replayed = 1;
    finish({run});
    now = queue.next_due();
  }
}

TEST_F(Replays, counts_what_is_away_for_a_message_but_not_what_is_wrong_with_the_database) {
  queue.requested({key("a")});
  auto database = failed(RunStatus::unavailable);
  database.trouble->cause = Cause::database;
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(take(), "a");
    ASSERT_FALSE(last.front().last_unavailable);
    finish({database});
    EXPECT_LE(queue.next_due(), now + 2s);
    now = queue.next_due();
  }
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(take(), "a");
    EXPECT_FALSE(last.front().last_unavailable);
    finish({failed(RunStatus::unavailable)});
    now = queue.next_due();
  }
  EXPECT_EQ(take(), "a");
  EXPECT_TRUE(last.front().last_unavailable);
}

TEST_F(Replays, gives_a_turn_to_a_fit_key_however_many_fail) {
  ReplayQueue many{{.retry = {.unavailable_max = 1'000'000}}, 1000, random};
  std::vector<HeldKey> keys;
  for (int i = 0; i < 500; ++i) keys.push_back(key("bad " + std::to_string(i)));
  many.requested(keys);
  for (int i = 0; i < 2000; ++i) {
    auto const turn = many.take(now);
    many.finished(turn, ReplayRuns(turn.size(), failed(RunStatus::unavailable)), now);
    now += 10ms;
  }
  many.requested({key("fit")});
  std::string taken;
  int turns = 0;
  for (; taken != "fit" && turns < 100; ++turns) {
    auto const turn = many.take(now);
    ASSERT_EQ(turn.size(), 1U);
    taken = turn.front().key.key;
    if (taken != "fit") many.finished(turn, {failed(RunStatus::unavailable)}, now);
  }
  EXPECT_EQ(taken, "fit");
  EXPECT_LE(turns, 2);
}

TEST_F(Replays, gives_a_turn_to_keys_that_failed_however_many_others_come) {
  ReplayQueue many{{}, 1000, random};
  many.requested({key("bad")});
  many.finished(many.take(now), {failed()}, now);
  now += 10s;
  for (int i = 0; i < 100; ++i) many.requested({key("fit " + std::to_string(i))});
  auto const first = many.take(now).front().key.key;
  auto const second = many.take(now).front().key.key;
  EXPECT_TRUE(first == "bad" || second == "bad");
}

TEST_F(Replays, makes_room_for_keys_that_were_asked_for_later) {
  queue.requested({key("a"), key("b"), key("c")});
  EXPECT_EQ(take(), "a b c");
  finish(ReplayRuns(3, failed(RunStatus::unavailable)));
  EXPECT_TRUE(queue.full());
  queue.requested({key("d")});
  EXPECT_EQ(take(), "d");
  queue.requested({key("e"), key("f"), key("g")});
  EXPECT_TRUE(queue.full()) << "one runs and two are new: no room for a third";
  EXPECT_EQ(take(), "e f");
  EXPECT_EQ(take(), "");
}

}  // namespace
}  // namespace tram
