#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tram/base/clock.hpp"

namespace tram::simulation {

/// What happened in one run: all of it in a hash, the last faults and actions in words.
class Trace {
 public:
  /// `loud`: prints every event as it happens.
  Trace(Clock const& clock, bool loud) : clock_{clock}, loud_{loud} {}

  /// A call that went through a seam. Only hashed, since there are thousands.
  void call(std::string_view who, std::string_view what);
  /// A fault or an action of the world.
  void event(std::string_view who, std::string_view what, std::int64_t number = 0);

  /// A log line of a part under test.
  void log(std::string_view who, std::string_view line);

  /// How often each log event was seen: `subscription.held`, …
  [[nodiscard]] std::map<std::string, std::size_t> const& logged() const { return logged_; }
  /// Equal for equal runs.
  [[nodiscard]] std::uint64_t hash() const { return hash_; }
  /// The last 50 events, oldest first.
  [[nodiscard]] std::vector<std::string> last() const;

 private:
  struct Event {
    Duration at{};
    std::string who;
    std::string what;
    std::int64_t number{};
  };
  void mix(std::string_view text);
  [[nodiscard]] Duration now() const { return clock_.steady().time_since_epoch(); }

  Clock const& clock_;
  bool loud_;
  std::uint64_t hash_{0xcbf29ce484222325U};
  std::array<Event, 50> events_;
  std::size_t count_{};
  std::map<std::string, std::size_t> logged_;
};

}  // namespace tram::simulation
