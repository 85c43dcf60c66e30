#include "subscription_core.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "tram/broker/position_numbers.hpp"

namespace tram {
namespace {
using namespace std::chrono_literals;
using Texts = std::vector<std::string>;
using Flow = SubscriptionCore::Flow;

TopicPartition const orders{"orders", 0};
TopicPartition const other{"orders", 1};
constexpr SteadyTime beginning{1h};

Position at(std::int64_t offset) { return position_of({offset}); }
std::size_t number_of(Position const& position) {
  return static_cast<std::size_t>(numbers_of(position).first);
}

QueuedMessage item(std::string const& key, std::string const& id, Position position = {},
                   std::string payload = {}) {
  return {.incoming = {.message = {.headers = {{"ID", id}}, .payload = std::move(payload)},
                       .subscriber_id = "s",
                       .source = orders,
                       .position = position,
                       .key = key}};
}

Texts ids(Batch const& batch) {
  Texts ids;
  for (auto const& each : batch.messages) ids.push_back(each.incoming.id());
  return ids;
}

class Core : public ::testing::Test {
 protected:
  void use(SubscriptionOptions const& options, std::size_t batches_max = 2) {
    core_.emplace(options, batches_max, random_);
    core_->assigned(orders);
  }
  void SetUp() override { use({}); }
  SubscriptionCore& core() { return *core_; }

  void deliver(std::string const& key, std::string const& id, std::string payload = {}) {
    auto const position = at(next_offset_++);
    core().delivered(orders, position, {item(key, id, position, std::move(payload))});
  }
  /// The ids of the next batch, which is out from here on; empty for none.
  Texts start_job() {
    core().tick(now_);
    auto batch = core().take_batch(now_);
    if (!batch) return {};
    auto const started = ids(*batch);
    out_.push_back(*std::move(batch));
    return started;
  }
  Texts start_all() {
    Texts started;
    for (auto some = start_job(); !some.empty(); some = start_job()) {
      started.insert(started.end(), some.begin(), some.end());
    }
    return started;
  }
  /// The batch with that message comes back.
  void finish(std::string const& id, RunStatus status = RunStatus::handled) {
    finish(
        id,
        {.status = status, .reason = "because", .cause = Cause::handler, .database_answers = true});
  }
  void finish(std::string const& id, RunResult const& result) {
    auto const batch = std::ranges::find_if(
        out_, [&](Batch const& each) { return std::ranges::count(ids(each), id) > 0; });
    ASSERT_NE(batch, out_.end()) << id;
    auto finished = std::move(*batch);
    out_.erase(batch);
    RunResults const results(finished.messages.size(), result);
    core().finished(std::move(finished), results, now_);
  }
  std::vector<Position> acknowledged() {
    std::vector<Position> last;
    for (auto const& each : core().take_acknowledgements()) last.push_back(each.last);
    return last;
  }

