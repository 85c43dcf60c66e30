#include "tram/operations/doctor.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "commands.hpp"
#include "tram/all_drivers.hpp"
#include "tram/connect/broker.hpp"
#include "tram/connect/database.hpp"
#include "tram/json/json.hpp"
#include "tram/relay/outbox_source.hpp"

namespace tram::operator_program {
namespace {

// Those of the library and of Kafka.
constexpr Duration inbox_retention_default{std::chrono::hours{14 * 24}};
constexpr Duration broker_retention_default{std::chrono::hours{7 * 24}};

/// Nobody was asked: services and brokers are configured elsewhere.
KnownAge known_age(std::optional<Duration> const& said, Duration otherwise,
                   std::string const& flag) {
  if (said) return {.age = *said};
  return {.age = otherwise, .remark = " (assumed; " + flag + " says otherwise)"};
}

std::function<std::vector<Finding>()> broker_check(Arguments const& arguments,
                                                   Runtime const& runtime) {
  if (arguments.broker_url.empty()) return {};
  return [&] {
    return connect::check_broker(arguments.broker_url, all_drivers(), runtime,
                                 BrokerCheck::from_outside);
  };
}

std::vector<Finding> findings_of(Arguments const& arguments, SchemaName const& schema,
                                 Machine const& machine) {
  auto const open = [&] {
    return connect::database(arguments.database_url, all_drivers(), machine.runtime,
                             {.connections_max = 1}, Opening::read_only);
  };
  auto const outbox = outbox_of(open(), {.schema = schema});
  return examine({.outbox = *outbox,
                  .open = open,
                  .schema = schema,
                  .inbox_age = known_age(arguments.inbox_retention, inbox_retention_default,
                                         "--inbox-retention"),
                  .broker_age = known_age(arguments.broker_retention, broker_retention_default,
                                          "--broker-retention"),
                  .check_broker = broker_check(arguments, machine.runtime)});
}

}  // namespace

int doctor(Arguments const& arguments, SchemaName const& schema, Machine const& machine) {
  auto const findings = findings_of(arguments, schema, machine);
  bool const all_good = std::ranges::all_of(findings, &Finding::good);
  if (arguments.json) {
    machine.out << json::encode_report(findings) << "\n";
    return all_good ? exit_done : exit_no;
  }
  for (auto const& finding : findings) {
    machine.out << (finding.good ? "good   " : "WRONG  ") << finding.subject << ": " << finding.text
                << "\n";
  }
  machine.out << (all_good ? "all good\n" : "correct what is marked WRONG, then run this again\n");
  return all_good ? exit_done : exit_no;
}

}  // namespace tram::operator_program
