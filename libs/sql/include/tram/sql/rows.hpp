#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "tram/base/decimal.hpp"
#include "tram/base/detail/memory.hpp"
#include "tram/base/id.hpp"
#include "tram/base/uuid.hpp"
#include "tram/sql/detail/times.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// One column's value in one row, owned. Bytes are a `std::string` of them.
using Cell = std::variant<std::monostate, std::int64_t, double, std::string>;

/// What a result is about, for errors and for columns by name.
struct ResultColumns {
  /// As the database calls them. Empty where the driver does not tell.
  std::vector<std::string> names;
  /// The beginning of the statement.
  std::string statement{};
};

namespace sql_detail {
// Shared by a result and its rows: each may be kept, returned and copied by itself, also the row of
// a result that nobody named.
struct Result {
  ResultColumns columns;
  std::vector<Cell> cells;
};
using SharedResult = std::shared_ptr<Result const>;

/// A column of a result, for errors.
struct Place {
  Result const* result;
  std::size_t column;
};

/// Each throws `Error{malformed}` naming statement and column when the cell does not hold such a
/// value; text that is a number counts as one, since text protocols know nothing else.
bool to_bool(Cell const& cell, Place const& place);
std::int64_t to_integer(Cell const& cell, Place const& place);
double to_double(Cell const& cell, Place const& place);
std::string to_text(Cell const& cell, Place const& place);
Decimal to_decimal(Cell const& cell, Place const& place);
Uuid to_uuid(Cell const& cell, Place const& place);
std::vector<std::byte> to_bytes(Cell const& cell, Place const& place);
/// Microseconds since 1970.
std::int64_t to_moment(Cell const& cell, Place const& place);
/// Nanoseconds.
std::int64_t to_duration(Cell const& cell, Place const& place);
[[noreturn]] void out_of_range(Cell const& cell, Place const& place);
[[noreturn]] void no_such_name(Cell const& cell, Place const& place, std::string const& names);
/// Each throws `Error{rejected}`.
[[noreturn]] void no_such_row(std::size_t row, std::size_t rows);
[[noreturn]] void no_such_column(std::size_t column, std::size_t columns);
[[noreturn]] void not_one_row(Result const* result, std::size_t rows, bool none_is_fine);
/// Where the column of that name is, whatever its letters' case; throws also where two have it.
std::size_t find_column(Result const* result, std::string_view name);

template <class T>
struct Convert {
  static constexpr bool is_missing = true;
};
template <class T>
concept ColumnType = !requires { Convert<T>::is_missing; };

/// In `tram/sql/structs.hpp`, which reads rows into structs: include it.
template <class T>
struct Structs;
}  // namespace sql_detail

/// One row of a result. Keeps all of the result, so it may be kept itself.
///
///     auto const row = tx.execute("SELECT id, name FROM customer").one();
///     row.get<std::int64_t>("id");
///     row.get<std::optional<std::string>>(1);  // empty for NULL
///     row.as<Customer>();                      // with tram/sql/structs.hpp
class Row {
 public:
  Row(sql_detail::SharedResult result, std::size_t row, std::size_t columns)
      : result_{std::move(result)}, first_{row * columns}, columns_{columns} {}

