#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "commands.hpp"
#include "tram/json/json.hpp"
#include "tram/schema/schema.hpp"

namespace tram::operator_program {
namespace {

std::string_view text_of(SchemaStatus::State state) {
  using State = SchemaStatus::State;
  switch (state) {
    case State::absent: return "absent";
    case State::behind: return "behind";
    case State::current: return "current";
    case State::newer: return "newer";
    case State::foreign: return "foreign";
  }
  return "unknown";
}

std::string_view advice_for(SchemaStatus::State state) {
  using State = SchemaStatus::State;
  switch (state) {
    case State::absent:
    case State::behind: return "run \"tram schema install\"";
    case State::newer: return "use a newer release of this program";
    case State::foreign: return "the tables belong to something else: name another schema";
    case State::current: break;
  }
  return "all is there";
}

struct StatusReport {
  std::string state;
  int version{};
  std::vector<std::string> findings;
  std::vector<std::string> additions;
};

StatusReport report_of(SchemaStatus const& status) {
  return {.state = std::string{text_of(status.state)},
          .version = status.version,
          .findings = status.findings,
          .additions = status.additions};
}

struct Statements {
  std::string sql;
};

}  // namespace

int schema_install(CommandContext const& place) {
  install_schema(place.database, place.schema);
  if (place.arguments.json) {
    place.out << json::encode_report(report_of(schema_status(place.database, place.schema)))
              << "\n";
    return exit_done;
  }
  place.out << place.database.name() << ": the tables are there, version " << schema_version
            << "\n";
  return exit_done;
}

int schema_status_command(CommandContext const& place) {
  auto const status = schema_status(place.database, place.schema);
  if (place.arguments.json) {
    place.out << json::encode_report(report_of(status)) << "\n";
  } else {
    place.out << place.database.name() << ": " << text_of(status.state) << ", version "
              << status.version << " of " << schema_version << "; " << advice_for(status.state)
              << "\n";
    for (auto const& finding : status.findings) place.out << "  " << finding << "\n";
    for (auto const& statement : status.additions) place.out << "  " << statement << "\n";
  }
  return status.state == SchemaStatus::State::current ? exit_done : exit_no;
}

int schema_print(Dialect const& dialect, SchemaName const& schema, Arguments const& arguments,
                 std::ostream& out) {
  auto sql = print_schema(dialect, schema);
  if (arguments.json) out << json::encode_report(Statements{.sql = std::move(sql)}) << "\n";
  else out << sql;
  return exit_done;
}

}  // namespace tram::operator_program
