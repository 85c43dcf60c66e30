#include <ostream>
#include <string>
#include <vector>

#include "commands.hpp"
#include "text_table.hpp"
#include "tram/json/json.hpp"
#include "tram/operations/outbox_report.hpp"
#include "tram/operations/utc_text.hpp"

namespace tram::operator_program {

int outbox_list(CommandContext const& place) {
  auto const sent = newest_sent(place.database, place.schema, place.arguments.limit);
  if (place.arguments.json) {
    place.out << json::encode_report(sent) << "\n";
    return exit_done;
  }
  std::vector<TextRow> rows;
  for (auto const& row : sent) {
    rows.push_back({row.sent_at ? utc_text(*row.sent_at) : "?", row.id, row.channel, row.key,
                    std::to_string(row.bytes)});
  }
  print_table(place.out, {"SENT (UTC)", "ID", "CHANNEL", "KEY", "LENGTH"}, std::move(rows));
  return exit_done;
}

int outbox_status(CommandContext const& place) {
  auto const found = outbox_report(place.database, place.schema);
  if (place.arguments.json) {
    place.out << json::encode_report(found) << "\n";
    return exit_done;
  }
  place.out << "rows in the outbox: " << found.rows;
  if (found.oldest_at && found.newest_at) {
    place.out << ", from " << utc_text(*found.oldest_at) << " to " << utc_text(*found.newest_at);
  }
  place.out << "\nrows that relays hold: " << found.held_rows << "\n";
  for (auto const& relay : found.relays) {
    place.out << "relay '" << relay.relay << "': published up to row " << relay.position << ", "
              << relay.unpublished << " rows to go\n";
  }
  if (!place.database.dialect().numbered_outbox) {
    place.out << "the server knows how far a relay is: tram doctor\n";
  }
  return exit_done;
}

}  // namespace tram::operator_program