  SeededRandom random_{1};
  SteadyTime now_{beginning};
  std::optional<SubscriptionCore> core_;
  std::vector<Batch> out_;
  std::int64_t next_offset_{};
};

TEST_F(Core, runs_one_message_of_a_key_at_a_time_and_keys_side_by_side) {
  deliver("a", "a1");
  deliver("a", "a2");
  deliver("b", "b1");
  EXPECT_EQ(start_all(), (Texts{"a1", "b1"}));
  finish("a1");
  EXPECT_EQ(start_all(), Texts{"a2"});
}

TEST_F(Core, starts_no_more_batches_than_it_may) {
  for (auto const* const key : {"a", "b", "c"}) deliver(key, key);
  EXPECT_EQ(start_all(), (Texts{"a", "b"}));
  finish("b");
  EXPECT_EQ(start_all(), Texts{"c"});
}

TEST_F(Core, gives_the_turn_to_the_lane_that_waits_longest) {
  use({}, 1);
  for (auto const* const id : {"a1", "a2", "a3"}) deliver("a", id);
  deliver("b", "b1");
  EXPECT_EQ(start_all(), Texts{"a1"});
  finish("a1");
  EXPECT_EQ(start_all(), Texts{"b1"});
  finish("b1");
  EXPECT_EQ(start_all(), Texts{"a2"});
}

TEST_F(Core, acknowledges_only_what_lies_before_the_oldest_unfinished_record) {
  deliver("a", "a1");
  deliver("b", "b1");
  start_all();
  finish("b1");
  EXPECT_TRUE(acknowledged().empty());
  finish("a1");
  EXPECT_EQ(acknowledged(), std::vector<Position>{at(1)});
  EXPECT_TRUE(acknowledged().empty());
}

TEST_F(Core, finishes_a_record_when_all_its_messages_are) {
  core().delivered(orders, at(0), {item("a", "1"), item("b", "2"), item("a", "3")});
  core().delivered(orders, at(1), {});
  EXPECT_EQ(start_all(), (Texts{"1", "2"}));
  finish("1");
  finish("2", RunStatus::held);
  EXPECT_TRUE(acknowledged().empty());
  EXPECT_EQ(start_all(), Texts{"3"});
  finish("3");
  EXPECT_EQ(acknowledged(), std::vector<Position>{at(1)});
}

TEST_F(Core, lets_a_lane_wait_after_a_failure_while_others_go_on) {
  deliver("a", "a1");
  deliver("a", "a2");
  EXPECT_EQ(start_job(), Texts{"a1"});
  finish("a1", RunStatus::failed);
  deliver("b", "b1");
  EXPECT_EQ(start_all(), Texts{"b1"});
  auto const due = core().next_due();
  EXPECT_GE(due, beginning + 25ms);
  EXPECT_LE(due, beginning + 50ms);
  now_ = due;
  EXPECT_EQ(start_all(), Texts{"a1"});
  EXPECT_EQ(out_.back().messages.front().incoming.attempt, 2);
}

TEST_F(Core, has_a_message_held_when_its_attempts_are_used_up) {
  use({.retry = {.attempts_max = 2}});
  deliver("a", "a1");
  deliver("a", "a2");
  start_job();
  finish("a1", RunStatus::failed);
  now_ += 1s;
  start_job();
  EXPECT_FALSE(out_.back().messages.front().to_hold);
  finish("a1", RunStatus::failed);
  EXPECT_EQ(start_job(), Texts{"a1"});
  EXPECT_TRUE(out_.back().messages.front().to_hold);
  EXPECT_EQ(out_.back().messages.front().failures, 2);
  finish("a1", RunStatus::held);
  EXPECT_EQ(acknowledged(), std::vector<Position>{at(0)});
  EXPECT_EQ(start_job(), Texts{"a2"});
}

TEST_F(Core, has_a_message_held_at_once_when_its_handler_cannot_make_sense_of_it) {
  deliver("a", "a1");
  start_job();
  finish("a1", RunStatus::hopeless);
  EXPECT_EQ(start_job(), Texts{"a1"});
  EXPECT_TRUE(out_.back().messages.front().to_hold);
}

TEST_F(Core, counts_no_attempt_while_something_is_away) {
  use({.retry = {.attempts_max = 1}, .breaker = {.failures_max = 100}});
  deliver("a", "a1");
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(start_job(), Texts{"a1"});
    EXPECT_FALSE(out_.back().messages.front().to_hold);
    EXPECT_EQ(out_.back().messages.front().incoming.attempt, 1);
    finish("a1", RunStatus::unavailable);
    now_ = core().next_due();
  }
}

TEST_F(Core,
       holds_a_message_for_which_something_is_away_again_and_again_though_the_database_is_there) {
  use({.retry = {.unavailable_max = 3}, .breaker = {.failures_max = 100}});
  deliver("a", "a1");
  for (int i = 1; i <= 4; ++i) {
    EXPECT_EQ(start_job(), Texts{"a1"});
    EXPECT_EQ(out_.back().messages.front().to_hold, i > 3);
    EXPECT_EQ(out_.back().messages.front().alone, i > 1);
    finish("a1", i > 3 ? RunStatus::held : RunStatus::unavailable);
    now_ = std::min(core().next_due(), now_ + 1h);
  }
  EXPECT_EQ(acknowledged(), std::vector<Position>{at(0)});
}

TEST_F(Core, starts_nothing_while_the_breaker_is_open_but_one_probe_then) {
  use({.breaker = {.failures_max = 2, .open_first = 10s, .open_longest = 1min}}, 3);
  for (auto const* const key : {"a", "b", "c"}) deliver(key, key);
  EXPECT_EQ(start_all(), (Texts{"a", "b", "c"}));
  finish("a", RunStatus::unavailable);
  finish("b", RunStatus::unavailable);
  finish("c", RunStatus::unavailable);
  EXPECT_TRUE(core().paused());
  EXPECT_EQ(core().trouble(), "because");
  EXPECT_EQ(start_all(), Texts{});
  now_ = beginning + 10s;
  auto const first_probe = start_all();
  ASSERT_EQ(first_probe.size(), 1U);
  finish(first_probe.front(), RunStatus::unavailable);
  now_ += 19s;
  EXPECT_EQ(start_all(), Texts{});
  EXPECT_EQ(core().next_due(), beginning + 30s);
  now_ += 1s;
  auto const probe = start_all();
  ASSERT_EQ(probe.size(), 1U);
  finish(probe.front());
  EXPECT_FALSE(core().paused());
  EXPECT_EQ(core().trouble(), "");
  EXPECT_EQ(start_all().size(), 2U);
}

TEST_F(Core, learns_from_a_probe_whose_partition_was_lost) {
  use({.breaker = {.failures_max = 1, .open_first = 1s, .open_longest = 1s}});
  deliver("a", "a1");
  start_job();
  finish("a1", RunStatus::unavailable);
  now_ += 10s;
  EXPECT_EQ(start_job(), Texts{"a1"});
  core().revoked(orders);
  finish("a1");
  EXPECT_FALSE(core().paused());
}

TEST_F(Core, tells_of_a_message_that_does_not_get_on_though_others_do) {
  use({.breaker = {.failures_max = 3}});
  deliver("a", "a1");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(core().trouble(), "");
    start_job();
    finish("a1", RunStatus::unavailable);
    deliver("b", "b" + std::to_string(i));
    now_ = core().next_due() - 1ns;
    start_job();
    finish("b" + std::to_string(i));
    now_ += 1ns;
  }
  EXPECT_FALSE(core().paused());
  EXPECT_EQ(core().trouble(), "because");
}

