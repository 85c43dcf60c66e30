#include "table_rows.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace tram::postgres {
namespace {

// One read returns a few large rows, or many small ones: how many is learned on the way.
constexpr std::size_t rows_first{16};
constexpr std::size_t rows_most{500};
constexpr std::size_t bytes_wanted{std::size_t{256} << 10U};

std::string key(OutboxLook const& outbox) { return outbox.has("dbid") ? "dbid" : "id"; }

/// The values as the log shows them. Rows that somebody marked as published are left out, as there.
/// Of a column that `columns` lacks NULL.
std::string select(OutboxLook const& outbox, std::string const& tables,
                   std::vector<std::string> const& columns, std::string const& condition) {
  auto const value = [&](std::string const& name) {
    return std::ranges::find(columns, name) == columns.end() ? "NULL AS " + name : name;
  };
  std::string values;
  for (auto const& name : outbox.columns) values += value(name) + ", ";
  auto const place =
      std::ranges::find(columns, key(outbox)) == columns.end() ? "NULL" : key(outbox);
  bool const marks =
      outbox.has("published") && std::ranges::find(columns, "published") != columns.end();
  auto const unpublished = marks ? "coalesce(published::text, '0') = '0'" : "true";
  return "SELECT " + values + place + " AS place FROM " + tables + " WHERE " + unpublished +
         " AND " + condition;
}

std::string select(OutboxLook const& outbox, std::string const& condition) {
  return select(outbox, outbox.name(), outbox.columns, condition);
}

std::string since(std::string const& transaction) {
  // age() counts transactions back from now, and so copes with numbers that wrapped around.
  return transaction.empty() ? "false" : "age(xmin) <= age(" + sql_text(transaction) + "::xid)";
}

}  // namespace

std::string and_of_former(std::string const& rows, OutboxLook const& outbox,
                          std::vector<FormerTable> const& tables,
                          std::string const& from_transaction) {
  if (tables.empty()) return rows;
  auto all = "SELECT * FROM (" + rows + ") AS of_parts";
  for (auto const& table : tables) {
    all += " UNION ALL " + select(outbox, "ONLY " + table.name, table.columns,
                                  table.whole ? "true" : since(from_transaction));
  }
  return all + " ORDER BY place";
}

std::string rows_of_former(OutboxLook const& outbox, std::vector<FormerTable> const& tables,
                           std::string const& from_transaction) {
  return and_of_former(select(outbox, "false"), outbox, tables, from_transaction);
}

std::string unpublished_rows(OutboxLook const& outbox) {
  return select(outbox, "true") + " ORDER BY place";
}

std::string committed_rows_question(OutboxLook const& outbox) {
  // A snapshot does not tell whether a savepoint's number belongs to a transaction that is open:
  // only the rows that it shows do.
  return "SELECT oldest, coalesce((SELECT string_agg(DISTINCT xmin::text, ',') FROM " +
         outbox.name() +
         " WHERE age(xmin) <= age(oldest::xid)), '') FROM (SELECT "
         "(pg_snapshot_xmin(pg_current_snapshot())::xid)::text AS oldest) AS now";
}

std::string rows_behind(OutboxLook const& outbox, CommittedRows const& committed) {
  return select(outbox, since(committed.oldest) + " AND xmin::text NOT IN (SELECT unnest(" +
                            sql_text("{" + committed.transactions + "}") + "::text[]))") +
         " ORDER BY place";
}

std::string rows_of_gap(OutboxLook const& outbox, Gap const& gap) {
  std::string condition{"(" + since(gap.from_transaction)};
  for (auto const& table : gap.whole_tables) {
    condition += " OR tableoid = " + sql_text(table) + "::oid";
  }
  return and_of_former(select(outbox, condition + ") ORDER BY place"), outbox, gap.former_tables,
                       gap.from_transaction);
}

std::string rows_around(OutboxLook const& outbox, std::string const& transaction,
                        std::size_t rows) {
  auto const age = "age(" + sql_text(transaction) + "::xid)";
  return "SELECT * FROM ((" + select(outbox, "age(xmin) > " + age) + " ORDER BY place DESC LIMIT " +
         std::to_string(rows) + ") UNION ALL (" + select(outbox, "age(xmin) <= " + age) +
         ")) AS chosen ORDER BY place";
}

TableRows::TableRows(Session& session, PgoutputDecoder reader)
    : session_{session}, reader_{std::move(reader)}, rows_at_once_{rows_first} {}

TableRows TableRows::kept_by_server(Session& session, RowsToGive rows, Deadline deadline) {
  session.query("BEGIN READ ONLY ISOLATION LEVEL REPEATABLE READ", deadline);
  session.query("DECLARE tram_rows CURSOR WITH HOLD FOR " + rows.select, deadline);
  session.query("COMMIT", deadline);
  return {session, std::move(rows.reader)};
}

TableRows::TableRows(Session& session, RowsToGive rows, Deadline deadline)
    : TableRows{session, std::move(rows.reader)} {
  session_.query("DECLARE tram_rows SCROLL CURSOR FOR " + rows.select, deadline);
}

OutboxRow TableRows::row_at(Result const& result, int row) const {
  OutboxRow shown;
  for (int column = 0; column < PQnfields(result.get()); ++column) {
    if (PQgetisnull(result.get(), row, column) != 0) continue;
    std::string_view const value{PQgetvalue(result.get(), row, column),
                                 static_cast<std::size_t>(PQgetlength(result.get(), row, column))};
    reader_.take_value(shown, PQfname(result.get(), column), PQftype(result.get(), column), value);
  }
  return shown;
}

std::vector<OutboxRow> TableRows::next(std::size_t rows_max, Deadline deadline) {
  auto const wanted = std::min(rows_max, rows_at_once_);
  auto const result =
      session_.query("FETCH FORWARD " + std::to_string(wanted) + " FROM tram_rows", deadline);
  std::vector<OutboxRow> rows;
  std::size_t bytes = 0;
  for (int row = 0; row < PQntuples(result.get()); ++row) {
    rows.push_back(row_at(result, row));
    bytes += rows.back().payload.value_or("").size();
  }
  rows_at_once_ = bytes > bytes_wanted ? std::max<std::size_t>(rows_at_once_ / 2, 1)
                                       : std::min(rows_at_once_ * 2, rows_most);
  read_ += rows.size();
  return rows;
}

void TableRows::go_to(std::size_t rows, Deadline deadline) {
  session_.query("MOVE ABSOLUTE " + std::to_string(rows) + " IN tram_rows", deadline);
  read_ = rows;
}

}  // namespace tram::postgres
