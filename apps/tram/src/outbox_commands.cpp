#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "commands.hpp"
#include "text_table.hpp"
#include "tram/base/error.hpp"
#include "tram/json/json.hpp"
#include "tram/relay/numbered_position.hpp"
#include "tram/storage/outbox_table.hpp"
#include "tram/wire/headers_json.hpp"

namespace tram::operator_program {
namespace {

struct SentRow {
  std::string id;
  std::string channel;
  std::string key;
  std::optional<std::int64_t> sent_at;
  std::int64_t bytes{};
};

/// What numbers the rows in the order in which they came, or nearly.
std::string number_column(Transaction& tx, SchemaName const& schema) {
  if (tx.dialect().numbered_outbox) return "seq";
  bool const numbered = probe_outbox_table(tx, tx.dialect(), schema).ids == IdSource::database;
  return numbered ? "dbid" : "id";
}

/// A column may be NULL in rows that relays hold for it.
std::string text_of(std::string const& column) {
  return "coalesce(CAST(" + column + " AS TEXT), '')";
}

/// The headers may be anybody's.
std::string key_in(std::string const& headers_json) {
  try {
    return std::string{
        Message{.headers = headers_from_json(headers_json), .payload = ""}.partition_key().value_or(
            "")};
  } catch (Error const&) { return "?"; }
}

std::vector<SentRow> newest(CommandContext const& place) {
  return place.database.transact({.access = Access::read_only}, [&](Transaction& tx) {
    auto const number = number_column(tx, place.schema);
    auto const rows =
        tx.execute("SELECT " + text_of("id") + ", " + text_of("destination") + ", " +
                       text_of("headers") + ", " + std::string{tx.dialect().creation_time} +
                       ", coalesce(length(CAST(payload AS TEXT)), 0), " + number + " FROM " +
                       place.schema.qualify("message") + " ORDER BY " + number + " DESC LIMIT ?",
                   static_cast<std::int64_t>(place.arguments.limit));
    std::vector<SentRow> sent;
    for (auto const row : rows) {
      auto id = row.get<std::string>(0);
      if (id.empty()) id = number + " " + row.get<std::string>(5);
      sent.push_back({.id = std::move(id),
                      .channel = row.get<std::string>(1),
                      .key = key_in(row.get<std::string>(2)),
                      .sent_at = row.get<std::optional<std::int64_t>>(3),
                      .bytes = row.get<std::int64_t>(4)});
    }
    return sent;
  });
}

struct RelayPlace {
  std::string relay;
  std::int64_t position{};
  /// Rows behind it.
  std::int64_t unpublished{};
};

struct OutboxReport {
  std::int64_t rows{};
  std::optional<std::int64_t> oldest_at;
  std::optional<std::int64_t> newest_at;
  std::int64_t held_rows{};
  std::vector<RelayPlace> relays;
};

OutboxReport report(CommandContext const& place) {
  return place.database.transact({.access = Access::read_only}, [&](Transaction& tx) {
    auto const outbox = place.schema.qualify("message");
    std::string const sent_at{tx.dialect().creation_time};
    auto const rows =
        tx.execute("SELECT count(*), min(" + sent_at + "), max(" + sent_at + ") FROM " + outbox);
    auto const held = tx.execute("SELECT count(*) FROM " + place.schema.qualify("tram_relay_held"));
    OutboxReport found{.rows = rows[0].get<std::int64_t>(0),
                       .oldest_at = rows[0].get<std::optional<std::int64_t>>(1),
                       .newest_at = rows[0].get<std::optional<std::int64_t>>(2),
                       .held_rows = held[0].get<std::int64_t>(0),
                       .relays = {}};
    if (!tx.dialect().numbered_outbox) return found;
    for (auto const row :
         tx.execute("SELECT relay, position, (SELECT count(*) FROM message WHERE seq > position "
                    "AND published = 0) FROM tram_relay_position WHERE relay NOT LIKE ? ORDER "
                    "BY relay",
                    "%" + std::string{row_mark_infix} + "%")) {
      found.relays.push_back({.relay = row.get<std::string>(0),
                              .position = row.get<std::int64_t>(1),
                              .unpublished = row.get<std::int64_t>(2)});
    }
    return found;
  });
}

}  // namespace

int outbox_list(CommandContext const& place) {
  auto const sent = newest(place);
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
  auto const found = report(place);
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
