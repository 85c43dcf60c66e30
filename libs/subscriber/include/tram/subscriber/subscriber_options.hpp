#pragma once

#include <string>
#include <string_view>

#include "tram/base/time.hpp"
#include "tram/messaging/channel_mapping.hpp"
#include "tram/messaging/interceptor.hpp"
#include "tram/sql/dialect.hpp"

#pragma GCC visibility push(default)

namespace tram {

struct SubscriberOptions {
  /// The service that subscribes; a `Service` gives its name. Where another service uses the same
  /// subscriber id, both say so.
  std::string service{};
  SchemaName schema{};
  NameMapping channel_mapping{};
  /// Subscriber id → consumer group; the inbox keeps the unmapped id.
  NameMapping group_mapping{};
  Interceptors interceptors{};
  /// Creates channels that are missing at the broker, with a log line each. Off: a subscription
  /// waits for them, and the service is not ready and says why.
  bool create_channels{true};
  /// How often it checks for requested replays.
  Duration held_check_interval{std::chrono::seconds{2}};
  /// How long inbox rows are kept: at least as long as the broker keeps records.
  std::chrono::milliseconds inbox_age{std::chrono::hours{24 * 14}};
  Duration inbox_check_interval{std::chrono::seconds{30}};
  /// Pauses after errors of the broker: the first one, doubling up to the longest.
  Duration back_off_first{std::chrono::milliseconds{50}};
  Duration back_off_longest{std::chrono::seconds{5}};
  /// At a stop, time limit for running handlers.
  Duration drain_timeout{std::chrono::seconds{10}};
  /// Then time limit for all subscriptions together to store positions and leave their groups.
  Duration close_timeout{std::chrono::seconds{5}};
};

/// Refuses options that make no sense: a time below zero or above ten years, a pause below a
/// millisecond, a null interceptor. `owner` is named in the error. Throws: rejected.
void require_usable(SubscriberOptions const& options, std::string_view owner);

}  // namespace tram

#pragma GCC visibility pop
