#include "tram/storage/aged_rows.hpp"

#include <limits>

namespace tram {
namespace {

constexpr std::size_t rows_max{1000};

}  // namespace

AgedRows::AgedRows(std::string const& table, std::string const& number, std::string const& time,
                   std::string const& condition) {
  auto const far_ahead = std::to_string(std::numeric_limits<std::int64_t>::max());
  auto const rows = "SELECT " + number + ", coalesce(" + time + ", " + far_ahead + ") FROM " +
                    table + " WHERE " + condition + " AND " + number;
  first_rows_ = rows + " <= ? ORDER BY " + number + " LIMIT " + std::to_string(rows_max);
  row_behind_ = rows + " > ? AND " + number + " <= ? ORDER BY " + number + " LIMIT 1";
  last_row_ = rows + " <= ? ORDER BY " + number + " DESC LIMIT 1";
  remove_ = "DELETE FROM " + table + " WHERE " + number + " IN (SELECT " + number + " FROM " +
            table + " WHERE " + condition + " AND " + number + " <= ? ORDER BY " + number +
            " LIMIT " + std::to_string(rows_max) + ")";
}

std::size_t AgedRows::remove_some(StatementExecutor& tx, std::int64_t last, std::int64_t old_before,
                                  std::int64_t now) const {
  auto const until = last_old(tx, last, old_before, now);
  if (!until) return 0;
  return static_cast<std::size_t>(tx.execute(remove_, *until).affected());
}

/// The number of the last row that is old, before the first that is not.
std::optional<std::int64_t> AgedRows::last_old(StatementExecutor& tx, std::int64_t last,
                                               std::int64_t old_before, std::int64_t now) const {
  std::optional<std::int64_t> found;
  auto const rows = tx.execute(first_rows_, last);
  for (auto const row : rows) {
    auto const time = row.get<std::int64_t>(1);
    if (time > now) continue;
    if (time >= old_before) return found;
    found = row.get<std::int64_t>(0);
  }
  if (found || rows.size() < rows_max) return found;
  // All of them lie ahead: an old row behind them would prove them old.
  auto const next = first_in_time(tx, rows[rows_max - 1].get<std::int64_t>(0), last, now);
  if (next && next->time < old_before) found = next->number;
  return found;
}

/// The first row behind those that lie ahead. They are many and side by side: one clock stamped
/// them.
std::optional<AgedRows::Row> AgedRows::first_in_time(StatementExecutor& tx, std::int64_t behind,
                                                     std::int64_t last, std::int64_t now) const {
  auto const end = tx.execute(last_row_, last);
  if (end.empty() || end[0].get<std::int64_t>(1) > now) return std::nullopt;
  Row found{.number = end[0].get<std::int64_t>(0), .time = end[0].get<std::int64_t>(1)};
  for (auto before = found.number - 1; behind < before;) {
    auto const middle = behind + (before - behind) / 2;
    auto const row = row_behind(tx, middle, found.number);
    if (row && row->time <= now) {
      found = *row;
      before = middle;
    } else {
      behind = row ? row->number : middle + 1;
    }
  }
  return found;
}

std::optional<AgedRows::Row> AgedRows::row_behind(StatementExecutor& tx, std::int64_t number,
                                                  std::int64_t last) const {
  auto const rows = tx.execute(row_behind_, number, last);
  if (rows.empty()) return std::nullopt;
  return Row{.number = rows[0].get<std::int64_t>(0), .time = rows[0].get<std::int64_t>(1)};
}

}  // namespace tram
