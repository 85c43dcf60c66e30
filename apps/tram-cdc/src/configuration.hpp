#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "setting.hpp"
#include "tram/base/log.hpp"
#include "tram/broker/broker_kit.hpp"
#include "tram/relay/outbox_source.hpp"
#include "tram/relay/relay.hpp"
#include "tram/sql/dialect.hpp"

namespace tram::relay_program {

/// What the program is to do, checked.
struct Configuration {
  std::string database_url;
  std::string broker_url;
  BrokerProperties broker_properties;
  OutboxSourceOptions outbox;
  bool install_schema{true};
  RelayOptions relay;
  /// Nothing: old rows stay.
  std::optional<std::chrono::milliseconds> retention_age{std::chrono::hours{48}};
  /// Nothing: no heartbeats.
  std::optional<Duration> heartbeat_interval;
  /// Nothing: the outbox's.
  std::optional<SchemaName> heartbeat_schema;
  std::string http_address{"0.0.0.0"};
  /// Nothing: no HTTP.
  std::optional<std::uint16_t> http_port{8080};
  LogLevel log_level{LogLevel::info};
  TakeoverOptions takeover;
};

/// One thing that can be set, for help texts and documents.
struct KeyDescription {
  std::string key;
  /// Empty when it has none.
  std::string flag;
  /// What stands for its value: `URL`.
  std::string value_name;
  std::string text;
  /// The values it takes, where they are few.
  std::vector<std::string> values{};
};

/// All of them but `broker.properties.NAME`, of which there are as many as the client library has.
std::vector<KeyDescription> const& key_descriptions();
std::vector<std::string> const& known_keys();

/// Whether what stands behind the key may be one: `broker.properties.` and a name.
bool is_broker_property(std::string const& key);

/// What is needed of the settings.
enum class Purpose : std::uint8_t {
  /// Everything.
  relay,
  /// The database alone.
  takeover,
};

/// Faults: rejected; the text has one line per thing that is wrong, each with its place and what to
/// do.
Configuration configure(Settings const& settings, Purpose purpose);

}  // namespace tram::relay_program