/// A database that is away: raised outside the handler, and it did not answer afterwards.
RunResult const away{.status = RunStatus::unavailable, .reason = "gone", .cause = Cause::database};
RunResult const by_statement{.status = RunStatus::unavailable,
                             .reason = "the disk is full",
                             .cause = Cause::statement,
                             .database_answers = true};

TEST_F(Core, opens_the_breaker_for_what_different_messages_meet_and_not_for_one) {
  use({.breaker = {.failures_max = 3}}, 10);
  deliver("a", "a1");
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(start_job(), Texts{"a1"});
    finish("a1", RunStatus::unavailable);
    EXPECT_FALSE(core().paused()) << i;
    now_ = core().next_due();
  }
  EXPECT_EQ(core().trouble(), "because");
  for (auto const* const id : {"b", "c"}) {
    deliver(id, id);
    EXPECT_FALSE(core().paused());
  }
  EXPECT_EQ(start_all().size(), 3U);
  finish("b", RunStatus::unavailable);
  EXPECT_FALSE(core().paused());
  finish("c", RunStatus::unavailable);
  EXPECT_TRUE(core().paused());
}

TEST_F(Core, opens_the_breaker_for_one_message_when_the_database_is_away) {
  use({.breaker = {.failures_max = 3}});
  deliver("a", "a1");
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(core().paused());
    EXPECT_EQ(start_job(), Texts{"a1"});
    finish("a1", away);
    now_ = std::max(now_, std::min(core().next_due(), now_ + 1h));
  }
  EXPECT_TRUE(core().paused());
}

TEST_F(Core, lets_messages_that_met_no_trouble_yet_through_an_open_breaker) {
  use({.breaker = {.failures_max = 3, .open_first = 500ms, .open_longest = 1h}}, 50);
  for (auto const* const id : {"a", "b", "c"}) deliver(id, id);
  start_all();
  for (auto const* const id : {"a", "b", "c"}) finish(id, RunStatus::unavailable);
  for (int i = 0; i < 12; ++i) {
    now_ += 1h;
    auto const probe = start_job();
    ASSERT_EQ(probe.size(), 1U);
    finish(probe.front(), RunStatus::unavailable);
  }
  EXPECT_TRUE(core().paused());
  now_ += 1s;
  for (int i = 0; i < 50; ++i) deliver("fit " + std::to_string(i), std::to_string(i));
  EXPECT_EQ(core().next_due(), now_ - 500ms);
  EXPECT_EQ(start_all(), Texts{"0"});
  finish("0");
  EXPECT_FALSE(core().paused());
  EXPECT_GE(start_all().size(), 49U);
}

