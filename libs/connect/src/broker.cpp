#include "tram/connect/broker.hpp"

#include <chrono>

#include "refuse_scheme.hpp"

namespace tram::connect {
namespace {

constexpr Duration patience{std::chrono::seconds{10}};

BrokerKit const& kit_for(Url const& url, Drivers const& drivers) {
  std::vector<std::string_view> built;
  for (auto const* kit : drivers.brokers) {
    if (kit->scheme == url.scheme) return *kit;
    built.push_back(kit->scheme);
  }
  refuse_scheme(url, "broker", built, drivers.brokers_left_out);
}

BrokerKit const& kit_for(Url const& url, BrokerProperties const& properties,
                         Drivers const& drivers) {
  auto const& kit = kit_for(url, drivers);
  if (kit.takes_properties || properties.empty()) return kit;
  throw Error{Fault::rejected, "url: a '" + url.scheme + ":' broker takes no property '" +
                                   properties.begin()->first + "'; properties are for kafka:"};
}

std::vector<Finding> findings_of(Broker& broker, BrokerCheck check, Clock& clock) {
  broker.ping(Deadline::after(clock, patience));
  auto const traits = broker.traits();
  std::vector<Finding> findings{
      {.good = true, .subject = "broker", .text = traits.name + " answers"}};
  if (!traits.durable && check == BrokerCheck::from_outside) {
    findings.push_back({.good = false,
                        .subject = "broker",
                        .text = "its records do not survive a crash: for tests only"});
  }
  return findings;
}

}  // namespace

std::unique_ptr<Broker> broker(std::string_view text, Drivers const& drivers,
                               Runtime const& runtime, BrokerProperties const& properties) {
  auto const url = parse_url(text);
  auto const& kit = kit_for(url, properties, drivers);
  return kit.open(url, properties, runtime.clock, runtime.logger);
}

std::vector<Finding> check_broker(std::string_view text, Drivers const& drivers,
                                  Runtime const& runtime, BrokerCheck check,
                                  BrokerProperties const& properties) {
  try {
    auto const url = parse_url(text);
    auto const& kit = kit_for(url, properties, drivers);
    if (kit.check != nullptr) return kit.check(url, check);
    return findings_of(*kit.open(url, properties, runtime.clock, {}), check, runtime.clock);
  } catch (Error const& error) {
    return {{.good = false, .subject = "broker", .text = error.what()}};
  }
}

}  // namespace tram::connect
