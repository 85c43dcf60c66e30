#include "tram/storage/table_part.hpp"

#include <algorithm>
#include <cstddef>
#include <set>

#include "tram/base/error.hpp"

namespace tram {
namespace {

std::string joined(std::vector<std::string> const& parts) {
  std::string text;
  for (auto const& part : parts) text.append(text.empty() ? "" : ", ").append(part);
  return text;
}

std::string index_name(TableDefinition const& table, std::size_t number) {
  if (!table.indexes[number].name.empty()) return table.indexes[number].name;
  return table.name + "_idx" + (number == 0 ? "" : std::to_string(number + 1));
}

bool is_name(std::string const& name) {
  return !name.empty() &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string::npos;
}

int last_version(TablePart const& part) {
  int last{1};
  for (auto const& table : part.tables) {
    last = std::max(last, table.since);
    for (auto const& column : table.columns) last = std::max(last, column.since);
  }
  for (auto const& upgrade : part.upgrades) last = std::max(last, upgrade.version);
  return last;
}

[[noreturn]] void reject(std::string const& what) {
  throw Error{Fault::rejected, "schema: " + what};
}

}  // namespace

void require_usable(TableParts const& parts) {
  std::set<std::string> names;
  for (auto const& part : parts) {
    auto const whose = "part '" + part.name + "' of the tables";
    if (!is_name(part.name))
      reject(whose + " needs a name of letters (a-z), digits, _ and -; give it one");
    if (!names.insert(part.name).second) reject(whose + " is given twice; name one differently");
    if (part.version < last_version(part))
      reject(whose + " has version " + std::to_string(part.version) + ", and contents of version " +
             std::to_string(last_version(part)) + "; raise its version");
  }
}

std::vector<std::string> create_statements(TableDefinition const& table, SchemaName const& schema) {
  std::vector<std::string> parts;
  for (auto const& column : table.columns) {
    parts.push_back("\"" + column.name + "\" " + column.definition);
  }
  parts.insert(parts.end(), table.constraints.begin(), table.constraints.end());
  std::vector<std::string> statements{"CREATE TABLE IF NOT EXISTS " + schema.qualify(table.name) +
                                      " (" + joined(parts) + ")"};
  for (std::size_t i = 0; i < table.indexes.size(); ++i) {
    statements.push_back("CREATE INDEX IF NOT EXISTS " + index_name(table, i) + " ON " +
                         schema.qualify(table.name) + " (" + table.indexes[i].columns + ")");
  }
  return statements;
}

}  // namespace tram