TEST_F(Core, tries_few_of_them_at_a_time_and_none_while_the_database_is_away) {
  use({.breaker = {.failures_max = 1, .open_first = 500ms, .open_longest = 1h}}, 50);
  for (int i = 0; i < 20; ++i) deliver(std::to_string(i), std::to_string(i));
  EXPECT_EQ(start_job(), Texts{"0"});
  finish("0", RunStatus::unavailable);
  std::size_t out = 0;
  for (int i = 0; i < 20; ++i, now_ += 500ms) out += start_all().size();
  EXPECT_EQ(out, 4U) << "the probe and three";
  use({.breaker = {.failures_max = 1, .open_first = 500ms, .open_longest = 1h}}, 50);
  for (int i = 0; i < 20; ++i) deliver(std::to_string(i), std::to_string(i));
  out_.clear();
  EXPECT_EQ(start_job(), Texts{"0"});
  finish("0", away);
  now_ += 499ms;
  EXPECT_EQ(start_all(), Texts{});
  now_ += 1ms;
  EXPECT_EQ(start_all(), Texts{"1"});
  now_ += 10s;
  EXPECT_EQ(start_all(), Texts{});
}

TEST_F(Core, asks_a_database_that_is_away_again_within_two_seconds_for_ever) {
  use({.breaker = {.failures_max = 1, .open_first = 500ms, .open_longest = 1h}});
  deliver("a", "a1");
  start_job();
  for (int i = 0; i < 20; ++i) {
    finish("a1", away);
    now_ += 2s;
    ASSERT_EQ(start_job(), Texts{"a1"}) << i;
  }
}

TEST_F(Core, never_holds_a_message_for_what_the_database_raised_outside_its_handler) {
  use({.retry = {.attempts_max = 1, .unavailable_max = 2}, .breaker = {.failures_max = 1000}});
  deliver("a", "a1");
  auto locked = away;
  locked.database_answers = true;
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(start_job(), Texts{"a1"});
    ASSERT_FALSE(out_.back().messages.front().to_hold);
    finish("a1", i % 2 == 0 ? locked : away);
    auto const fit = "b" + std::to_string(i);
    deliver("b", fit);
    now_ += 1ns;
    start_job();
    finish(fit);
    now_ = core().next_due();
  }
}

TEST_F(Core, counts_what_a_statement_raised_only_while_others_get_on) {
  use({.retry = {.attempts_max = 1, .unavailable_max = 2}, .breaker = {.failures_max = 1000}});
  deliver("a", "a1");
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(start_job(), Texts{"a1"});
    ASSERT_FALSE(out_.back().messages.front().to_hold) << i;
    finish("a1", by_statement);
    now_ = core().next_due();
  }
  for (int i = 0; i < 2; ++i) {
    deliver("b", std::to_string(i));
    ASSERT_EQ(start_all().size(), 2U);
    finish(std::to_string(i));
    finish("a1", by_statement);
    now_ = std::max(now_, core().next_due());
  }
  EXPECT_EQ(start_job(), Texts{"a1"});
  EXPECT_TRUE(out_.back().messages.front().to_hold);
}

TEST_F(Core, asks_for_a_lack_of_setup_every_two_seconds_and_counts_it_every_half_minute) {
  use({.retry = {.attempts_max = 1, .unavailable_max = 2, .pause_longest = 1h},
       .breaker = {.failures_max = 1000, .open_longest = 30s}});
  RunResult const lack{.status = RunStatus::unavailable,
                       .reason = "no such table",
                       .cause = Cause::setup,
                       .database_answers = true};
  deliver("a", "a1");
  auto const began = now_;
  for (int i = 0;; ++i) {
    auto const due = now_;
    ASSERT_EQ(start_job(), Texts{"a1"});
    if (out_.back().messages.front().to_hold) break;
    ASSERT_LE(now_, began + 65s);
    deliver("b", std::to_string(i));
    ASSERT_EQ(start_job(), Texts{std::to_string(i)});
    finish(std::to_string(i));
    finish("a1", lack);
    now_ = std::max(now_, core().next_due());
    ASSERT_LE(now_, due + 2s);
  }
  EXPECT_GE(now_, began + 60s);
}

