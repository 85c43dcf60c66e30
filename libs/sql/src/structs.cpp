#include "tram/sql/structs.hpp"

namespace tram::sql_detail {
namespace {

// SQLite's default for the values of a statement; PostgreSQL has twice as many.
constexpr std::size_t values_max = 32'766;
constexpr std::size_t rows_max = 1'000;

bool has_capitals(std::string_view name) {
  return std::ranges::any_of(name, [](char c) { return c >= 'A' && c <= 'Z'; });
}

void append_name(std::string& text, std::string_view member) {
  auto const name = column_name(member);
  if (has_capitals(name)) text.append(name);
  else text.append("\"").append(name).append("\"");
}

}  // namespace

std::string insert_statement(std::string_view table, std::span<std::string_view const> members,
                             std::size_t rows) {
  std::string text{"INSERT INTO "};
  text.append(table).append(" (");
  std::string places{"("};
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i > 0) text.append(", ");
    append_name(text, members[i]);
    places.append(i > 0 ? ", ?" : "?");
  }
  text.append(") VALUES ");
  places.append(")");
  for (std::size_t row = 0; row < rows; ++row) text.append(row > 0 ? ", " : "").append(places);
  return text;
}

std::size_t rows_per_statement(std::size_t members) {
  return std::min(rows_max, values_max / std::max<std::size_t>(members, 1));
}

}  // namespace tram::sql_detail
