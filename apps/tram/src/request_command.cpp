#include <ostream>
#include <string>

#include "commands.hpp"
#include "tram/json/json.hpp"
#include "tram/requests/request_desk.hpp"
#include "tram/requests/request_tables.hpp"
#include "tram/storage/schema.hpp"

namespace tram::operator_program {
namespace {

struct RequestReport {
  bool done{};
  std::string answer;
};

}  // namespace

int request(CommandContext const& place, Random& random) {
  auto const& [kind, argument, asked_by, reason, wait] = place.arguments.request;
  require_tables(place.database, place.schema, {request_tables(place.database.dialect())});
  RequestDesk const desk{place.database, place.schema, random};
  auto const answer = desk.ask(
      {.id = {}, .kind = kind, .argument = argument, .asked_by = asked_by, .reason = reason}, wait);
  bool const is_done = answer.outcome == RequestAnswer::Outcome::done;
  if (place.arguments.json) {
    place.out << json::encode_report(RequestReport{.done = is_done, .answer = answer.text}) << "\n";
  } else {
    place.out << (is_done ? "done: " : "refused: ") << answer.text << "\n";
  }
  return is_done ? exit_done : exit_no;
}

}  // namespace tram::operator_program
