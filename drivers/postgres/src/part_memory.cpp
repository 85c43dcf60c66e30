#include "part_memory.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace tram::postgres {
namespace {

/// However far away the server's standbys are: what is stored goes with this server's slot.
constexpr std::string_view local_commit{"SET LOCAL synchronous_commit = local; "};

std::uint32_t number_of(std::string const& table) {
  return static_cast<std::uint32_t>(std::strtoul(table.c_str(), nullptr, 10));
}

}  // namespace

PartMemory::PartMemory(ChangeSourceConfig const& config, std::string const& name)
    : table_{config.schema.qualify("tram_relay_position")}, name_{name} {}

/// The digit tells this way of storing them from a later one.
std::string PartMemory::prefix(std::string_view kind) const {
  return name_ + "#" + std::string{kind} + "1@" + server_ + " ";
}

void PartMemory::recall(Session& session, std::string const& history, Access access,
                        Deadline deadline) {
  auto const server = history.substr(0, history.find('/'));
  if (server != server_) forget();
  server_ = server;
  usable_ = access == Access::write;
  auto const text = [](Result const& found, int row, int column) {
    return std::string{PQgetvalue(found.get(), row, column)};
  };
  remedy_.clear();
  if (!usable_) remedy_ = text(session.query(remedy_for_answers_question(table_), deadline), 0, 0);
  if (access == Access::none) return;
  parts_.clear();
  answers_.clear();
  auto const found = session.query(
      "SELECT substr(relay, length(" + sql_text(name_ + "#") +
          ") + 1), position, has_table_privilege(" + sql_text(table_) + ", 'DELETE')::int FROM " +
          table_ + " WHERE strpos(relay, " + sql_text(name_ + "#") + ") = 1 AND strpos(relay, " +
          sql_text("1@" + server_ + " ") +
          ") > 0 AND relay ~ '#(part|root|asked|left)1@[0-9]+ [0-9]+$' AND "
          "substring(relay FROM '[0-9]+$')::numeric BETWEEN 1 AND 4294967295",
      deadline);
  for (int row = 0; row < PQntuples(found.get()); ++row) {
    learn(text(found, row, 0), std::strtoull(text(found, row, 1).c_str(), nullptr, 10));
    may_forget_ = text(found, row, 2) == "1";
  }
  for (auto const& [number, noted] : unsaved_) {
    parts_[number] = noted;
    use_answer(number);
  }
}

void PartMemory::forget() {
  parts_ = unsaved_ = {};
  answers_.clear();
  dealt_with_.clear();
}

/// A relay stores no 0 for a part: somebody set back everything that is stored.
void PartMemory::learn(std::string const& stored, Lsn position) {
  auto const number = stored.substr(stored.rfind(' ') + 1);
  if (stored.starts_with("asked")) answers_[number] = position;
  else if (stored.starts_with("left")) dealt_with_[number] = position;
  else
    learn_part(number, {.root = stored.starts_with("root"),
                        .until = position == 0 ? still_there : position});
}

/// One that had both roles is counted by its number, too.
void PartMemory::learn_part(std::string const& number, Part const& stored) {
  auto const [place, is_new] = parts_.insert({number, stored});
  place->second.root = place->second.root && stored.root;
  place->second.until = std::max(place->second.until, stored.until);
}

void PartMemory::meet(Session& session, OutboxLook const& now, Lsn confirmed, Deadline deadline) {
  auto changed = std::exchange(unsaved_, {});
  for (auto const& [number, mark] : now.tables) {
    auto const known = parts_.find(number);
    if (known != parts_.end() && known->second.until == still_there) continue;
    changed[number] = {.root = number == now.root};
    use_answer(number);
  }
  Parts done;
  for (auto const& [number, part] : parts_) {
    if (part.until <= confirmed && !now.tables.contains(number)) done.insert({number, part});
  }
  for (auto const& [number, part] : changed) parts_[number] = part;
  if (!usable_) return;
  if (!changed.empty()) session.query(std::string{local_commit} + upsert(rows(changed)), deadline);
  if (!done.empty() && may_forget_)
    session.query(std::string{local_commit} + removal(done), deadline);
}

void PartMemory::meet_alike(std::vector<AlikeTable> const& tables) {
  alike_.clear();
  for (auto const& table : tables) alike_[table.number] = table;
}

/// A table that was a part is in doubt again when it left another one since.
bool PartMemory::in_doubt(std::string const& number, std::string const& left) const {
  if (left.empty() || is_unread(number)) return false;
  if (!answers_.contains(number) && !parts_.contains(number)) return true;
  auto const done = dealt_with_.find(number);
  if (done != dealt_with_.end() && done->second != 0) return std::to_string(done->second) != left;
  return !parts_.contains(number);
}

std::vector<AlikeTable> PartMemory::in_doubt() const {
  std::vector<AlikeTable> tables;
  for (auto const& [number, table] : alike_) {
    if (in_doubt(number, table.left)) tables.push_back(table);
  }
  return tables;
}

AlikeTable PartMemory::table(std::string const& number) const {
  auto const known = alike_.find(number);
  return known == alike_.end() ? AlikeTable{.number = number} : known->second;
}

