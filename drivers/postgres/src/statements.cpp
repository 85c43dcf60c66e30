#include "statements.hpp"

#include <utility>

#include "tram/sql/dialect.hpp"

namespace tram::postgres {

StatementCache::Statement& StatementCache::look_up(std::string_view sql) {
  auto found = entries_.find(sql);
  if (found == entries_.end()) {
    if (entries_.size() >= entries_max) forget_unnamed();
    Entry entry{.statement = {.numbered = number_placeholders(sql), .name = {}}};
    found = entries_.emplace(std::string{sql}, std::move(entry)).first;
  }
  auto& entry = found->second;
  if (mode_ == Statements::prepared && ++entry.uses == 2 && names_ < names_max) {
    entry.statement.name = "tram_" + std::to_string(++names_);
  }
  return entry.statement;
}

void StatementCache::forget_unnamed() {
  std::erase_if(entries_, [](auto const& entry) { return entry.second.statement.name.empty(); });
}

}  // namespace tram::postgres
