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

std::string PartMemory::question(ChangeSourceConfig const& config, std::string const& name) {
  auto const start = sql_text(name + "#part1@");
  return "SELECT number, (SELECT format('%I.%I', nspname, relname) FROM pg_class c JOIN "
         "pg_namespace n ON n.oid = relnamespace WHERE c.oid = number::oid) FROM (SELECT "
         "substring(relay FROM '[0-9]+$') AS number FROM " +
         config.schema.qualify("tram_relay_position") + " WHERE strpos(relay, " + start +
         ") = 1 AND position = " + std::to_string(still_there) + ") AS stored ORDER BY number";
}

/// The digit tells this way of storing them from a later one.
std::string PartMemory::prefix(bool root) const {
  return name_ + (root ? "#root1@" : "#part1@") + server_ + " ";
}

void PartMemory::recall(Session& session, std::string const& server, Access access,
                        Deadline deadline) {
  if (server != server_) parts_ = unsaved_ = {};
  server_ = server;
  usable_ = access == Access::write;
  if (access == Access::none) return;
  parts_.clear();
  auto const part = sql_text(prefix(false));
  auto const root = sql_text(prefix(true));
  auto const rest = "substr(relay, length(" + part + ") + 1)";
  auto const found = session.query("SELECT " + rest + ", position, strpos(relay, " + root +
                                       "), has_table_privilege(" + sql_text(table_) +
                                       ", 'DELETE')::int FROM " + table_ + " WHERE strpos(relay, " +
                                       part + ") = 1 OR strpos(relay, " + root + ") = 1",
                                   deadline);
  for (int row = 0; row < PQntuples(found.get()); ++row) learn(found, row);
  for (auto const& [number, noted] : unsaved_) parts_[number] = noted;
}

/// One that had both roles is counted by its number, too.
void PartMemory::learn(Result const& found, int row) {
  auto const text = [&](int column) { return std::string{PQgetvalue(found.get(), row, column)}; };
  LogPosition const until = std::strtoull(text(1).c_str(), nullptr, 10);
  bool const root = text(2) == "1";
  auto const [place, is_new] = parts_.insert({text(0), {.root = root, .until = until}});
  place->second.root = place->second.root && root;
  place->second.until = std::max(place->second.until, until);
  may_forget_ = text(3) == "1";
}

void PartMemory::meet(Session& session, OutboxLook const& now, LogPosition confirmed,
                      Deadline deadline) {
  auto changed = std::exchange(unsaved_, {});
  for (auto const& [number, mark] : now.tables) {
    auto const known = parts_.find(number);
    if (known != parts_.end() && known->second.until == still_there) continue;
    changed[number] = {.root = number == now.root};
  }
  Parts done;
  for (auto const& [number, part] : parts_) {
    if (part.until <= confirmed && !now.tables.contains(number)) done.insert({number, part});
  }
  for (auto const& [number, part] : changed) parts_[number] = part;
  if (!usable_) return;
  if (!changed.empty()) session.query(std::string{local_commit} + upsert(changed), deadline);
  if (!done.empty() && may_forget_)
    session.query(std::string{local_commit} + removal(done), deadline);
}

std::vector<std::string> PartMemory::left(OutboxLook const& now) const {
  std::vector<std::string> numbers;
  for (auto const& [number, part] : parts_) {
    if (part.until == still_there && !now.tables.contains(number)) numbers.push_back(number);
  }
  return numbers;
}

void PartMemory::settle(OutboxLook const& now) {
  for (auto const& number : left(now)) {
    parts_[number].until = now.log_end;
    unsaved_[number] = parts_[number];
  }
}

CountedTables PartMemory::counted(OutboxLook const& now) const {
  CountedTables tables;
  for (auto const& number : foreign_) tables[number_of(number)] = 0;
  for (auto const& [number, part] : parts_) {
    auto const until = part.until == still_there ? now.log_end : part.until;
    tables[number_of(number)] = part.root ? 0 : until;
  }
  for (auto const& [number, mark] : now.tables) tables[number_of(number)] = still_there;
  return tables;
}

std::string PartMemory::values(Parts const& parts) const {
  std::string rows;
  for (auto const& [number, part] : parts) {
    rows += (rows.empty() ? "(" : ", (") + sql_text(prefix(part.root) + number) + ", " +
            std::to_string(part.until) + ")";
  }
  return rows;
}

std::string PartMemory::upsert(Parts const& parts) const {
  return "INSERT INTO " + table_ + " (relay, position) VALUES " + values(parts) +
         " ON CONFLICT (relay) DO UPDATE SET position = excluded.position";
}

std::string PartMemory::removal(Parts const& parts) const {
  return "DELETE FROM " + table_ + " USING (VALUES " + values(parts) +
         ") AS done (name, until) WHERE relay = name AND NOT EXISTS (SELECT FROM pg_class WHERE "
         "oid "
         "= substring(name FROM '[0-9]+$')::oid)";
}

std::string PartMemory::to_publish(std::uint32_t table) const {
  return upsert({{std::to_string(table), {}}});
}

bool PartMemory::learned_of_another(OutboxLook const& before, OutboxLook const& now) const {
  return std::ranges::any_of(
      left(now), [&](std::string const& number) { return !before.tables.contains(number); });
}

std::string PartMemory::take_unsaved() { return upsert(std::exchange(unsaved_, {})); }

}  // namespace tram::postgres
