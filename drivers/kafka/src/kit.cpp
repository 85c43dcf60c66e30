#include "tram/kafka/kit.hpp"

#include <charconv>
#include <chrono>

#include "tram/base/error.hpp"
#include "tram/kafka/kafka.hpp"

namespace tram::kafka {
namespace {

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
void take(Config& config, std::string const& name, std::string const& value) {
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
  if (name.starts_with("tram.multi_message") || is_property(name)) return;
  throw Error{Fault::rejected, "url: a parameter of the 'kafka:' URL is no property of the client "
                               "library; correct its name, or write %26 for an & and %3F for a ? "
                               "that belong to a value"};
}

std::unique_ptr<Broker> open(Url const& url, BrokerProperties const& properties, Clock& clock,
                             Logger const& logger) {
  Config config{.servers = url.rest};
  for (auto const& [name, value] : url.parameters) {
    require_property(name);
    take(config, name, value);
  }
  for (auto const& [name, value] : properties) take(config, name, value);
  return connect(config, clock, logger);
}

}  // namespace

constinit BrokerKit const kit{
    .scheme = "kafka", .takes_properties = true, .open = open, .check = nullptr};

}  // namespace tram::kafka
