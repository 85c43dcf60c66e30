#include "tram/sql/rows.hpp"

#include <array>
#include <charconv>
#include <string_view>

#include "tram/base/error.hpp"

namespace tram {
namespace {

[[noreturn]] void malformed(std::size_t column, std::string const& what) {
  throw Error{Fault::malformed, "sql: column " + std::to_string(column) + " of the result " + what};
}

std::string counted(std::size_t count, std::string const& what) {
  return std::to_string(count) + what + (count == 1 ? "" : "s");
}

std::string described(Cell const& cell) {
  if (std::holds_alternative<std::monostate>(cell)) return "is NULL";
  if (auto const* text = std::get_if<std::string>(&cell)) {
    constexpr std::size_t longest = 40;
    return "holds '" + text->substr(0, longest) + (text->size() > longest ? "…'" : "'");
  }
  return "holds a number";
}

template <class Number>
std::optional<Number> parse(std::string_view text) {
  Number number{};
  auto const* const end = text.data() + text.size();
  auto const [last, trouble] = std::from_chars(text.data(), end, number);
  if (trouble != std::errc{} || last != end) return std::nullopt;
  return number;
}

template <class Number>
std::string printed(Number number) {
  std::array<char, 32> digits{};
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr};
}

}  // namespace

namespace sql_detail {

bool to_bool(Cell const& cell, std::size_t column) {
  if (auto const* text = std::get_if<std::string>(&cell);
      text != nullptr && (*text == "t" || *text == "f")) {
    return *text == "t";
  }
  return to_integer(cell, column) != 0;
}

std::int64_t to_integer(Cell const& cell, std::size_t column) {
  if (auto const* integer = std::get_if<std::int64_t>(&cell)) return *integer;
  if (auto const* text = std::get_if<std::string>(&cell)) {
    if (auto const number = parse<std::int64_t>(*text)) return *number;
  }
  malformed(column, described(cell) + ", which is no integer");
}

double to_double(Cell const& cell, std::size_t column) {
  if (auto const* number = std::get_if<double>(&cell)) return *number;
  if (auto const* integer = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*integer);
  if (auto const* text = std::get_if<std::string>(&cell)) {
    if (auto const number = parse<double>(*text)) return *number;
  }
  malformed(column, described(cell) + ", which is no number");
}

std::string to_text(Cell const& cell, std::size_t column) {
  if (auto const* text = std::get_if<std::string>(&cell)) return *text;
  if (auto const* integer = std::get_if<std::int64_t>(&cell)) return printed(*integer);
  if (auto const* number = std::get_if<double>(&cell)) return printed(*number);
  malformed(column, "is NULL, where a text was expected");
}

void out_of_range(std::size_t column, std::int64_t value) {
  malformed(column, "holds " + std::to_string(value) + ", which does not fit the type asked for");
}

void no_such_row(std::size_t row, std::size_t rows) {
  throw Error{Fault::rejected, "sql: the statement returned " + counted(rows, " row") + "; row " +
                                   std::to_string(row) + " was asked for"};
}

void no_such_column(std::size_t column, std::size_t columns) {
  throw Error{Fault::rejected, "sql: the statement returned " + counted(columns, " column") +
                                   "; column " + std::to_string(column) + " was asked for"};
}

}  // namespace sql_detail

Rows::Rows(std::size_t columns, std::vector<Cell> cells, std::int64_t affected)
    : columns_{columns},
      cells_{cells.empty() ? nullptr : std::make_shared<std::vector<Cell> const>(std::move(cells))},
      affected_{affected} {}

}  // namespace tram