std::string PartMemory::news(OutboxLook const& now) {
  for (auto const& [number, left] : now.left) {
    auto const known = alike_.find(number);
    bool const met = known != alike_.end() && known->second.left == left;
    if (!met && in_doubt(number, left) && noticed_.emplace(number, left).second) return number;
  }
  return "";
}

bool PartMemory::is_unread(std::string const& number) const {
  auto const part = parts_.find(number);
  return is_read_whole(number) || (part != parts_.end() && part->second.until == still_there);
}

bool PartMemory::is_read_whole(std::string const& number) const {
  auto const answer = answers_.find(number);
  return answer != answers_.end() && answer->second == still_there;
}

std::vector<std::string> PartMemory::left(OutboxLook const& now) const {
  return unread(now, still_there - 1);
}

std::vector<std::string> PartMemory::unread(OutboxLook const& now, Lsn position) const {
  std::set<std::string> numbers;
  for (auto const& [number, part] : parts_) {
    if (part.until > position) numbers.insert(number);
  }
  for (auto const& [number, answer] : answers_) {
    if (answer == still_there) numbers.insert(number);
  }
  for (auto const& [number, mark] : now.tables) numbers.erase(number);
  return {numbers.begin(), numbers.end()};
}

void PartMemory::settle(OutboxLook const& now) {
  for (auto const& number : left(now)) {
    parts_[number].until = now.log_end;
    unsaved_[number] = parts_[number];
    use_answer(number);
    dealt_with_[number] = left_in(number, now);
  }
}

void PartMemory::use_answer(std::string const& number) {
  if (answers_.contains(number)) answers_[number] = 0;
}

/// 0 where it is not known.
Lsn PartMemory::left_in(std::string const& number, OutboxLook const& now) const {
  auto const found = now.left.find(number);
  auto const known = alike_.find(number);
  std::string mark = known == alike_.end() ? "" : known->second.left;
  if (found != now.left.end()) mark = found->second;
  return std::strtoull(mark.c_str(), nullptr, 10);
}

CountedTables PartMemory::counted(OutboxLook const& now) const {
  CountedTables tables;
  for (auto const& [number, table] : alike_) {
    if (table.left.empty()) tables[number_of(number)] = 0;
  }
  for (auto const& [number, answer] : answers_)
    tables[number_of(number)] = answer == 0 ? 0 : now.log_end;
  for (auto const& [number, part] : parts_) {
    auto const until = is_unread(number) ? now.log_end : part.until;
    tables[number_of(number)] = part.root ? 0 : until;
  }
  for (auto const& table : in_doubt()) tables.erase(number_of(table.number));
  for (auto const& [number, mark] : now.tables) tables[number_of(number)] = still_there;
  return tables;
}

std::string PartMemory::row(std::string_view kind, std::string const& number, Lsn position) const {
  return ", (" + sql_text(prefix(kind) + number) + ", " + std::to_string(position) + ")";
}

std::string PartMemory::rows(Parts const& parts) const {
  std::string all;
  for (auto const& [number, part] : parts) {
    all += row(part.root ? "root" : "part", number, part.until);
    auto const left = dealt_with_.find(number);
    if (left != dealt_with_.end()) all += row("left", number, left->second);
    if (answers_.contains(number)) all += row("asked", number, 0);
  }
  return all;
}

std::string PartMemory::upsert(std::string const& rows) const {
  return "INSERT INTO " + table_ + " (relay, position) VALUES " + rows.substr(2) +
         " ON CONFLICT (relay) DO UPDATE SET position = excluded.position";
}

std::string PartMemory::removal(Parts const& parts) const {
  return "DELETE FROM " + table_ + " USING (VALUES " + rows(parts).substr(2) +
         ") AS done (name, until) WHERE relay = name AND NOT EXISTS (SELECT FROM pg_class WHERE "
         "oid = substring(name FROM '[0-9]+$')::oid)";
}

std::string PartMemory::to_publish(std::vector<AlikeTable> const& tables) const {
  std::string all;
  for (auto const& table : tables) {
    all += row("asked", table.number, still_there);
    if (!table.left.empty())
      all += row("left", table.number, std::strtoull(table.left.c_str(), nullptr, 10));
  }
  return upsert(all);
}

std::string PartMemory::question(std::vector<AlikeTable> const& tables) const {
  return names_of(tables) +
         " left another table, which may have been the outbox, and holds rows "
         "that may be unpublished; " +
         how_to_answer(tables);
}

std::string PartMemory::how_to_answer(std::vector<AlikeTable> const& tables) const {
  if (!remedy_.empty())
    return "people decide, and the relay cannot read their answer in " + table_ +
           "; run: " + remedy_;
  std::string grants;
  for (auto const& table : tables) grants += table.grants;
  return "to pass over them store 0 in place of the large number that this stores; to publish "
         "them, run: " +
         grants + to_publish(tables);
}

bool PartMemory::learned_of_another(OutboxLook const& before, OutboxLook const& now) const {
  return std::ranges::any_of(
      left(now), [&](std::string const& number) { return !before.tables.contains(number); });
}

std::string PartMemory::take_unsaved() { return upsert(rows(std::exchange(unsaved_, {}))); }

}  // namespace tram::postgres
