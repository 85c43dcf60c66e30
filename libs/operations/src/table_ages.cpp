#include "table_ages.hpp"

#include "tram/sql/dialect.hpp"

namespace tram {

TableAges ages_of(Transaction& tx, std::string const& table) {
  std::string const time{tx.dialect().creation_time};
  auto const rows =
      tx.execute("SELECT count(*), min(" + time + "), max(" + time + ") FROM " + table);
  return {.rows = rows[0].get<std::int64_t>(0),
          .oldest = rows[0].get<std::optional<std::int64_t>>(1),
          .newest = rows[0].get<std::optional<std::int64_t>>(2)};
}

std::optional<RowsAhead> rows_ahead(Transaction& tx, std::string const& table) {
  auto const rows =
      tx.execute("SELECT count(*), max(creation_time) FROM " + table + " WHERE creation_time > " +
                 std::string{tx.dialect().now_milliseconds} + " + 60000");
  auto const count = rows[0].get<std::int64_t>(0);
  if (count == 0) return std::nullopt;
  return RowsAhead{.rows = count, .last = rows[0].get<std::int64_t>(1)};
}

}  // namespace tram
