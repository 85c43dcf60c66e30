#include <gtest/gtest.h>
#include <unistd.h>

#include <map>
#include <random>
#include <set>

#include "broker_file.hpp"
#include "piped_process.hpp"
#include "tram/base/clock.hpp"
#include "tram/broker/position_numbers.hpp"

namespace tram::embedded {
namespace {

using tram::testing::BrokerFile;
using tram::testing::PipedProcess;
using tram::testing::take_all;

class Crash : public ::testing::Test {
 protected:
  [[nodiscard]] std::vector<std::string> producing(std::uint64_t first) const {
    return {TRAM_TEST_PRODUCING_PROCESS, file_.path(), std::to_string(first)};
  }
  std::unique_ptr<Broker> open() { return connect({.path = file_.path()}, clock_); }
  std::unique_ptr<Consumer> member(Broker& broker) {
    return broker.subscribe({.group = "billing"}, std::array{std::string{"orders"}});
  }

  BrokerFile file_;
  SystemClock clock_;
};

/// What must hold of everything that was ever delivered, in the order of delivery.
class Judge {
 public:
  void completed(std::uint64_t number) { completed_.insert(number); }
  void delivered(std::vector<Delivery> const& deliveries) {
    for (auto const& delivery : deliveries) {
      auto const number = std::stoull(delivery.value);
      auto const offset = numbers_of(delivery.position).first;
      auto [next, is_new] = next_.try_emplace(delivery.source, 0);
      EXPECT_EQ(offset, next->second) << "a gap, or a second time";
      next->second = offset + 1;
      // Batches are all or nothing, so nothing is ever sent twice here.
      EXPECT_LT(last_[delivery.key], number) << "out of order: " << delivery.key;
      last_[delivery.key] = number;
      delivered_.insert(number);
    }
  }
  void expect_complete() const {
    for (auto const number : completed_) EXPECT_TRUE(delivered_.contains(number)) << number;
  }
  [[nodiscard]] std::uint64_t after_last() const {
    return delivered_.empty() ? 1 : *delivered_.rbegin() + 1;
  }

 private:
  std::set<std::uint64_t> completed_;
  std::set<std::uint64_t> delivered_;
  std::map<TopicPartition, std::int64_t> next_;
  std::map<std::string, std::uint64_t> last_;
};

TEST_F(Crash, keeps_every_completed_record_of_a_producer_that_is_killed_many_times) {
  std::random_device device;
  auto const seed = device();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random{seed};
  Judge judge;
  for (int round = 0; round < 30; ++round) {
    {
      PipedProcess process{producing(judge.after_last())};
      // Killed while it goes on with what comes after some completion.
      for (auto left = random() % 100; left > 0; --left) {
        auto const line = process.line();
        ASSERT_TRUE(line);
        judge.completed(std::stoull(*line));
      }
      process.kill();
      while (auto const line = process.line()) judge.completed(std::stoull(*line));
    }
    auto const broker = open();
    auto const consumer = member(*broker);
    auto const deliveries = take_all(*consumer);
    judge.delivered(deliveries);
    for (auto const& delivery : deliveries) {
      consumer->acknowledge(delivery.source, delivery.position);
    }
    judge.expect_complete();
    consumer->close(std::chrono::seconds{1});
  }
}

TEST_F(Crash, keeps_the_positions_of_a_consumer_that_is_killed) {
  std::uint64_t handled = 0;
  for (int round = 0; round < 5; ++round) {
    auto command = producing(handled + 1);
    command.emplace_back("and handling");
    PipedProcess process{command};
    for (int i = 0; i < 50; ++i) handled = std::stoull(process.line().value_or("0"));
    process.kill();
    while (auto const line = process.line()) handled = std::stoull(*line);
    auto const broker = open();
    auto const consumer =
        broker->subscribe({.group = "handling"}, std::array{std::string{"orders"}});
    for (auto const& delivery : take_all(*consumer)) {
      auto const number = std::stoull(delivery.value);
      EXPECT_GT(number, handled);
      consumer->acknowledge(delivery.source, delivery.position);
    }
    consumer->close(std::chrono::seconds{1});
    handled += 1'000;
  }
}

TEST_F(Crash, refuses_a_second_process_until_the_first_is_killed) {
  PipedProcess first{producing(1)};
  ASSERT_TRUE(first.line());
  PipedProcess second{producing(1)};
  auto const answer = second.line().value_or("");
  EXPECT_EQ(second.wait(), 3);
  EXPECT_TRUE(
      answer.starts_with("transient: embedded: cannot open '" + file_.path() + "': process "))
      << answer;
  EXPECT_TRUE(answer.ends_with("stop that one, or give each its own file")) << answer;
  first.kill();
  EXPECT_NO_THROW(open());
}

}  // namespace
}  // namespace tram::embedded
