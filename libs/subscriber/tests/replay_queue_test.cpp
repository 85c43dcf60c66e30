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
  /// The key whose turn is next; empty for none.
  std::string take() {
    auto const turn = queue.take(now);
    if (!turn) return "";
    last = *turn;
    return turn->key.key;
  }
  void finish(std::string const& name, ReplayRun const& run) {
    queue.finished(key(name), run, now);
  }

  SeededRandom random{1};
  ReplayQueue queue{{.retry = {.attempts_max = 3, .unavailable_max = 4}}, 3, random};
  SteadyTime now{1h};
  ReplayTry last;
};

TEST_F(Replays, gives_keys_their_turns_in_order_and_forgets_those_that_are_done) {
  queue.requested({key("a"), key("b")});
  queue.requested({key("b")});
  EXPECT_EQ(take(), "a");
  EXPECT_EQ(take(), "b");
  EXPECT_EQ(take(), "");
  finish("a", done);
  EXPECT_FALSE(queue.empty());
  finish("b", done);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.next_due(), SteadyTime::max());
}

TEST_F(Replays, lets_a_key_with_much_to_replay_wait_for_the_others) {
  queue.requested({key("a"), key("b")});
  EXPECT_EQ(take(), "a");
  finish("a", {.replayed = 10});
  EXPECT_EQ(take(), "b");
  EXPECT_EQ(take(), "a");
}

TEST_F(Replays, tries_again_after_pauses_and_says_which_failure_is_the_last) {
  queue.requested({key("a")});
  for (int attempt = 1; attempt <= 3; ++attempt) {
    EXPECT_EQ(take(), "a");
    EXPECT_EQ(last.last_failure, attempt == 3);
    if (attempt == 3) break;
    finish("a", failed());
    EXPECT_EQ(take(), "");
    EXPECT_GE(queue.next_due(), now + 25ms);
    now = queue.next_due();
  }
  auto last_run = failed();
  last_run.given_up = true;
  finish("a", last_run);
  EXPECT_TRUE(queue.empty());
}

TEST_F(Replays, begins_to_count_anew_when_a_message_was_replayed) {
  queue.requested({key("a")});
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(take(), "a");
    EXPECT_FALSE(last.last_failure);
    auto run = failed();
    run.replayed = 1;
    finish("a", run);
    now = queue.next_due();
  }
}

TEST_F(Replays, counts_what_is_away_for_a_message_but_not_what_is_wrong_with_the_database) {
  queue.requested({key("a")});
  auto database = failed(RunStatus::unavailable);
  database.trouble->cause = Cause::database;
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(take(), "a");
    ASSERT_FALSE(last.last_unavailable);
    finish("a", database);
    EXPECT_LE(queue.next_due(), now + 2s);
    now = queue.next_due();
  }
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(take(), "a");
    EXPECT_FALSE(last.last_unavailable);
    finish("a", failed(RunStatus::unavailable));
    now = queue.next_due();
  }
  EXPECT_EQ(take(), "a");
  EXPECT_TRUE(last.last_unavailable);
}

TEST_F(Replays, gives_a_turn_to_a_fit_key_however_many_fail) {
  ReplayQueue many{{.retry = {.unavailable_max = 1'000'000}}, 1000, random};
  std::vector<HeldKey> keys;
  for (int i = 0; i < 500; ++i) keys.push_back(key("bad " + std::to_string(i)));
  many.requested(keys);
  for (int i = 0; i < 2000; ++i) {
    auto const turn = many.take(now);
    if (turn) many.finished(turn->key, failed(RunStatus::unavailable), now);
    now += 10ms;
  }
  many.requested({key("fit")});
  std::string taken;
  int turns = 0;
  for (; taken != "fit" && turns < 100; ++turns) {
    auto const turn = many.take(now);
    ASSERT_TRUE(turn);
    taken = turn->key.key;
    if (taken != "fit") many.finished(turn->key, failed(RunStatus::unavailable), now);
  }
  EXPECT_EQ(taken, "fit");
  EXPECT_LE(turns, 2);
}

TEST_F(Replays, gives_a_turn_to_keys_that_failed_however_many_others_come) {
  ReplayQueue many{{}, 1000, random};
  many.requested({key("bad")});
  many.finished(many.take(now)->key, failed(), now);
  now += 10s;
  for (int i = 0; i < 100; ++i) many.requested({key("fit " + std::to_string(i))});
  auto const first = many.take(now)->key.key;
  auto const second = many.take(now)->key.key;
  EXPECT_TRUE(first == "bad" || second == "bad");
}

TEST_F(Replays, makes_room_for_keys_that_were_asked_for_later) {
  queue.requested({key("a"), key("b"), key("c")});
  for (auto const* const name : {"a", "b", "c"}) {
    EXPECT_EQ(take(), name);
    finish(name, failed(RunStatus::unavailable));
  }
  EXPECT_TRUE(queue.full());
  queue.requested({key("d")});
  EXPECT_EQ(take(), "d");
  queue.requested({key("e"), key("f"), key("g")});
  EXPECT_TRUE(queue.full()) << "one runs and two are new: no room for a third";
  EXPECT_EQ(take(), "e");
  EXPECT_EQ(take(), "f");
  EXPECT_EQ(take(), "");
}

}  // namespace
}  // namespace tram
