#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#pragma GCC visibility push(default)

namespace tram {

/// Why a message or a row is held.
enum class HeldCause : std::uint8_t {
  /// It failed, or was refused, by itself.
  own_failure,
  /// An earlier one of its key is held.
  key_held,
  /// Of a relay's rows: the broker took nothing for its channel, which is missing or forbidden. The
  /// relay tries it again by itself.
  channel_closed,
};

/// As column `cause` has it: `own_failure`, `key_held`, `channel_closed`.
std::string_view to_string(HeldCause cause);
/// Another text counts as `own_failure`, which waits for an operator.
HeldCause held_cause(std::string_view text);

/// The tables whose rows have a cause.
enum class HeldTable : std::uint8_t {
  /// `tram_held_message`, of subscriptions.
  messages,
  /// `tram_relay_held`, of relays.
  relay_rows,
};

/// The reason that release 0.1 wrote in place of the cause `key_held`.
std::string_view reason_of_0_1(HeldTable table);
/// SQL expression: the cause of a row that release 0.1 wrote, by its reason.
std::string cause_of_0_1(HeldTable table);

}  // namespace tram

#pragma GCC visibility pop
