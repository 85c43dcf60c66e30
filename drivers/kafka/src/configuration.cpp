#include "configuration.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "tram/base/error.hpp"
#include "tram/base/host_port.hpp"
#include "tram/base/secrets.hpp"

namespace tram::kafka {
namespace {

/// Room for a key and what surrounds a record, within the brokers' default limit.
constexpr std::size_t key_bytes_max{std::size_t{32} * 1024};

/// What is set elsewhere, or what the promises of the seam stand on.
constexpr std::array<std::pair<std::string_view, std::string_view>, 17> reserved{{
    {"bootstrap.servers", "set Config::servers"},
    {"metadata.broker.list", "set Config::servers"},
    {"message.max.bytes", "set Config::record_bytes_max"},
    {"queue.buffering.max.messages", "set Config::window"},
    {"group.id", "the subscription names the group"},
    {"auto.offset.reset", "the subscription says where it starts"},
    {"enable.idempotence", "without it records could be doubled and reordered"},
    {"acks", "a completed record must be durable"},
    {"request.required.acks", "a completed record must be durable"},
    {"message.timeout.ms", "a record given up alone would break the order"},
    {"delivery.timeout.ms", "a record given up alone would break the order"},
    {"partitioner", "keys must reach the partitions that other services expect"},
    {"enable.auto.commit", "only what was acknowledged is stored"},
    {"enable.auto.offset.store", "only what was acknowledged is stored"},
    {"transactional.id", "this producer has no transactions"},
    {"delivery.report.only.error", "every record is completed"},
    {"partition.assignment.strategy", "groups share partitions by range, as Java's do by default"},
}};

[[noreturn]] void reject(std::string const& what) {
  throw Error{Fault::rejected, "kafka: " + what};
}

std::string milliseconds(std::chrono::milliseconds time) { return std::to_string(time.count()); }

Properties with_own(Properties properties, Config const& config) {
  for (auto const& [name, value] : config.properties) properties.insert_or_assign(name, value);
  return properties;
}

Properties common(Config const& config) {
  return {{"bootstrap.servers", config.servers},
          {"client.id", config.client_id},
          {"socket.timeout.ms", milliseconds(config.request_timeout)},
          {"socket.nagle.disable", "true"},
          {"socket.keepalive.enable", "true"},
          {"reconnect.backoff.max.ms", "1000"},
          {"topic.metadata.refresh.interval.ms", "10000"},
          {"allow.auto.create.topics", "false"}};
}

/// As librdkafka takes them: with a protocol in front, perhaps.
bool is_server(std::string_view text) {
  for (std::string_view const protocol :
       {"PLAINTEXT://", "SSL://", "SASL_PLAINTEXT://", "SASL_SSL://"}) {
    if (text.starts_with(protocol)) return is_host_and_port(text.substr(protocol.size()));
  }
  return is_host_and_port(text);
}

/// The client library would take anything for a host's name, and say it.
void check_servers(std::string_view servers) {
  while (!servers.empty()) {
    auto const one = servers.substr(0, servers.find(','));
    servers.remove_prefix(std::min(one.size() + 1, servers.size()));
    auto const begin = one.find_first_not_of(" \t");
    if (begin == std::string_view::npos) continue;
    if (is_server(one.substr(begin, one.find_last_not_of(" \t") + 1 - begin))) continue;
    reject("the servers are not understood: what should be host:port is none; write host:port, "
           "several separated by commas, and user and password as the properties sasl.username "
           "and sasl.password");
  }
}

}  // namespace

Properties client_properties(Config const& config) { return with_own(common(config), config); }

Properties producer_properties(Config const& config, std::size_t batch_bytes_max) {
  auto properties = common(config);
  properties.merge(Properties{
      {"enable.idempotence", "true"},
      {"acks", "all"},
      {"linger.ms", "0"},
      {"message.timeout.ms", "0"},
      {"request.timeout.ms", milliseconds(config.request_timeout)},
      {"topic.metadata.propagation.max.ms", milliseconds(config.missing_channel_timeout)},
      {"partitioner", "murmur2_random"},
      {"message.max.bytes", std::to_string(config.record_bytes_max + key_bytes_max)},
      {"batch.size", std::to_string(batch_bytes_max)},
      {"queue.buffering.max.messages", std::to_string(config.window)},
      {"queue.buffering.max.kbytes",
       std::to_string((config.window_bytes + config.record_bytes_max + key_bytes_max) / 1024)}});
  properties = with_own(std::move(properties), config);
  // What was learned from a refusal holds against a larger wish, else the refusal would come again.
  auto& batch = properties.at("batch.size");
  if (batch.size() > 9 || std::strtoull(batch.c_str(), nullptr, 10) > batch_bytes_max)
    batch = std::to_string(batch_bytes_max);
  return properties;
}

Properties consumer_properties(Config const& config, ConsumerMode const& mode) {
  auto properties = common(config);
  bool const broadcast = mode.kind == ConsumerMode::Kind::broadcast;
  auto const heartbeat = std::min(config.session_timeout / 3, std::chrono::milliseconds{3'000});
  properties.merge(Properties{// The client asks for a name although a listener joins no group.
                              {"group.id", broadcast ? "tram-broadcast" : mode.group},
                              // Where the records of a position are gone. Where none is stored the
                              // consumer itself chooses.
                              {"auto.offset.reset", "earliest"},
                              {"partition.assignment.strategy", "range"},
                              {"session.timeout.ms", milliseconds(config.session_timeout)},
                              {"heartbeat.interval.ms", milliseconds(heartbeat)},
                              {"enable.auto.commit", "false"},
                              {"enable.auto.offset.store", "false"},
                              {"enable.partition.eof", "false"},
                              // As Java's consumers.
                              {"isolation.level", "read_uncommitted"},
                              // What waits in memory for a poll.
                              {"queued.min.messages", "5000"},
                              {"queued.max.messages.kbytes", "16384"}});
  return with_own(std::move(properties), config);
}

bool is_property(std::string const& name) {
  ConfHandle const conf{rd_kafka_conf_new()};
  // An empty value is a wrong one for some, but only a name that is none is unknown.
  return rd_kafka_conf_set(conf.get(), name.c_str(), "", nullptr, 0) != RD_KAFKA_CONF_UNKNOWN;
}

ConfHandle conf_of(Properties const& properties) {
  ConfHandle conf{rd_kafka_conf_new()};
  for (auto const& [name, value] : properties) {
    std::array<char, 512> reason{};
    if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), reason.data(), reason.size()) !=
        RD_KAFKA_CONF_OK) {
      Secrets secrets;
      secrets.add("its value", value);
      reject("the property '" + name + "' was refused: " + secrets.hidden_in(reason.data()) +
             "; correct it");
    }
  }
  return conf;
}

void check(Config const& config) {
  if (config.servers.empty()) reject("Config::servers is empty; give host:port of a broker");
  check_servers(config.servers);
  if (config.window == 0 || config.record_bytes_max == 0) {
    reject("Config::window and Config::record_bytes_max must be at least 1");
  }
  for (auto const& [name, why] : reserved) {
    if (config.properties.contains(std::string{name})) {
      reject("the property '" + std::string{name} + "' cannot be set: " + std::string{why});
    }
  }
  (void)conf_of(producer_properties(config, config.record_bytes_max));
  (void)conf_of(consumer_properties(config, {}));
}

}  // namespace tram::kafka
