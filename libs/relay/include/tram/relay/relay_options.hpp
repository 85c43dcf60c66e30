#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tram/base/time.hpp"
#include "tram/wire/id_numbers.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Which rows are still published when a stop is requested.
enum class RelayDrain : std::uint8_t {
  /// Rows already handed to the broker.
  in_flight,
  /// Rows committed by then, unless something fails: for a relay inside the service that sends
  /// them.
  committed,
};

struct RelayOptions {
  /// Names the relay in log lines and status.
  std::string name{"relay"};
  /// Rows in flight at most, and about how many bytes of them; a single row may be larger.
  std::size_t window{2000};
  std::size_t window_bytes{std::size_t{16} << 20U};
  /// Rows per read at most.
  std::size_t read_rows_max{1000};
  /// After a read that returned rows the next one waits this long: fewer and larger reads for
  /// sources behind a network. Zero: off.
  Duration read_pause{};
  /// A row that cannot be published holds back the later ones of its destination and key. Off: only
  /// itself.
  bool hold_key{true};
  /// Channels are created when the first row for them comes.
  bool create_channels{true};
  /// For rows whose ids the database makes, with the number of the outbox table, 0 for the plain
  /// one.
  std::optional<OutboxId> outbox_id{};
  std::uint32_t outbox_table{};
  /// Pauses after errors: the first one, doubling up to the longest, with jitter. Errors that need
  /// an operator wait the longest pause at once.
  Duration back_off_first{std::chrono::milliseconds{50}};
  Duration back_off_longest{std::chrono::seconds{5}};
  /// How often held rows are checked for requested retries, while there are any.
  Duration held_check_interval{std::chrono::seconds{2}};
  /// How often old rows are removed, with a retention.
  Duration retention_interval{std::chrono::seconds{30}};
  /// Not ready after this long without progress while work is pending.
  Duration stall_after{std::chrono::seconds{10}};
  RelayDrain drain{RelayDrain::in_flight};
  /// Time limit for `drain`.
  Duration drain_timeout{std::chrono::seconds{5}};
};

/// Refuses options that make no sense: a time below zero or above ten years, a pause below a
/// millisecond, no rows or bytes at all. `owner` is named in the error. Throws: rejected.
void require_usable(RelayOptions const& options, std::string_view owner);

}  // namespace tram

#pragma GCC visibility pop
