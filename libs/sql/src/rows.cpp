#include "tram/sql/rows.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "tram/base/error.hpp"

namespace tram {
namespace {

bool has_statement(sql_detail::Result const* result) {
  return result != nullptr && !result->columns.statement.empty();
}

/// `column 2 ('total') of 'SELECT …'`
std::string described(sql_detail::Place const& place) {
  auto const* const result = place.result;
  auto text = "column " + std::to_string(place.column);
  if (result != nullptr && place.column < result->columns.names.size()) {
    text += " ('" + result->columns.names[place.column] + "')";
  }
  return text + (has_statement(result) ? " of '" + result->columns.statement + "'"
                                       : std::string{" of the result"});
}

[[noreturn]] void malformed(sql_detail::Place const& place, std::string const& what) {
  throw Error{Fault::malformed, "sql: " + described(place) + " " + what};
}

std::string counted(std::size_t count, std::string const& what) {
  return std::to_string(count) + what + (count == 1 ? "" : "s");
}

template <class Number>
std::string printed(Number number) {
  std::array<char, 32> digits{};
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr};
}

std::string described(Cell const& cell) {
  if (std::holds_alternative<std::monostate>(cell)) return "is NULL";
  if (auto const* text = std::get_if<std::string>(&cell)) {
    constexpr std::size_t longest = 40;
    return "holds '" + text->substr(0, longest) + (text->size() > longest ? "…'" : "'");
  }
  if (auto const* integer = std::get_if<std::int64_t>(&cell)) {
    return "holds " + std::to_string(*integer);
  }
  return "holds " + printed(std::get<double>(cell));
}

std::string subject(sql_detail::Result const* result) {
  return has_statement(result) ? "'" + result->columns.statement + "'" : "the statement";
}

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool is_same_name(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, {}, lower, lower);
}

[[noreturn]] void refuse_column(sql_detail::Result const* result, std::string_view name,
                                char const* why, std::string const& remark) {
  throw Error{Fault::rejected,
              "sql: " + subject(result) + " returned " + why + std::string{name} + "'" + remark};
}

template <class Number>
std::optional<Number> parse(std::string_view text) {
  Number number{};
  auto const* const end = text.data() + text.size();
  auto const [last, trouble] = std::from_chars(text.data(), end, number);
  if (trouble != std::errc{} || last != end) return std::nullopt;
  return number;
}

}  // namespace