  /// None in a row that was moved from.
  [[nodiscard]] std::size_t columns() const { return result_ == nullptr ? 0 : columns_; }
  [[nodiscard]] bool is_null(std::size_t column) const { return cell(column).index() == 0; }
  [[nodiscard]] bool is_null(std::string_view column) const { return is_null(place_of(column)); }
  /// The value of a column, counted from 0, as an integer type, bool, double, `std::string`,
  /// `std::vector<std::byte>`, `Decimal`, `Uuid`, `Id`, an enum with `enum_names`, a time point of
  /// `std::chrono::system_clock`, a duration, or `std::optional` of these. Times without a zone are
  /// UTC; a duration is an INTERVAL without months, or a text as Tram writes it. Throws: malformed
  /// when the column holds something else, or NULL where T is no optional; rejected when the
  /// statement returned no such column.
  template <class T>
  [[nodiscard]] T get(std::size_t column) const {
    static_assert(
        sql_detail::ColumnType<T>,
        "tram: a column is read as a number, bool, std::string, bytes, Decimal, Uuid, Id, "
        "an enum with enum_names, a system_clock time, a duration or std::optional of "
        "these; a view of it would outlive its row");
    return sql_detail::Convert<T>::from(cell(column), {result_.get(), column});
  }
  /// The same by the column's name, whatever its letters' case. Throws: also rejected when no
  /// column, or more than one, has the name.
  template <class T>
  [[nodiscard]] T get(std::string_view column) const {
    return get<T>(place_of(column));
  }
  /// The row as a plain struct: each member is the column of its name. Needs
  /// `tram/sql/structs.hpp`, and throws as said there.
  template <class T>
  [[nodiscard]] T as() const {
    return sql_detail::Structs<T>::from(*this);
  }
  /// Where the column of that name is. Throws: rejected, as `get`.
  [[nodiscard]] std::size_t place_of(std::string_view column) const {
    return sql_detail::find_column(result_.get(), column);
  }
  /// The raw value, which lives as long as the row. `Error{rejected}` when there is no such column.
  [[nodiscard]] Cell const& cell(std::size_t column) const& {
    if (column >= columns()) sql_detail::no_such_column(column, columns());
    return result_->cells[first_ + column];
  }
  [[nodiscard]] Cell cell(std::size_t column) const&& {
    return static_cast<Row const&>(*this).cell(column);
  }

 private:
  sql_detail::SharedResult result_;
  std::size_t first_;
  std::size_t columns_;
};

/// The result of a statement: rows, and how many rows it changed. A copy is cheap.
///
///     for (auto const row : tx.execute("SELECT id FROM orders")) use(row.get<std::int64_t>(0));
///     auto const count = tx.execute("SELECT count(*) FROM orders").one<int>();
///     auto const order = tx.execute("SELECT * FROM orders WHERE id = ?", id).maybe_one<Order>();
class Rows {
 public:
  Rows() = default;
  Rows(std::size_t columns, std::vector<Cell> cells, std::int64_t affected);
  /// With as many columns as there are names.
  Rows(ResultColumns columns, std::vector<Cell> cells, std::int64_t affected);

  /// Rows inserted, updated or deleted by the statement.
  [[nodiscard]] std::int64_t affected() const { return affected_; }
  [[nodiscard]] std::size_t size() const {
    return result_ == nullptr || columns_ == 0 ? 0 : result_->cells.size() / columns_;
  }
  [[nodiscard]] bool empty() const { return size() == 0; }
  /// `Error{rejected}` when the statement returned no such row: check `empty()` first when the data
  /// decides whether there is one.
  [[nodiscard]] Row operator[](std::size_t row) const {
    if (row >= size()) sql_detail::no_such_row(row, size());
    return Row{result_, row, columns_};
  }
  /// The only row. Throws: rejected when there are no rows, or several.
  [[nodiscard]] Row one() const {
    if (size() != 1) sql_detail::not_one_row(result_.get(), size(), false);
    return (*this)[0];
  }
  /// The only row, if there is one. Throws: rejected when there are more.
  [[nodiscard]] std::optional<Row> maybe_one() const {
    if (size() > 1) sql_detail::not_one_row(result_.get(), size(), true);
    return empty() ? std::nullopt : std::optional{(*this)[0]};
  }
  /// The only row as a struct, or as the value of its first column. Throws: also those of
  /// `Row::as` and `Row::get`.
  template <class T>
  [[nodiscard]] T one() const {
    return value_of<T>(one());
  }
  template <class T>
  [[nodiscard]] std::optional<T> maybe_one() const {
    auto const row = maybe_one();
    return row ? std::optional<T>{value_of<T>(*row)} : std::nullopt;
  }
  /// All rows as structs, or as the values of their first columns. Throws: those of `Row::as` and
  /// `Row::get`.
  template <class T>
  [[nodiscard]] std::vector<T> as() const {
    if constexpr (sql_detail::ColumnType<T>) {
      std::vector<T> all;
      all.reserve(size());
      for (auto const row : *this) all.push_back(row.template get<T>(0));
      return all;
    } else {
      return sql_detail::Structs<T>::all(*this);
    }
  }

