#include "tram/embedded/in_memory.hpp"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/broker/position_numbers.hpp"

namespace tram::embedded {
namespace {

/// What the polls of one consumer gave, as words that are easy to compare.
std::vector<std::string> words(std::vector<ConsumerEvent> const& events) {
  std::vector<std::string> words;
  for (auto const& event : events) {
    if (auto const* delivery = std::get_if<Delivery>(&event)) {
      words.push_back(delivery->value);
    } else {
      words.emplace_back(std::holds_alternative<Assigned>(event) ? "assigned" : "revoked");
    }
  }
  return words;
}

class InMemory : public ::testing::Test {
 protected:
  void SetUp() override {
    broker_.create_channels(std::array{std::string{"orders"}}, 1, Deadline::now());
  }
  std::unique_ptr<Consumer> member(std::string const& group = "billing") {
    return broker_.subscribe({.group = group}, std::array{std::string{"orders"}});
  }
  void send(std::string const& value) {
    ASSERT_TRUE(producer_->submit({.channel = "orders", .key = "k", .value = value}, ++sequence_));
    for (auto const& completion : producer_->completions()) EXPECT_FALSE(completion.error);
  }

  ManualClock clock_;
  InMemoryBroker broker_{{.partitions = 1, .records_max = 3}, clock_};
  std::unique_ptr<Producer> producer_ = broker_.producer();
  Sequence sequence_{};
};

using Words = std::vector<std::string>;

TEST_F(InMemory, revokes_and_assigns_again_when_told_to_rebalance) {
  auto const consumer = member();
  send("a");
  EXPECT_EQ(words(consumer->poll()), (Words{"assigned", "a"}));
  consumer->acknowledge({"orders", 0}, position_of({0}));
  send("b");
  broker_.rebalance("billing");
  EXPECT_EQ(words(consumer->poll()), Words{"revoked"});
  EXPECT_EQ(words(consumer->poll()), Words{});
  EXPECT_EQ(words(consumer->poll()), (Words{"assigned", "b"}));
}

TEST_F(InMemory, delivers_again_from_the_stored_position_when_members_expire) {
  auto const consumer = member();
  send("a");
  send("b");
  consumer->poll();
  consumer->acknowledge({"orders", 0}, position_of({0}));
  consumer->poll();
  consumer->acknowledge({"orders", 0}, position_of({1}));
  broker_.expire_members("billing");
  // The acknowledgement since the last poll is lost.
  EXPECT_EQ(words(consumer->poll()), Words{"revoked"});
  EXPECT_EQ(words(consumer->poll()), (Words{"assigned", "b"}));
}

TEST_F(InMemory, gives_the_partitions_of_a_silent_member_to_another_one) {
  auto const silent = member();
  silent->poll();
  auto const lively = member();
  clock_.advance(std::chrono::seconds{9});
  EXPECT_EQ(words(lively->poll()), Words{});
  clock_.advance(std::chrono::seconds{2});
  EXPECT_EQ(words(lively->poll()), Words{"assigned"});
  EXPECT_EQ(words(silent->poll()), Words{"revoked"});
}

TEST_F(InMemory, ignores_what_a_member_stores_after_it_was_put_out) {
  auto const silent = member();
  send("a");
  silent->poll();
  auto const lively = member();
  clock_.advance(std::chrono::seconds{11});
  EXPECT_EQ(words(lively->poll()), (Words{"assigned", "a"}));
  silent->acknowledge({"orders", 0}, position_of({0}));
  silent->close(Duration::zero());
  broker_.expire_members("billing");
  EXPECT_EQ(words(lively->poll()), Words{"revoked"});
  EXPECT_EQ(words(lively->poll()), (Words{"assigned", "a"}));
}

TEST_F(InMemory, hides_delayed_records_until_their_time_and_keeps_their_order) {
  auto const consumer = member();
  broker_.delay(std::chrono::seconds{5});
  send("a");
  broker_.delay(Duration::zero());
  send("b");
  EXPECT_EQ(words(consumer->poll()), Words{"assigned"});
  clock_.advance(std::chrono::seconds{5});
  EXPECT_EQ(words(consumer->poll()), (Words{"a", "b"}));
}

TEST_F(InMemory, forgets_the_oldest_records_beyond_its_limit) {
  for (auto const* value : {"a", "b", "c", "d", "e"}) send(value);
  EXPECT_EQ(words(member()->poll()), (Words{"assigned", "c", "d", "e"}));
}

TEST_F(InMemory, loses_what_a_broken_producer_was_given_and_keeps_what_had_landed) {
  ASSERT_TRUE(producer_->submit({.channel = "orders", .key = "k", .value = "landed"}, Sequence{1}));
  broker_.break_producers();
  ASSERT_TRUE(producer_->submit({.channel = "orders", .key = "k", .value = "lost"}, Sequence{2}));
  auto const completions = producer_->completions();
  ASSERT_EQ(completions.size(), 1U);
  EXPECT_EQ(completions.front().sequence, Sequence{1});
  ASSERT_TRUE(completions.front().error);
  EXPECT_EQ(completions.front().error->fault(), Fault::transient);
  try {
    static_cast<void>(
        producer_->submit({.channel = "orders", .key = "k", .value = "x"}, Sequence{3}));
    FAIL() << "a finished producer took a record";
  } catch (Error const& error) { EXPECT_EQ(error.fault(), Fault::broken); }
  producer_ = broker_.producer();
  send("again");
  EXPECT_EQ(words(member()->poll()), (Words{"assigned", "landed", "again"}));
}

TEST_F(InMemory, lets_consumers_and_producers_outlive_it) {
  auto broker = in_memory_broker({}, clock_);
  auto const consumer = broker->subscribe({.group = "g"}, std::array{std::string{"letters"}});
  auto const producer = broker->producer();
  broker.reset();
  ASSERT_TRUE(producer->submit({.channel = "letters", .key = "k", .value = "late"}, Sequence{1}));
  EXPECT_EQ(words(consumer->poll()).back(), "late");
}

TEST_F(InMemory, does_the_same_in_every_run) {
  auto const run = [this] {
    InMemoryBroker broker{{}, clock_};
    Words seen;
    auto const one = broker.subscribe({.group = "g"}, std::array{std::string{"c"}});
    auto const two = broker.subscribe({.group = "g"}, std::array{std::string{"c"}});
    auto const producer = broker.producer();
    for (std::uint64_t i = 1; i <= 50; ++i) {
      auto const text = std::to_string(i);
      static_cast<void>(
          producer->submit({.channel = "c", .key = text, .value = text}, Sequence{i}));
      if (i % 7 == 0) broker.rebalance("g");
      for (auto const& word : words((i % 2 == 0 ? one : two)->poll())) seen.push_back(word);
    }
    return seen;
  };
  EXPECT_EQ(run(), run());
}

TEST_F(InMemory, refuses_a_configuration_that_cannot_work) {
  EXPECT_THROW(in_memory_broker({.partitions = 0}, clock_), Error);
  EXPECT_THROW(in_memory_broker({.window = 0}, clock_), Error);
}

}  // namespace
}  // namespace tram::embedded
