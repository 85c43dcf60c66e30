#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "commands.hpp"
#include "stop_notice.hpp"

namespace tram::operator_program {

/// A message that a subscription or a relay holds, as it is shown.
struct HeldItem {
  /// `subscription` or `relay`.
  std::string held_by;
  /// The subscriber's id, or the relay's name.
  std::string owner;
  std::string channel;
  std::string key;
  std::string message_id;
  std::int64_t held_at{};
  /// Runs of the handler; relays do not count.
  std::optional<int> attempts;
  bool retry_requested{};
  std::string reason;
  /// `own_failure` or `key_held`.
  std::string cause;
  std::optional<std::string> headers;
  std::optional<std::string> payload;
};

/// Both kinds unless the choice names an owner; of each the oldest first, `max` at most.
std::vector<HeldItem> held_items(CommandContext const& place, HeldChoice const& choice,
                                 std::size_t max);
/// All that `held_items` would give.
std::size_t held_count(CommandContext const& place, HeldChoice const& choice);

/// For a StopNotice.
inline constexpr auto nothing_asked{"before anything was asked for; run it again"};
inline constexpr auto nothing_dropped{"before anything was dropped; run it again"};

/// Keys of subscriptions and rows of relays that are to be tried again; how many. `notice` says how
/// far that got.
std::size_t request_retry(CommandContext const& place, HeldChoice const& choice,
                          StopNotice& notice);

/// Gives the message up; false when it was gone already. `notice` as above.
bool drop(CommandContext const& place, HeldItem const& item, StopNotice& notice);

}  // namespace tram::operator_program
