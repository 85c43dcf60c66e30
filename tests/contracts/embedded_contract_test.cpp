#include <chrono>
#include <filesystem>

#include "tram/base/clock.hpp"
#include "tram/embedded/embedded.hpp"
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

  Broker& broker() { return *broker_; }
  Clock& clock() { return clock_; }

 private:
  SystemClock clock_;
  std::unique_ptr<Broker> broker_{
      embedded::in_memory_broker({.record_bytes_max = 4'000, .window = window_max}, clock_)};
};

class EmbeddedHarness {
 public:
  static constexpr Duration patience{std::chrono::seconds{20}};
  static constexpr Duration stored_within{std::chrono::milliseconds{100}};
  static constexpr std::size_t refused_bytes{5'000};
  static constexpr std::size_t window_max{64};

  EmbeddedHarness() = default;
  ~EmbeddedHarness() {
    broker_.reset();
    std::filesystem::remove_all(folder_);
  }
  EmbeddedHarness(EmbeddedHarness const&) = delete;
  EmbeddedHarness& operator=(EmbeddedHarness const&) = delete;

  Broker& broker() { return *broker_; }
  Clock& clock() { return clock_; }

 private:
  static std::filesystem::path new_folder() {
    auto name = (std::filesystem::temp_directory_path() / "tram-embedded-XXXXXX").string();
    return ::mkdtemp(name.data());
  }

  SystemClock clock_;
  std::filesystem::path folder_{new_folder()};
  std::unique_ptr<Broker> broker_{embedded::connect({.path = (folder_ / "broker.db").string(),
                                                     .record_bytes_max = 4'000,
                                                     .window = window_max,
                                                     .store_interval = stored_within / 2},
                                                    clock_)};
};

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(InMemory, ProducerContract, InMemoryHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(InMemory, ChannelContract, InMemoryHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(InMemory, ConsumerContract, InMemoryHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(InMemory, ConsumerGroupContract, InMemoryHarness);

INSTANTIATE_TYPED_TEST_SUITE_P(Embedded, ProducerContract, EmbeddedHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Embedded, ChannelContract, EmbeddedHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Embedded, ConsumerContract, EmbeddedHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Embedded, ConsumerGroupContract, EmbeddedHarness);

}  // namespace tram::testkit
