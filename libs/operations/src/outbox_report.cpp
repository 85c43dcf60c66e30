#include "tram/operations/outbox_report.hpp"

#include <utility>

#include "table_ages.hpp"
#include "tram/base/error.hpp"
#include "tram/relay/held_row_admin.hpp"
#include "tram/relay/numbered_position.hpp"
#include "tram/sql/database.hpp"
#include "tram/storage/outbox_table.hpp"
#include "tram/wire/headers_json.hpp"

namespace tram {
namespace {

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

SentRow sent_row(Row const& row, std::string const& number) {
  auto id = row.get<std::string>(0);
  if (id.empty()) id = number + " " + row.get<std::string>(5);
  return {.id = std::move(id),
          .channel = row.get<std::string>(1),
          .key = key_in(row.get<std::string>(2)),
          .sent_at = row.get<std::optional<std::int64_t>>(3),
          .bytes = row.get<std::int64_t>(4)};
}

std::vector<RelayPlace> relay_places(Transaction& tx) {
  std::vector<RelayPlace> places;
  for (auto const row :
       tx.execute("SELECT relay, position, (SELECT count(*) FROM message WHERE seq > position AND "
                  "published = 0) FROM tram_relay_position WHERE relay NOT LIKE ? ORDER BY relay",
                  "%" + std::string{row_mark_infix} + "%")) {
    places.push_back({.relay = row.get<std::string>(0),
                      .position = row.get<std::int64_t>(1),
                      .unpublished = row.get<std::int64_t>(2)});
  }
  return places;
}

}  // namespace

std::vector<SentRow> newest_sent(Database& database, SchemaName const& wanted, std::size_t max) {
  auto const schema = schema_in(database.dialect(), wanted);
  return database.transact({.access = Access::read_only}, [&](Transaction& tx) {
    auto const number = number_column(tx, schema);
    auto const rows =
        tx.execute("SELECT " + text_of("id") + ", " + text_of("destination") + ", " +
                       text_of("headers") + ", " + std::string{tx.dialect().creation_time} +
                       ", coalesce(length(CAST(payload AS TEXT)), 0), " + number + " FROM " +
                       schema.qualify("message") + " ORDER BY " + number + " DESC LIMIT ?",
                   max);
    std::vector<SentRow> sent;
    for (auto const row : rows) sent.push_back(sent_row(row, number));
    return sent;
  });
}

OutboxReport outbox_report(Database& database, SchemaName const& wanted) {
  auto const schema = schema_in(database.dialect(), wanted);
  HeldRowAdmin const held{database.dialect(), schema};
  return database.transact({.access = Access::read_only}, [&](Transaction& tx) {
    auto const ages = ages_of(tx, schema.qualify("message"));
    return OutboxReport{
        .rows = ages.rows,
        .oldest_at = ages.oldest,
        .newest_at = ages.newest,
        .held_rows = static_cast<std::int64_t>(held.count(tx, {})),
        .relays = tx.dialect().numbered_outbox ? relay_places(tx) : std::vector<RelayPlace>{}};
  });
}

}  // namespace tram
