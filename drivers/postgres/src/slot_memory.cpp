#include "slot_memory.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace tram::postgres {
namespace {

/// 0 for NULL.
std::uint64_t number_at(Result const& result, int column) {
  return std::strtoull(PQgetvalue(result.get(), 0, column), nullptr, 10);
}

/// FNV-1a over the tables' numbers, as a column of signed numbers takes it.
std::uint64_t fingerprint(CountedTables const& tables) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (auto const& [number, until] : tables) {
    if (until == 0) continue;
    for (char const digit : std::to_string(number) + ":" + std::to_string(until) + " ")
      hash = (hash ^ static_cast<unsigned char>(digit)) * 0x100000001b3U;
  }
  return hash >> 1U;
}

}  // namespace

SlotMemory::SlotMemory(ChangeSourceConfig const& config, std::string const& name)
    : table_{config.schema.qualify("tram_relay_position")},
      publication_{config.publication},
      name_{name} {}

void SlotMemory::recall(Session& session, std::string const& history, Deadline deadline) {
  auto const server = "@" + history.substr(0, history.find('/'));
  position_name_ = sql_text(name_ + server);
  horizon_name_ = sql_text(name_ + "#transaction" + server);
  // The digit tells this way of counting rows from a later one.
  transaction_name_ = sql_text(name_ + "#open1 " + publication_ + server);
  row_name_ = sql_text(name_ + "#row1 " + publication_ + server);
  tables_name_ = sql_text(name_ + "#tables2 " + publication_ + server);
  position_ = 0;
  horizon_.clear();
  settled_ = {};
  auto const table = "to_regclass(" + sql_text(table_) + ")";
  auto const usable = session.query(
      "SELECT has_table_privilege(" + table + ", 'INSERT') AND has_table_privilege(" + table +
          ", 'UPDATE') AND NOT current_setting('default_transaction_read_only')::bool WHERE "
          "has_table_privilege(" +
          table + ", 'SELECT')",
      deadline);
  readable_ = PQntuples(usable.get()) > 0;
  works_ = readable_ && std::string_view{PQgetvalue(usable.get(), 0, 0)} == "t";
  if (!works_) return;
  auto const one = [this](std::string const& name) {
    return "(SELECT position FROM " + table_ + " WHERE relay = " + name + ")";
  };
  auto const found =
      session.query("SELECT " + one(position_name_) + ", " + one(horizon_name_) + ", " +
                        one(transaction_name_) + ", " + one(row_name_) + ", " + one(tables_name_),
                    deadline);
  position_ = number_at(found, 0);
  if (position_ == 0) return;
  horizon_ = std::to_string(number_at(found, 1));
  settled_ = {.transaction = LogPosition{number_at(found, 2)}, .row = number_at(found, 3)};
  stored_tables_ = number_at(found, 4);
}

bool SlotMemory::counts_alike(CountedTables const& tables) const {
  return tables_ == fingerprint(tables);
}

void SlotMemory::count(CountedTables const& tables) { tables_ = fingerprint(tables); }

// One that was frozen meanwhile sets nothing back.
std::string SlotMemory::store(Content const& content) const {
  auto const value = [](std::string const& name, std::string const& number) {
    return "(" + name + ", " + number + "::bigint)";
  };
  auto const place = std::to_string(content.position);
  return "INSERT INTO " + table_ + " (relay, position) SELECT * FROM (VALUES " +
         value(position_name_, place) + ", " + value(horizon_name_, content.horizon) + ", " +
         value(transaction_name_, to_string(content.settled.transaction)) + ", " +
         value(row_name_, std::to_string(content.settled.row)) + ", " +
         value(tables_name_, std::to_string(tables_)) +
         ") AS wanted WHERE NOT EXISTS (SELECT FROM " + table_ +
         " WHERE relay = " + position_name_ + " AND position > " + place +
         ") ON CONFLICT (relay) DO UPDATE SET position = excluded.position";
}

void SlotMemory::stored(Content content) {
  position_ = content.position;
  horizon_ = std::move(content.horizon);
  settled_ = content.settled;
  stored_tables_ = tables_;
}

std::string SlotMemory::forget() const {
  if (!works_) return "";
  return "UPDATE " + table_ + " SET position = 0 WHERE relay = " + position_name_;
}

}  // namespace tram::postgres
