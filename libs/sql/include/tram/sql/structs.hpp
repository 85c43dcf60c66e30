#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tram/base/reflect.hpp"
#include "tram/sql/parameter.hpp"
#include "tram/sql/rows.hpp"
#include "tram/sql/statement_executor.hpp"

#pragma GCC visibility push(default)

// Plain structs as rows: a member is the column of its name, whatever its letters' case; an
// underscore at its end, which keeps `default_` from being a keyword, is left out.
namespace tram {

namespace sql_detail {

constexpr std::string_view column_name(std::string_view member) {
  return member.ends_with('_') ? member.substr(0, member.size() - 1) : member;
}

template <class T>
using Columns = std::array<std::size_t, reflect::member_count<T>>;

template <class T>
struct Structs {
  static T from(Row const& row) { return read(row, columns_of(row)); }

  static std::vector<T> all(Rows const& rows) {
    std::vector<T> all;
    if (rows.empty()) return all;
    all.reserve(rows.size());
    auto const columns = columns_of(rows[0]);
    for (auto const row : rows) all.push_back(read(row, columns));
    return all;
  }

 private:
  static Columns<T> columns_of(Row const& row) {
    Columns<T> columns{};
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = row.place_of(names[i]);
    return columns;
  }
  static T read(Row const& row, Columns<T> const& columns) {
    T value{};
    reflect::with_members(value, [&](auto&... members) {
      std::size_t next = 0;
      ((members = row.get<std::remove_reference_t<decltype(members)>>(columns[next++])), ...);
    });
    return value;
  }

  static constexpr auto names = [] {
    auto all = reflect::member_names<T>;
    for (auto& name : all) name = column_name(name);
    return all;
  }();
};

/// `INSERT INTO table (id, name) VALUES (?, ?), (?, ?)`. Names without capitals are quoted, so that
/// they may be words of SQL.
std::string insert_statement(std::string_view table, std::span<std::string_view const> members,
                             std::size_t rows);
/// Rows per statement, so that no database has too many values in one.
std::size_t rows_per_statement(std::size_t members);

template <class T>
void add_parameters(std::vector<Parameter>& parameters, T const& value) {
  reflect::with_members(value,
                        [&](auto const&... members) { (parameters.emplace_back(members), ...); });
}

}  // namespace sql_detail

/// Inserts the structs as rows, many in one statement; those without a member for a column leave it
/// to its default. `table` is part of the statement as it is. Waits for the database. Throws: those
/// of the driver, and those of `Parameter`. Several statements for many structs: all are part of
/// the transaction.
///
///     tram::insert(tx, "order_lines", lines);  // a std::vector<OrderLine>
template <class T>
void insert(StatementExecutor& tx, std::string_view table, std::span<T> values) {
  auto const most = sql_detail::rows_per_statement(reflect::member_count<std::remove_const_t<T>>);
  std::vector<Parameter> parameters;
  while (!values.empty()) {
    auto const some = values.first(std::min(most, values.size()));
    parameters.clear();
    for (auto const& value : some) sql_detail::add_parameters(parameters, value);
    tx.execute_statement(sql_detail::insert_statement(
                             table, reflect::member_names<std::remove_const_t<T>>, some.size()),
                         parameters);
    values = values.subspan(some.size());
  }
}
template <class T>
void insert(StatementExecutor& tx, std::string_view table, std::vector<T> const& values) {
  insert(tx, table, std::span<T const>{values});
}
/// One struct.
///
///     tram::insert(tx, "orders", Order{.id = 7, .state = State::pending});
template <class T>
void insert(StatementExecutor& tx, std::string_view table, T const& value) {
  insert(tx, table, std::span<T const>{&value, 1});
}

}  // namespace tram

#pragma GCC visibility pop
