#include "text_table.hpp"

#include <algorithm>
#include <ostream>

#include "tram/base/json_text.hpp"

namespace tram::operator_program {
namespace {

constexpr std::size_t cell_width_max = 60;

bool continues_a_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

std::size_t width_of(std::string const& text) {
  return text.size() - static_cast<std::size_t>(std::ranges::count_if(text, continues_a_character));
}

std::string fitting(std::string const& text) {
  std::string shown;
  json::append_escaped(shown, text);
  if (width_of(shown) <= cell_width_max) return shown;
  std::size_t end = cell_width_max;
  while (end > 0 && continues_a_character(shown[end])) --end;
  return shown.substr(0, end) + "…";
}

void print_row(std::ostream& out, TextRow const& row, std::vector<std::size_t> const& widths) {
  std::string line;
  for (std::size_t column = 0; column < row.size(); ++column) {
    line += row[column];
    if (column + 1 < row.size()) line.append(widths[column] + 2 - width_of(row[column]), ' ');
  }
  out << line << "\n";
}

}  // namespace

void print_table(std::ostream& out, TextRow const& titles, std::vector<TextRow> rows) {
  std::vector<std::size_t> widths;
  for (auto const& title : titles) widths.push_back(width_of(title));
  for (auto& row : rows) {
    for (std::size_t column = 0; column < row.size(); ++column) {
      row[column] = fitting(row[column]);
      widths[column] = std::max(widths[column], width_of(row[column]));
    }
  }
  print_row(out, titles, widths);
  for (auto const& row : rows) print_row(out, row, widths);
}

}  // namespace tram::operator_program
