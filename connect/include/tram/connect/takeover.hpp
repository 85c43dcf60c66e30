#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tram/base/time.hpp"
#include "tram/connect/outbox.hpp"

namespace tram::connect {

/// What to do about an outbox that the Java relay follows, see `tram/postgres/takeover.hpp`.
enum class TakeoverAction : std::uint8_t { prepare, look, run, finish };

struct TakeoverOutcome {
  /// The step reached: `waiting for the old relay`.
  std::string step;
  /// What to do now, a sentence.
  std::string next;
};

/// Waits for the server. Throws: the errors of the driver; rejected for databases whose relay keeps
/// no position in the server.
TakeoverOutcome takeover(TakeoverAction action, std::string_view url, OutboxOptions const& options,
                         std::string const& old_slot, std::size_t rows_again, Clock& clock);

}  // namespace tram::connect
