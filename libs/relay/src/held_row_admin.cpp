#include "tram/relay/held_row_admin.hpp"

#include <deque>
#include <string_view>

#include "stored_text.hpp"

namespace tram {
namespace {

struct Conditions {
  explicit Conditions(HeldRowFilter const& filter) {
    add("relay", filter.relay);
    add("destination", filter.destination);
    add("message_key", filter.key);
    add("row_id", filter.row_id);
  }
  std::string sql;
  std::vector<Parameter> parameters;

 private:
  void add(std::string_view column, std::string const& value) {
    if (value.empty()) return;
    sql.append(sql.empty() ? " WHERE " : " AND ").append(column).append(" = ?");
    // As it is stored; who filters by what a listing shows gives it as it is stored already.
    bool const is_stored_form = column == "relay" || stored_text::is_encoded(value);
    auto const& text = texts_.emplace_back(
        is_stored_form ? value : stored_text::from_bytes(stored_text::shortened(value)));
    parameters.emplace_back(text);
  }

  /// What the parameters borrow; it stays where it is.
  std::deque<std::string> texts_;
};

HeldRowEntry entry_of(Row const& row) {
  return {.number = row.get<std::int64_t>(0),
          .relay = row.get<std::string>(1),
          .row_id = row.get<std::string>(2),
          .destination = row.get<std::string>(3),
          .key = row.get<std::optional<std::string>>(4),
          .headers = row.get<std::optional<std::string>>(5),
          .payload = row.get<std::optional<std::string>>(6),
          .reason = row.get<std::string>(7),
          .cause = held_cause(row.get<std::string>(10)),
          .held_at = row.get<std::int64_t>(8),
          .retry_requested = row.get<bool>(9)};
}

}  // namespace

HeldRowAdmin::HeldRowAdmin(Dialect const& dialect, SchemaName const& schema)
    : table_{schema_in(dialect, schema).qualify("tram_relay_held")},
      cause_{dialect, schema, HeldTable::relay_rows} {}

std::vector<HeldRowEntry> HeldRowAdmin::rows(StatementExecutor& tx, HeldRowFilter const& filter,
                                             std::size_t max) const {
  Conditions conditions{filter};
  conditions.parameters.emplace_back(static_cast<std::int64_t>(max));
  auto const sql = "SELECT id, relay, row_id, destination, message_key, headers, payload, reason, "
                   "held_at, retry_requested, " +
                   cause_.expression(tx) + " FROM " + table_ + conditions.sql +
                   " ORDER BY id LIMIT ?";
  std::vector<HeldRowEntry> entries;
  for (auto const row : tx.execute_statement(sql, conditions.parameters)) {
    entries.push_back(entry_of(row));
  }
  return entries;
}

std::size_t HeldRowAdmin::count(StatementExecutor& tx, HeldRowFilter const& filter) const {
  Conditions const conditions{filter};
  auto const rows = tx.execute_statement("SELECT count(*) FROM " + table_ + conditions.sql,
                                         conditions.parameters);
  return rows[0].get<std::size_t>(0);
}

std::size_t HeldRowAdmin::request_retry(StatementExecutor& tx, HeldRowFilter const& filter) const {
  Conditions conditions{filter};
  // Both, since a relay that holds no keys tries the row alone, and any other the key's first.
  auto const sql = "UPDATE " + table_ + " SET retry_requested = 1 WHERE id IN (SELECT id FROM " +
                   table_ + conditions.sql + ") OR id IN (SELECT (SELECT min(first.id) FROM " +
                   table_ +
                   " first WHERE first.relay = held.relay AND first.destination = held.destination "
                   "AND first.message_key = held.message_key) FROM " +
                   table_ + " held" + conditions.sql + ")";
  auto const once = conditions.parameters;
  conditions.parameters.insert(conditions.parameters.end(), once.begin(), once.end());
  return static_cast<std::size_t>(tx.execute_statement(sql, conditions.parameters).affected());
}

std::size_t HeldRowAdmin::drop(StatementExecutor& tx, HeldRowFilter const& filter) const {
  Conditions const conditions{filter};
  auto const sql = "DELETE FROM " + table_ + conditions.sql;
  return static_cast<std::size_t>(tx.execute_statement(sql, conditions.parameters).affected());
}

}  // namespace tram
