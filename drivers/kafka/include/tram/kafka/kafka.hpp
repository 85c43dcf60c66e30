#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "tram/base/detail/chrono.hpp"
#include "tram/base/detail/memory.hpp"
#include "tram/base/log.hpp"
#include "tram/base/time.hpp"
#include "tram/broker/broker.hpp"

#pragma GCC visibility push(default)

namespace tram::kafka {

/// How to reach a Kafka cluster.
struct Config {
  /// `host:port`, several separated by commas.
  std::string servers{};
  /// Shown in the brokers' logs and metrics.
  std::string client_id{"tram"};
  /// A member that is silent for this long loses its partitions to the others.
  std::chrono::milliseconds session_timeout{45'000};
  /// After this long without an answer the request is repeated, possibly at another broker.
  std::chrono::milliseconds request_timeout{30'000};
  /// A record is rejected when the brokers have said for this long that its channel does not
  /// exist.
  std::chrono::milliseconds missing_channel_timeout{10'000};
  /// Larger values are refused before they are sent. Must be below the brokers' `message.max.bytes`
  /// (1048588 unless changed), with some room for the key.
  std::size_t record_bytes_max{1'000'000};
  /// Records, and about the bytes, that one producer takes before they are completed.
  std::size_t window{10'000};
  std::size_t window_bytes{64UL * 1024 * 1024};
  /// Messages that go to one partition share a record, as the Java relay writes them when it is
  /// told to batch. Tram reads such records; Java consumers from April 2021 on do not, and their
  /// subscription ends at the first one. `multi_message_bytes_max` bounds such a record; one
  /// message alone may be larger.
  bool multi_messages{};
  std::size_t multi_message_bytes_max{1'000'000};
  /// Maximum time that such a record waits for further messages of its partition. The Java relay's
  /// pauses of half a second have the same effect.
  Duration multi_message_linger{std::chrono::milliseconds{250}};
  /// Any other property of librdkafka, by its name: TLS, SASL, compression, …
  /// https://github.com/confluentinc/librdkafka/blob/v2.0.2/CONFIGURATION.md Overrides what this
  /// driver would choose, except for the few properties that its promises depend on: those are
  /// refused.
  std::map<std::string, std::string> properties{};
};

/// Whether `Config::properties` may have one of this name. Asks librdkafka, and no cluster.
bool is_property(std::string const& name);

/// A Kafka cluster as a broker. Asks the cluster nothing yet. Throws: rejected, naming the property
/// that is wrong. `clock` must outlive the broker and its consumers; `logger` gets the client
/// library's own lines, from its threads; a client that does not end in time may log later than its
/// producer or consumer lived.
std::unique_ptr<Broker> connect(Config const& config, Clock& clock, Logger const& logger = {});

}  // namespace tram::kafka

#pragma GCC visibility pop
