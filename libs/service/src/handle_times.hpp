#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tram/base/clock.hpp"

namespace tram {

/// How long the runs of one subscription's handler took. Callable from any thread; never waits.
class HandleTimes final {
 public:
  struct Bound {
    std::string_view seconds;
    Duration duration;
  };
  static constexpr std::array<Bound, 12> bounds{{{"0.001", std::chrono::milliseconds{1}},
                                                 {"0.0025", std::chrono::microseconds{2500}},
                                                 {"0.005", std::chrono::milliseconds{5}},
                                                 {"0.01", std::chrono::milliseconds{10}},
                                                 {"0.025", std::chrono::milliseconds{25}},
                                                 {"0.05", std::chrono::milliseconds{50}},
                                                 {"0.1", std::chrono::milliseconds{100}},
                                                 {"0.25", std::chrono::milliseconds{250}},
                                                 {"0.5", std::chrono::milliseconds{500}},
                                                 {"1", std::chrono::seconds{1}},
                                                 {"5", std::chrono::seconds{5}},
                                                 {"30", std::chrono::seconds{30}}}};

  struct Counts {
    /// Runs that took at most as long as the bound and longer than the one before; the last is for
    /// those longer than all.
    std::array<std::uint64_t, bounds.size() + 1> runs{};
    Duration sum{};
  };

  void add(Duration duration);
  [[nodiscard]] Counts counts() const;

 private:
  std::array<std::atomic<std::uint64_t>, bounds.size() + 1> runs_{};
  std::atomic<std::int64_t> nanoseconds_{};
};

}  // namespace tram
