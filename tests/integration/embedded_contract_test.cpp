#include <chrono>

#include "tram/embedded/in_memory.hpp"
#include "tram/testkit/broker_contract.hpp"

namespace tram::testkit {
namespace {

class InMemoryHarness {
 public:
  static constexpr Duration patience{std::chrono::seconds{20}};
  static constexpr Duration stored_within{0};
  static constexpr std::size_t refused_bytes{5'000};
  static constexpr std::size_t window_max{64};
  static constexpr bool refuses_missing_channels{true};
  static constexpr bool keys_as_kafka{true};

  Broker& broker() { return *broker_; }
  Clock& clock() { return clock_; }

 private:
  SystemClock clock_;
  std::unique_ptr<Broker> broker_{
      embedded::in_memory_broker({.record_bytes_max = 4'000, .window = window_max}, clock_)};
};

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(InMemory, BrokerContract, InMemoryHarness);

}  // namespace tram::testkit
