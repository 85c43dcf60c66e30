#include "slot_memory.hpp"

#include <cstdlib>
#include <string_view>
#include <utility>

namespace tram::postgres {
namespace {

std::string text_at(Result const& result, int row, int column) {
  return PQgetvalue(result.get(), row, column);
}

}  // namespace

SlotMemory::SlotMemory(ChangeSourceConfig const& config, std::string const& name)
    : table_{config.schema.qualify("tram_relay_position")}, name_{name} {}

void SlotMemory::recall(Session& session, std::string const& history, Deadline deadline) {
  auto const server = "@" + history.substr(0, history.find('/'));
  position_name_ = sql_text(name_ + server);
  horizon_name_ = sql_text(name_ + "#transaction" + server);
  position_ = 0;
  horizon_.clear();
  auto const table = "to_regclass(" + sql_text(table_) + ")";
  auto const usable = session.query(
      "SELECT 1 WHERE has_table_privilege(" + table + ", 'SELECT') AND has_table_privilege(" +
          table + ", 'INSERT') AND has_table_privilege(" + table +
          ", 'UPDATE') AND NOT current_setting('default_transaction_read_only')::bool",
      deadline);
  works_ = PQntuples(usable.get()) > 0;
  if (!works_) return;
  auto const found =
      session.query("SELECT p.position, h.position FROM " + table_ + " p JOIN " + table_ +
                        " h ON h.relay = " + horizon_name_ + " WHERE p.relay = " + position_name_,
                    deadline);
  if (PQntuples(found.get()) == 0) return;
  position_ = std::strtoull(text_at(found, 0, 0).c_str(), nullptr, 10);
  if (position_ > 0) horizon_ = text_at(found, 0, 1);
}

// One that was frozen meanwhile sets nothing back.
std::string SlotMemory::store(LogPosition position, std::string const& horizon) const {
  auto const place = std::to_string(position);
  return "INSERT INTO " + table_ + " AS known (relay, position) SELECT * FROM (VALUES (" +
         position_name_ + ", " + place + "::bigint), (" + horizon_name_ + ", " + horizon +
         "::bigint)) AS wanted WHERE NOT EXISTS (SELECT FROM " + table_ +
         " WHERE relay = " + position_name_ + " AND position > " + place +
         ") ON CONFLICT (relay) DO UPDATE SET position = excluded.position";
}

void SlotMemory::stored(LogPosition position, std::string horizon) {
  position_ = position;
  horizon_ = std::move(horizon);
}

std::string SlotMemory::forget() const {
  if (!works_) return "";
  return "UPDATE " + table_ + " SET position = 0 WHERE relay = " + position_name_;
}

}  // namespace tram::postgres
