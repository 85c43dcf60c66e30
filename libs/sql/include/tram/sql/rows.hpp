#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tram/base/detail/memory.hpp"
#include "tram/base/id.hpp"

namespace tram {

/// One column's value in one row, owned.
using Cell = std::variant<std::monostate, std::int64_t, double, std::string>;

namespace sql_detail {
/// Each throws `Error{malformed}` naming the column when the cell does not hold such a value; text
/// that is a number counts as one, since text protocols know nothing else.
bool to_bool(Cell const& cell, std::size_t column);
std::int64_t to_integer(Cell const& cell, std::size_t column);
double to_double(Cell const& cell, std::size_t column);
std::string to_text(Cell const& cell, std::size_t column);
[[noreturn]] void out_of_range(std::size_t column, std::int64_t value);
/// Each throws `Error{rejected}`.
[[noreturn]] void no_such_row(std::size_t row, std::size_t rows);
[[noreturn]] void no_such_column(std::size_t column, std::size_t columns);

template <class T>
struct Convert {
  static_assert(sizeof(T) == 0,
                "tram: a column is read as a number, bool, std::string, Id or std::optional of "
                "these; a view of it would outlive its row");
};

// Shared by a result and its rows: each may be kept, returned and copied by itself, also the row of
// a result that nobody named.
using SharedCells = std::shared_ptr<std::vector<Cell> const>;
}  // namespace sql_detail

/// One row of a result. Keeps all of the result, so it may be kept itself.
///
///     auto const row = tx.execute("SELECT id, name FROM customer")[0];
///     row.get<std::int64_t>(0);
///     row.get<std::optional<std::string>>(1);  // empty for NULL
class Row {
 public:
  Row(sql_detail::SharedCells cells, std::size_t row, std::size_t columns)
      : cells_{std::move(cells)}, first_{row * columns}, columns_{columns} {}

  /// None in a row that was moved from.
  [[nodiscard]] std::size_t columns() const { return cells_ == nullptr ? 0 : columns_; }
  [[nodiscard]] bool is_null(std::size_t column) const { return cell(column).index() == 0; }
  /// The value of a column, counted from 0, as an integer type, bool, double, std::string, Id or
  /// std::optional of these. `Error{malformed}` when the column holds something else, or NULL where
  /// T is no optional; `Error{rejected}` when the statement returned no such column.
  template <class T>
  [[nodiscard]] T get(std::size_t column) const {
    return sql_detail::Convert<T>::from(cell(column), column);
  }
  /// The raw value, which lives as long as the row. `Error{rejected}` when there is no such column.
  [[nodiscard]] Cell const& cell(std::size_t column) const& {
    if (column >= columns()) sql_detail::no_such_column(column, columns());
    return (*cells_)[first_ + column];
  }
  [[nodiscard]] Cell cell(std::size_t column) const&& {
    return static_cast<Row const&>(*this).cell(column);
  }

 private:
  sql_detail::SharedCells cells_;
  std::size_t first_;
  std::size_t columns_;
};

/// The result of a statement: rows, and how many rows it changed. A copy is cheap.
///
///     for (auto const row : tx.execute("SELECT id FROM orders")) use(row.get<std::int64_t>(0));
class Rows {
 public:
  Rows() = default;
  Rows(std::size_t columns, std::vector<Cell> cells, std::int64_t affected);

  /// Rows inserted, updated or deleted by the statement.
  [[nodiscard]] std::int64_t affected() const { return affected_; }
  [[nodiscard]] std::size_t size() const {
    return cells_ == nullptr || columns_ == 0 ? 0 : cells_->size() / columns_;
  }
  [[nodiscard]] bool empty() const { return size() == 0; }
  /// `Error{rejected}` when the statement returned no such row: check `empty()` first when the data
  /// decides whether there is one.
  [[nodiscard]] Row operator[](std::size_t row) const {
    if (row >= size()) sql_detail::no_such_row(row, size());
    return Row{cells_, row, columns_};
  }

  class Iterator {
   public:
    Iterator(sql_detail::SharedCells cells, std::size_t row, std::size_t columns)
        : cells_{std::move(cells)}, row_{row}, columns_{columns} {}
    Row operator*() const { return Row{cells_, row_, columns_}; }
    Iterator& operator++() {
      ++row_;
      return *this;
    }
    bool operator==(Iterator const& other) const { return row_ == other.row_; }

   private:
    sql_detail::SharedCells cells_;
    std::size_t row_;
    std::size_t columns_;
  };
  [[nodiscard]] Iterator begin() const { return {cells_, 0, columns_}; }
  [[nodiscard]] Iterator end() const { return {cells_, size(), columns_}; }

 private:
  std::size_t columns_{};
  sql_detail::SharedCells cells_;
  std::int64_t affected_{};
};

namespace sql_detail {
template <std::integral T>
struct Convert<T> {
  static T from(Cell const& cell, std::size_t column) {
    std::int64_t const value = to_integer(cell, column);
    if (!std::in_range<T>(value)) out_of_range(column, value);
    return static_cast<T>(value);
  }
};
template <>
struct Convert<bool> {
  static bool from(Cell const& cell, std::size_t column) { return to_bool(cell, column); }
};
template <>
struct Convert<double> {
  static double from(Cell const& cell, std::size_t column) { return to_double(cell, column); }
};
template <>
struct Convert<std::string> {
  static std::string from(Cell const& cell, std::size_t column) { return to_text(cell, column); }
};
template <class Tag, class Bare>
struct Convert<Id<Tag, Bare>> {
  static Id<Tag, Bare> from(Cell const& cell, std::size_t column) {
    return {Convert<Bare>::from(cell, column)};
  }
};
template <class T>
struct Convert<std::optional<T>> {
  static std::optional<T> from(Cell const& cell, std::size_t column) {
    if (cell.index() == 0) return std::nullopt;
    return Convert<T>::from(cell, column);
  }
};
}  // namespace sql_detail

}  // namespace tram
