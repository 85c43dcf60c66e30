#include "tram/connect/broker.hpp"

#include <charconv>
#include <chrono>

#include "schemes.hpp"
#include "tram/base/error.hpp"
#ifdef TRAM_HAS_EMBEDDED
#include "tram/embedded/embedded.hpp"
#include "tram/embedded/file_status.hpp"
#include "tram/embedded/in_memory.hpp"
#endif
#ifdef TRAM_HAS_KAFKA
#include "tram/kafka/kafka.hpp"
#endif

namespace tram::connect {
namespace {

void refuse_properties(Url const& url, BrokerProperties const& properties) {
  if (properties.empty()) return;
  throw Error{Fault::rejected, "url: a '" + url.scheme + ":' broker takes no property '" +
                                   properties.begin()->first + "'; properties are for kafka:"};
}

constexpr Duration patience{std::chrono::seconds{10}};

#ifdef TRAM_HAS_EMBEDDED
void require_embedded_parameters(Url const& url) {
  require_known_parameters(url, {"partitions", "durability", "file_mode"});
}

std::unique_ptr<Broker> open_memory(Url const& url, Clock& clock) {
  require_known_parameters(url, {"partitions"});
  return embedded::in_memory_broker({.partitions = whole_number(url, "partitions", 4)}, clock);
}

Finding look_at_file(std::string const& path, BrokerCheck check) {
  auto const look = embedded::inspect(path);
  bool const before_use = check == BrokerCheck::before_use;
  auto const finding = [](bool good, std::string text) {
    return Finding{.good = good, .subject = "broker", .text = std::move(text)};
  };
  using State = embedded::FileStatus::State;
  switch (look.state) {
    case State::missing:
      return finding(before_use, "there is no file '" + path + "' yet" +
                                     (before_use ? ", and it will be made"
                                                 : "; start the service that makes it, or correct "
                                                   "the path"));
    case State::in_use:
      return finding(!before_use, "'" + path + "' is in use by " + look.owner +
                                      (before_use ? ", and one at a time may; stop that one, or "
                                                    "give each its own file"
                                                  : ""));
    case State::free: break;
  }
  return finding(true, "'" + path + "' is sound, and no process uses it now");
}

std::unique_ptr<Broker> open_embedded(Url const& url, Clock& clock, Logger const& logger) {
  require_embedded_parameters(url);
  bool const light = choice(url, "durability", {"power_failure", "process_crash"}) == 1;
  return embedded::connect({.path = url.rest,
                            .partitions = whole_number(url, "partitions", 4),
                            .durability = light ? embedded::Durability::process_crash
                                                : embedded::Durability::power_failure,
                            .file_mode = file_mode(url)},
                           clock, logger);
}
#endif

#ifdef TRAM_HAS_KAFKA
std::size_t bytes(std::string const& name, std::string const& text) {
  std::size_t value{};
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && end == text.data() + text.size() && value > 0) return value;
  throw Error{Fault::rejected, "url: property '" + name + "' must be a number of bytes from 1"};
}

bool truth(std::string const& name, std::string const& text) {
  if (text == "true" || text == "false") return text == "true";
  throw Error{Fault::rejected, "url: property '" + name + "' must be true or false"};
}

/// What the driver has members of its own for, under the names of the client library.
void take(kafka::Config& config, std::string const& name, std::string const& value) {
  if (name == "client.id") config.client_id = value;
  else if (name == "message.max.bytes") config.record_bytes_max = bytes(name, value);
  else if (name == "tram.multi_messages") config.multi_messages = truth(name, value);
  else if (name == "tram.multi_message_bytes") config.multi_message_bytes_max = bytes(name, value);
  else if (name == "tram.multi_message_linger.ms")
    config.multi_message_linger = std::chrono::milliseconds{bytes(name, value)};
  else config.properties.insert_or_assign(name, value);
}

/// A name that is none may be the rest of a password.
void require_property(std::string const& name) {
  if (name.starts_with("tram.multi_message") || kafka::is_property(name)) return;
  throw Error{Fault::rejected, "url: a parameter of the 'kafka:' URL is no property of the client "
                               "library; correct its name, or write %26 for an & and %3F for a ? "
                               "that belong to a value"};
}

std::unique_ptr<Broker> open_kafka(Url const& url, BrokerProperties const& properties, Clock& clock,
                                   Logger const& logger) {
  kafka::Config config{.servers = url.rest};
  for (auto const& [name, value] : url.parameters) {
    require_property(name);
    take(config, name, value);
  }
  for (auto const& [name, value] : properties) take(config, name, value);
  return kafka::connect(config, clock, logger);
}
#endif

}  // namespace

std::unique_ptr<Broker> broker(std::string_view text, BrokerProperties const& properties,
                               [[maybe_unused]] Clock& clock,
                               [[maybe_unused]] Logger const& logger) {
  auto const url = parse_url(text);
  if (url.scheme != "kafka") refuse_properties(url, properties);
#ifdef TRAM_HAS_EMBEDDED
  if (url.scheme == "memory") return open_memory(url, clock);
  if (url.scheme == "embedded") return open_embedded(url, clock, logger);
#endif
#ifdef TRAM_HAS_KAFKA
  if (url.scheme == "kafka") return open_kafka(url, properties, clock, logger);
#endif
  refuse_scheme(url, "broker",
                {{"kafka", has_kafka}, {"embedded", has_embedded}, {"memory", has_embedded}});
}

std::vector<Finding> check_broker(std::string_view text, BrokerProperties const& properties,
                                  BrokerCheck check, Clock& clock) {
  try {
    auto const url = parse_url(text);
#ifdef TRAM_HAS_EMBEDDED
    if (url.scheme == "embedded") {
      require_embedded_parameters(url);
      refuse_properties(url, properties);
      return {look_at_file(url.rest, check)};
    }
#endif
    auto const opened = broker(text, properties, clock);
    opened->ping(Deadline::after(clock, patience));
    auto const traits = opened->traits();
    std::vector<Finding> findings{
        {.good = true, .subject = "broker", .text = traits.name + " answers"}};
    if (!traits.durable && check == BrokerCheck::from_outside) {
      findings.push_back({.good = false,
                          .subject = "broker",
                          .text = "its records do not survive a crash: for tests only"});
    }
    return findings;
  } catch (Error const& error) {
    return {{.good = false, .subject = "broker", .text = error.what()}};
  }
}

}  // namespace tram::connect
