#include "tram/sql/dialect.hpp"

#include <algorithm>

#include "tram/base/error.hpp"

namespace tram {
namespace {

bool is_name_part(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

void replace_all(std::string& text, std::string const& place, std::string_view replacement) {
  for (auto at = text.find(place); at != std::string::npos;
       at = text.find(place, at + replacement.size()))
    text.replace(at, place.size(), replacement);
}

}  // namespace

std::string filled(std::string_view statement, std::initializer_list<Replacement> replacements) {
  std::string text{statement};
  for (auto const& [place, replacement] : replacements)
    replace_all(text, "{" + std::string{place} + "}", replacement);
  return text;
}

std::string insert_or_ignore(Dialect const& dialect, std::string_view into) {
  return std::string{dialect.insert_or_ignore}.append(into).append(dialect.or_ignore);
}

SchemaName::SchemaName(std::string_view configured) {
  if (configured == "none") return;
  name_ = configured.empty() ? "eventuate" : configured;
  if (std::all_of(name_.begin(), name_.end(), [](char c) { return is_name_part(c) || c == '$'; }))
    return;
  throw Error{Fault::rejected, "sql: '" + name_ +
                                   "' cannot be a schema name; use letters, digits, '_' and '$', "
                                   "or 'none' for unqualified tables"};
}

std::string SchemaName::qualify(std::string_view table) const {
  return name_.empty() ? std::string{table} : name_ + "." + std::string{table};
}

SchemaName schema_in(Dialect const& dialect, SchemaName const& schema) {
  return dialect.schemas ? schema : SchemaName::none();
}

}  // namespace tram
