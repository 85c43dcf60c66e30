#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "commands.hpp"

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
  std::optional<std::string> headers;
  std::optional<std::string> payload;
};

/// Both kinds unless the choice names an owner; of each the oldest first, `max` at most.
std::vector<HeldItem> held_items(Workplace const& place, HeldChoice const& choice, std::size_t max);
/// All that `held_items` would give.
std::size_t held_count(Workplace const& place, HeldChoice const& choice);

/// Keys of subscriptions and rows of relays that are to be tried again; how many.
std::size_t request_retry(Workplace const& place, HeldChoice const& choice);

/// Gives the message up; false when it was gone already.
bool drop(Workplace const& place, HeldItem const& item);

}  // namespace tram::operator_program