  class Iterator {
   public:
    Iterator(sql_detail::SharedResult result, std::size_t row, std::size_t columns)
        : result_{std::move(result)}, row_{row}, columns_{columns} {}
    Row operator*() const { return Row{result_, row_, columns_}; }
    Iterator& operator++() {
      ++row_;
      return *this;
    }
    bool operator==(Iterator const& other) const { return row_ == other.row_; }

   private:
    sql_detail::SharedResult result_;
    std::size_t row_;
    std::size_t columns_;
  };
  [[nodiscard]] Iterator begin() const { return {result_, 0, columns_}; }
  [[nodiscard]] Iterator end() const { return {result_, size(), columns_}; }

 private:
  template <class T>
  static T value_of(Row const& row) {
    if constexpr (sql_detail::ColumnType<T>) return row.get<T>(0);
    else return row.as<T>();
  }

  std::size_t columns_{};
  sql_detail::SharedResult result_;
  std::int64_t affected_{};
};

namespace sql_detail {
template <std::integral T>
struct Convert<T> {
  static T from(Cell const& cell, Place const& place) {
    std::int64_t const value = to_integer(cell, place);
    if (!std::in_range<T>(value)) out_of_range(cell, place);
    return static_cast<T>(value);
  }
};
template <>
struct Convert<bool> {
  static bool from(Cell const& cell, Place const& place) { return to_bool(cell, place); }
};
template <>
struct Convert<double> {
  static double from(Cell const& cell, Place const& place) { return to_double(cell, place); }
};
template <>
struct Convert<std::string> {
  static std::string from(Cell const& cell, Place const& place) { return to_text(cell, place); }
};
template <>
struct Convert<Decimal> {
  static Decimal from(Cell const& cell, Place const& place) { return to_decimal(cell, place); }
};
template <>
struct Convert<Uuid> {
  static Uuid from(Cell const& cell, Place const& place) { return to_uuid(cell, place); }
};
template <>
struct Convert<std::vector<std::byte>> {
  static std::vector<std::byte> from(Cell const& cell, Place const& place) {
    return to_bytes(cell, place);
  }
};
template <class T>
  requires std::is_enum_v<T>
struct Convert<T> {
  static T from(Cell const& cell, Place const& place) {
    static_assert(
        requires { enum_names(T{}); },
        "tram: an enum needs a table of its names beside it: constexpr auto "
        "enum_names(State) { return tram::json::names<State>({{State::pending, "
        "\"PENDING\"}}); }");
    auto const name = to_text(cell, place);
    std::string names;
    for (auto const& entry : enum_names(T{})) {
      if (entry.name == name) return entry.value;
      names.append(names.empty() ? "" : ", ").append(entry.name);
    }
    no_such_name(cell, place, names);
  }
};
template <SystemTimePointType T>
struct Convert<T> {
  static T from(Cell const& cell, Place const& place) {
    auto const span = span_of<micro, typename T::duration>(to_moment(cell, place));
    if (!span) out_of_range(cell, place);
    return T{*span};
  }
};
template <DurationType T>
struct Convert<T> {
  static T from(Cell const& cell, Place const& place) {
    auto const span = span_of<nano, T>(to_duration(cell, place));
    if (!span) out_of_range(cell, place);
    return *span;
  }
};
template <class Tag, class Bare>
struct Convert<Id<Tag, Bare>> {
  static Id<Tag, Bare> from(Cell const& cell, Place const& place) {
    return {Convert<Bare>::from(cell, place)};
  }
};
template <ColumnType T>
struct Convert<std::optional<T>> {
  static std::optional<T> from(Cell const& cell, Place const& place) {
    if (cell.index() == 0) return std::nullopt;
    return Convert<T>::from(cell, place);
  }
};
}  // namespace sql_detail

}  // namespace tram

#pragma GCC visibility pop
