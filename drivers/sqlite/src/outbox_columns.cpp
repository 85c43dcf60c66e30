#include "outbox_columns.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace tram::sqlite {
namespace {

enum class Affinity : std::uint8_t { text, blob, integer, real, numeric };

std::string upper_case(std::string_view text) {
  std::string upper{text};
  for (auto& each : upper) each = static_cast<char>(std::toupper(static_cast<unsigned char>(each)));
  return upper;
}

/// As SQLite finds it (its documentation, "Datatypes", section 3.1).
Affinity affinity_of(std::string const& declared) {
  auto const has = [&](std::string_view part) { return declared.find(part) != std::string::npos; };
  if (has("INT")) return Affinity::integer;
  if (has("CHAR") || has("CLOB") || has("TEXT")) return Affinity::text;
  if (has("BLOB") || declared.empty()) return Affinity::blob;
  if (has("REAL") || has("FLOA") || has("DOUB")) return Affinity::real;
  return Affinity::numeric;
}

bool keeps_text(Affinity affinity) {
  return affinity == Affinity::text || affinity == Affinity::blob;
}

}  // namespace

std::string column_complaint(std::string_view column, std::string_view declared, Typing typing) {
  auto const type = upper_case(declared);
  if (typing == Typing::strict && type == "ANY") return {};
  auto const affinity = affinity_of(type);
  auto const subject = "column '" + std::string{column} + "' has type '" + std::string{declared};
  if (column == "seq") {
    if (affinity == Affinity::integer) return {};
    return subject + "', but its numbers order the rows; declare it INTEGER";
  }
  bool const matters = column == "destination" || column == "payload";
  if (!matters || keeps_text(affinity)) return {};
  return subject + "', which SQLite turns into a number where it looks like one; declare it TEXT";
}

std::string numbering_complaint(std::string_view kind, std::string_view statement) {
  if (kind == "view") return "is a view; name the table that its rows are written to";
  if (upper_case(statement).find("AUTOINCREMENT") != std::string::npos) return {};
  return "gives the number of a row that was deleted to another one, which would never be "
         "published; make it anew with \"seq INTEGER PRIMARY KEY AUTOINCREMENT\"";
}

}  // namespace tram::sqlite
