#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace tram::operator_program {

using TextRow = std::vector<std::string>;

/// Columns as wide as they must be, with a line of titles. What would break a line is shown
/// escaped, and what is longer than 60 characters is cut.
void print_table(std::ostream& out, TextRow const& titles, std::vector<TextRow> rows);

}  // namespace tram::operator_program