TEST_F(Core, pauses_a_partition_with_too_much_to_do_and_resumes_it_when_half_is_done) {
  use({.partition_backlog_max = 4});
  for (int i = 0; i < 4; ++i) deliver(std::to_string(i), std::to_string(i));
  EXPECT_TRUE(core().take_flow_changes().empty());
  deliver("4", "4");
  deliver("5", "5");
  using Changes = std::vector<SubscriptionCore::FlowChange>;
  EXPECT_EQ(core().take_flow_changes(), (Changes{{orders, Flow::pause}}));
  for (int i = 0; i < 3; ++i) {
    start_job();
    finish(std::to_string(i));
  }
  EXPECT_TRUE(core().take_flow_changes().empty());
  start_job();
  finish("3");
  EXPECT_EQ(core().take_flow_changes(), (Changes{{orders, Flow::resume}}));
}

TEST_F(Core, goes_on_reading_a_partition_in_which_few_keys_have_much_to_do) {
  use({.partition_backlog_max = 100});
  for (int i = 0; i < 900; ++i) deliver("hot " + std::to_string(i % 3), std::to_string(i));
  EXPECT_TRUE(core().take_flow_changes().empty());
  deliver("cold", "cold");
  start_job();
  start_job();
  finish("0");
  finish("1");
  EXPECT_EQ(start_all(), (Texts{"2", "cold"}));
  EXPECT_TRUE(core().take_flow_changes().empty());
}

TEST_F(Core, bounds_what_few_keys_with_much_to_do_may_take_by_number_and_size) {
  use({.partition_backlog_max = 100});
  for (int i = 0; i < 1000; ++i) deliver("hot", std::to_string(i));
  EXPECT_TRUE(core().take_flow_changes().empty());
  deliver("hot", "one more");
  EXPECT_EQ(core().take_flow_changes().size(), 1U);
  use({.partition_backlog_max = 100});
  next_offset_ = 0;
  for (int i = 0; i < 100; ++i) deliver("hot", std::to_string(i), std::string(1 << 20, 'x'));
  EXPECT_TRUE(core().take_flow_changes().empty()) << "as many as always may";
  deliver("hot", "one more");
  EXPECT_EQ(core().take_flow_changes().size(), 1U);
}

TEST_F(Core, forgets_a_revoked_partition_and_what_becomes_of_its_messages) {
  core().assigned(other);
  deliver("a", "a1");
  deliver("a", "a2");
  core().delivered(other, at(7), {item("c", "c1")});
  EXPECT_EQ(start_all(), (Texts{"a1", "c1"}));
  core().revoked(orders);
  core().assigned(orders);
  finish("a1");
  EXPECT_TRUE(acknowledged().empty());
  next_offset_ = 0;
  deliver("a", "a1");
  EXPECT_EQ(start_all(), Texts{"a1"});
  finish("a1", RunStatus::duplicate);
  EXPECT_EQ(acknowledged(), std::vector<Position>{at(0)});
  EXPECT_EQ(core().partitions(), 2U);
  EXPECT_EQ(core().running(), 1U);
  EXPECT_EQ(core().waiting(), 0U);
}

TEST_F(Core, forgets_pausing_lanes_and_changes_of_flow_with_their_partition) {
  use({.partition_backlog_max = 1});
  deliver("a", "a1");
  deliver("b", "b1");
  start_job();
  finish("a1", RunStatus::failed);
  core().revoked(orders);
  EXPECT_TRUE(core().take_flow_changes().empty());
  EXPECT_EQ(core().next_due(), SteadyTime::max());
  now_ += 1h;
  EXPECT_EQ(start_all(), Texts{});
  EXPECT_EQ(core().waiting(), 0U);
}

