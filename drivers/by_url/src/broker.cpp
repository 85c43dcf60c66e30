#include "tram/by_url/broker.hpp"

#include "schemes.hpp"
#include "tram/base/error.hpp"
#ifdef TRAM_HAS_EMBEDDED
#include "tram/embedded/in_memory.hpp"
#endif

namespace tram::by_url {
namespace {

void refuse_properties(Url const& url, BrokerProperties const& properties) {
  if (properties.empty()) return;
  throw Error{Fault::rejected, "url: a '" + url.scheme + ":' broker takes no property '" +
                                   properties.begin()->first + "'; properties are for kafka:"};
}

#ifdef TRAM_HAS_EMBEDDED
std::unique_ptr<Broker> open_memory(Url const& url, Clock& clock) {
  require_known_parameters(url, {"partitions"});
  return embedded::in_memory_broker({.partitions = whole_number(url, "partitions", 4)}, clock);
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
#endif
  refuse_scheme(url, "broker",
                {{"kafka", has_kafka}, {"embedded", has_embedded}, {"memory", has_embedded}});
}

}  // namespace tram::by_url
