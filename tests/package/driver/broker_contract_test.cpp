#include <chrono>
#include <tram/base/clock.hpp>
#include <tram/connect/broker.hpp>
#include <tram/testkit/broker_contract.hpp>

#include "counting.hpp"

namespace tram::testkit {
namespace {

/// Opened by its URL, from a program's own list of drivers.
class CountingHarness {
 public:
  static constexpr Duration patience{std::chrono::seconds{20}};
  static constexpr Duration stored_within{0};
  static constexpr std::size_t refused_bytes{5'000};
  static constexpr std::size_t window_max{64};

  Broker& broker() { return *broker_; }
  Clock& clock() { return clock_; }

 private:
  SystemClock clock_;
  std::unique_ptr<Broker> broker_{
      connect::broker("counting:", {counting::broker_kit}, {.clock = clock_, .logger = {}})};
};

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(Counting, ProducerContract, CountingHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Counting, ChannelContract, CountingHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Counting, ConsumerContract, CountingHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Counting, ConsumerGroupContract, CountingHarness);

TEST(CountingBroker, counts_the_records_that_it_takes) {
  CountingHarness harness;
  auto const before = counting::records.load();
  auto const producer = harness.broker().producer();
  EXPECT_TRUE(producer->submit({.channel = "orders", .key = "7", .value = "v"}, tram::Sequence{1}));
  EXPECT_EQ(counting::records, before + 1);
}

}  // namespace tram::testkit