TEST_F(Core, puts_messages_of_different_keys_into_one_transaction) {
  use({.messages_per_transaction = 3});
  deliver("a", "a1");
  deliver("a", "a2");
  deliver("b", "b1");
  deliver("c", "c1");
  deliver("d", "d1");
  EXPECT_EQ(start_job(), (Texts{"a1", "b1", "c1"}));
  EXPECT_EQ(start_job(), Texts{"d1"});
  finish("a1");
  EXPECT_EQ(acknowledged(), std::vector<Position>{at(0)});
}

TEST_F(Core, runs_messages_alone_when_their_transaction_failed_and_counts_no_attempt) {
  use({.messages_per_transaction = 3}, 4);
  for (auto const* const key : {"a", "b", "c"}) deliver(key, key);
  EXPECT_EQ(start_job(), (Texts{"a", "b", "c"}));
  finish("a", RunStatus::run_alone);
  deliver("d", "d");
  deliver("e", "e");
  EXPECT_EQ(start_job(), Texts{"a"});
  EXPECT_EQ(out_.back().messages.front().incoming.attempt, 1);
  EXPECT_EQ(start_job(), Texts{"b"});
  EXPECT_EQ(start_job(), Texts{"c"});
  EXPECT_EQ(start_job(), (Texts{"d", "e"}));
}

TEST_F(Core, never_puts_a_message_that_must_be_held_into_a_transaction_with_others) {
  use({.messages_per_transaction = 3});
  deliver("a", "a");
  auto const position = at(next_offset_++);
  auto bad = item("b", "b", position);
  bad.to_hold = true;
  core().delivered(orders, position, {bad});
  deliver("c", "c");
  EXPECT_EQ(start_job(), Texts{"a"});
  EXPECT_EQ(start_job(), Texts{"b"});
}

// --- every way that three messages on two keys can go

/// One world: it is built again from the beginning for each sequence of choices, so that all of
/// them are tried.
class Enumeration {
 public:
  Enumeration(std::vector<std::size_t> choices, SubscriptionOptions const& options,
              int troubles_max)
      : choices_{std::move(choices)}, troubles_max_{troubles_max}, core_{options, 3, random_} {
    core_.assigned(orders);
    deliver_all();
  }

  /// Plays until all is done; the numbers of options that there were at each choice.
  std::vector<std::size_t> play() {
    while (!over()) step();
    check_the_end();
    return options_;
  }

 private:
  static constexpr std::size_t messages = 3;
  static std::string key_of(std::size_t message) { return message == 1 ? "b" : "a"; }

  void deliver_all() {
    for (auto message = static_cast<std::size_t>(stored_); message < messages; ++message) {
      auto const position = at(static_cast<std::int64_t>(message));
      core_.delivered(orders, position, {item(key_of(message), std::to_string(message), position)});
    }
  }

  [[nodiscard]] bool over() const { return stored_ == messages && out_.empty(); }

  std::size_t choose(std::size_t options) {
    auto const place = options_.size();
    options_.push_back(options);
    return place < choices_.size() ? choices_[place] : 0;
  }

  void step() {
    now_ += 10s;
    core_.tick(now_);
    while (auto batch = core_.take_batch(now_)) start(*std::move(batch));
    ASSERT_FALSE(out_.empty()) << "nothing runs and not all is done";
    auto const ways = ways_on();
    auto const way = ways[choose(ways.size())];
    if (way.batch == out_.size()) return rebalance();
    finish(way);
  }

  struct Way {
    /// One past the last batch: the partition is lost instead.
    std::size_t batch;
    RunStatus outcome;
  };
  /// Few troubles and one rebalance in a game at most, so that all games can be played.
  [[nodiscard]] std::vector<Way> ways_on() const {
    std::vector<Way> ways;
    for (std::size_t batch = 0; batch < out_.size(); ++batch) {
      ways.push_back({batch, RunStatus::handled});
      if (troubles_ == troubles_max_ || out_[batch].messages.front().to_hold) continue;
      ways.push_back({batch, RunStatus::failed});
      ways.push_back({batch, RunStatus::unavailable});
    }
    if (!revoked_) ways.push_back({out_.size(), {}});
    return ways;
  }

