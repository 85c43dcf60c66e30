#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "tram/sql/statement_executor.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Removes old rows of a table whose rows are numbered in the order in which they were written.
///
/// A row is old by its time, in epoch milliseconds. A time that lies ahead of now was stamped by a
/// clock that was ahead: such a row is old when one that was written after it is old, and keeps no
/// other row. Its cost does not grow with the table. A value; callable from any thread. Every call
/// throws the errors of the driver.
///
///     tram::AgedRows const rows{"message", "seq", "creation_time"};
///     while (rows.remove_some(tx, published_up_to, now - age, now) == 1000) {}
class AgedRows final {
 public:
  /// `number` and `time` are SQL expressions over the table's columns; a time of NULL says nothing,
  /// as one that lies ahead. Rows for which `condition`, an SQL expression, is not true count as
  /// not there.
  AgedRows(std::string const& table, std::string const& number, std::string const& time,
           std::string const& condition = "1 = 1");

  /// Removes rows that are older than `old_before`, oldest first, and with numbers up to `last`, a
  /// thousand at most; how many it removed. `now` is of the clock that stamps the rows.
  std::size_t remove_some(StatementExecutor& tx, std::int64_t last, std::int64_t old_before,
                          std::int64_t now) const;

 private:
  struct Row {
    std::int64_t number{};
    std::int64_t time{};
  };
  [[nodiscard]] std::optional<std::int64_t> last_old(StatementExecutor& tx, std::int64_t last,
                                                     std::int64_t old_before,
                                                     std::int64_t now) const;
  [[nodiscard]] std::optional<Row> first_in_time(StatementExecutor& tx, std::int64_t behind,
                                                 std::int64_t last, std::int64_t now) const;
  [[nodiscard]] std::optional<Row> row_behind(StatementExecutor& tx, std::int64_t number,
                                              std::int64_t last) const;

  std::string first_rows_;
  std::string row_behind_;
  std::string last_row_;
  std::string remove_;
};

}  // namespace tram

#pragma GCC visibility pop