namespace sql_detail {

bool to_bool(Cell const& cell, Place const& place) {
  if (auto const* text = std::get_if<std::string>(&cell);
      text != nullptr && (*text == "t" || *text == "f")) {
    return *text == "t";
  }
  return to_integer(cell, place) != 0;
}

std::int64_t to_integer(Cell const& cell, Place const& place) {
  if (auto const* integer = std::get_if<std::int64_t>(&cell)) return *integer;
  if (auto const* text = std::get_if<std::string>(&cell)) {
    if (auto const number = parse<std::int64_t>(*text)) return *number;
  }
  malformed(place, described(cell) + ", which is no integer");
}

double to_double(Cell const& cell, Place const& place) {
  if (auto const* number = std::get_if<double>(&cell)) return *number;
  if (auto const* integer = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*integer);
  if (auto const* text = std::get_if<std::string>(&cell)) {
    if (auto const number = parse<double>(*text)) return *number;
  }
  malformed(place, described(cell) + ", which is no number");
}

std::string to_text(Cell const& cell, Place const& place) {
  if (auto const* text = std::get_if<std::string>(&cell)) return *text;
  if (auto const* integer = std::get_if<std::int64_t>(&cell)) return printed(*integer);
  if (auto const* number = std::get_if<double>(&cell)) return printed(*number);
  malformed(place, "is NULL, where a text was expected");
}

Decimal to_decimal(Cell const& cell, Place const& place) {
  if (std::holds_alternative<std::monostate>(cell)) malformed(place, "is NULL, which is no number");
  try {
    return Decimal::parse(to_text(cell, place));
  } catch (Error const&) { malformed(place, described(cell) + ", which is no decimal number"); }
}

Uuid to_uuid(Cell const& cell, Place const& place) {
  auto const* const text = std::get_if<std::string>(&cell);
  if (text == nullptr) malformed(place, described(cell) + ", which is no UUID");
  try {
    return Uuid::parse(*text);
  } catch (Error const&) { malformed(place, described(cell) + ", which is no UUID"); }
}

std::vector<std::byte> to_bytes(Cell const& cell, Place const& place) {
  auto const* const text = std::get_if<std::string>(&cell);
  if (text == nullptr) malformed(place, described(cell) + ", where bytes were expected");
  auto const* const bytes = reinterpret_cast<std::byte const*>(text->data());
  return {bytes, bytes + text->size()};
}

std::int64_t to_moment(Cell const& cell, Place const& place) {
  if (auto const* text = std::get_if<std::string>(&cell)) {
    if (auto const moment = moment_in(*text)) return *moment;
  }
  malformed(place, described(cell) + ", which is no point of time in ISO 8601; read it as a text, "
                                     "or as a number");
}

std::int64_t to_duration(Cell const& cell, Place const& place) {
  if (auto const* text = std::get_if<std::string>(&cell)) {
    if (auto const duration = duration_in(*text)) return *duration;
  }
  malformed(place, described(cell) + ", which is no duration without months; read it as a text, or "
                                     "as a number of the unit that it has");
}

void out_of_range(Cell const& cell, Place const& place) {
  malformed(place, described(cell) + ", which does not fit the type asked for");
}

void no_such_name(Cell const& cell, Place const& place, std::string const& names) {
  malformed(place, described(cell) + ", which is none of " + names);
}

void no_such_row(std::size_t row, std::size_t rows) {
  throw Error{Fault::rejected, "sql: the statement returned " + counted(rows, " row") + "; row " +
                                   std::to_string(row) + " was asked for"};
}

void no_such_column(std::size_t column, std::size_t columns) {
  throw Error{Fault::rejected, "sql: the statement returned " + counted(columns, " column") +
                                   "; column " + std::to_string(column) + " was asked for"};
}

void not_one_row(Result const* result, std::size_t rows, bool none_is_fine) {
  throw Error{Fault::rejected,
              "sql: " + subject(result) + " returned " + counted(rows, " row") +
                  (none_is_fine ? ", where one at most was expected" : ", where one was expected")};
}

std::size_t find_column(Result const* result, std::string_view name) {
  constexpr auto missing = static_cast<std::size_t>(-1);
  auto found = missing;
  std::string all;
  if (result != nullptr) {
    auto const& names = result->columns.names;
    for (std::size_t i = 0; i < names.size(); ++i) {
      all.append(all.empty() ? "" : ", ").append(names[i]);
      if (!is_same_name(names[i], name)) continue;
      if (found != missing)
        refuse_column(result, name, "more than one column '", "; tell them apart by AS");
      found = i;
    }
  }
  if (found == missing)
    refuse_column(result, name, "no column '", all.empty() ? "" : "; it returned " + all);
  return found;
}

}  // namespace sql_detail

Rows::Rows(std::size_t columns, std::vector<Cell> cells, std::int64_t affected)
    : columns_{columns}, affected_{affected} {
  if (cells.empty()) return;
  result_ = std::make_shared<sql_detail::Result const>(sql_detail::Result{{}, std::move(cells)});
}

Rows::Rows(ResultColumns columns, std::vector<Cell> cells, std::int64_t affected)
    : columns_{columns.names.size()}, affected_{affected} {
  if (columns_ == 0) return;
  result_ = std::make_shared<sql_detail::Result const>(
      sql_detail::Result{std::move(columns), std::move(cells)});
}

}  // namespace tram