  void start(Batch batch) {
    for (auto const& each : batch.messages) {
      auto const message = number_of(each.incoming.position);
      // Of what runs under this assignment; the inbox takes care of what is older.
      for (auto const& running : out_) {
        for (auto const& one : running.messages) {
          EXPECT_FALSE(one.assignment == each.assignment && one.incoming.key == each.incoming.key);
        }
      }
      for (std::size_t earlier = 0; earlier < message; ++earlier) {
        if (key_of(earlier) == key_of(message)) {
          EXPECT_TRUE(done_.contains(earlier)) << message << " overtook " << earlier;
        }
      }
    }
    out_.push_back(std::move(batch));
  }

  void finish(Way way) {
    auto batch = std::move(out_[way.batch]);
    out_.erase(out_.begin() + static_cast<std::ptrdiff_t>(way.batch));
    bool const is_batch = batch.messages.size() > 1;
    if (way.outcome != RunStatus::handled) ++troubles_;
    RunResults results;
    for (auto const& each : batch.messages) {
      results.push_back({.status = each.to_hold ? RunStatus::held
                                   : is_batch && way.outcome == RunStatus::failed
                                       ? RunStatus::run_alone
                                       : way.outcome,
                         .cause = Cause::handler,
                         .database_answers = true});
      if (way.outcome == RunStatus::handled) { done_.insert(number_of(each.incoming.position)); }
    }
    core_.finished(std::move(batch), results, now_);
    acknowledge();
  }

  void acknowledge() {
    for (auto const& [partition, last] : core_.take_acknowledgements()) {
      auto const done = number_of(last) + 1;
      EXPECT_GT(done, stored_) << "an acknowledgement stepped back";
      for (std::size_t message = 0; message < done; ++message) {
        EXPECT_TRUE(done_.contains(message)) << "acknowledged before it was done: " << message;
      }
      stored_ = done;
    }
  }

  /// The partition goes and comes back: what was not acknowledged comes again.
  void rebalance() {
    revoked_ = true;
    core_.revoked(orders);
    core_.assigned(orders);
    deliver_all();
  }

  void check_the_end() {
    EXPECT_EQ(done_.size(), messages);
    EXPECT_EQ(core_.waiting(), 0U);
    EXPECT_EQ(core_.running(), 0U);
    EXPECT_EQ(core_.next_due(), SteadyTime::max());
  }

  std::vector<std::size_t> choices_;
  int troubles_max_;
  std::vector<std::size_t> options_;
  SeededRandom random_{1};
  SubscriptionCore core_;
  SteadyTime now_{beginning};
  std::vector<Batch> out_;
  std::set<std::size_t> done_;
  int troubles_{};
  std::size_t stored_{};
  bool revoked_{};
};

/// The choices that come next in the order of all; empty behind the last.
std::vector<std::size_t> next_choices(std::vector<std::size_t> choices,
                                      std::vector<std::size_t> const& options) {
  choices.resize(options.size());
  while (!choices.empty() && ++choices.back() >= options[choices.size() - 1]) choices.pop_back();
  return choices;
}

std::size_t play_all(SubscriptionOptions const& options, int troubles_max) {
  std::size_t games = 0;
  std::vector<std::size_t> choices;
  do {
    Enumeration game{choices, options, troubles_max};
    choices = next_choices(choices, game.play());
    ++games;
  } while (!choices.empty() && !::testing::Test::HasFailure());
  return games;
}

TEST(SubscriptionCore, keeps_order_and_loses_nothing_however_three_messages_end) {
  EXPECT_GT(play_all({}, 2), 1000U);
}

TEST(SubscriptionCore, keeps_order_and_loses_nothing_when_the_first_failure_holds_a_message) {
  EXPECT_GT(play_all({.retry = {.attempts_max = 1}}, 1), 1000U);
}

TEST(SubscriptionCore, keeps_order_and_loses_nothing_when_the_breaker_opens_at_once) {
  EXPECT_GT(play_all({.breaker = {.failures_max = 1}}, 1), 100U);
}

TEST(SubscriptionCore, keeps_order_and_loses_nothing_with_several_messages_per_transaction) {
  EXPECT_GT(play_all({.messages_per_transaction = 2}, 2), 100U);
}

}  // namespace
}  // namespace tram
