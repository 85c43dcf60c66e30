#pragma once

#include <cstdint>
#include <string_view>

#include "tram/base/random.hpp"
#include "tram/base/time.hpp"

namespace tram::simulation {

/// What the log of a database does not show for a while, as one whose publication lost some of its
/// tables. It is the database's, and outlives every relay.
///
/// The outbox is taken for one in several tables, with each channel in one of them.
class Silence {
 public:
  [[nodiscard]] bool holds(SteadyTime now) const { return now < ends_at_; }
  [[nodiscard]] bool hides(std::string_view channel, SteadyTime now) const {
    return holds(now) && (tables_ & (1U << table_of(channel))) != 0;
  }

  void begin(SteadyTime now, Random& random) {
    ends_at_ = now + std::chrono::milliseconds{1 + random.below(longest_milliseconds)};
    bool const all = random.below(2) == 0;
    tables_ = all ? ~0U : static_cast<std::uint32_t>(1 + random.below((1U << tables) - 2));
  }
  void end() { ends_at_ = {}; }

 private:
  static constexpr std::uint64_t longest_milliseconds{20'000};
  static constexpr std::uint32_t tables{3};
  static std::uint32_t table_of(std::string_view channel) {
    std::uint32_t sum{};
    for (char const each : channel) sum += static_cast<unsigned char>(each);
    return sum % tables;
  }

  SteadyTime ends_at_{};
  std::uint32_t tables_{};
};

}  // namespace tram::simulation
