#include "backup.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <iterator>

#include "tram/base/assert.hpp"
#include "tram/sql/transaction.hpp"

namespace tram::simulation {
namespace {

struct Contents {
  std::set<std::pair<std::int64_t, std::string>> written;
  std::set<std::pair<std::string, std::string>> received;
};

Contents contents_of(Database& database) {
  return database.transact([](Transaction& tx) {
    Contents contents;
    for (auto const row : tx.execute("SELECT number, message_id FROM written"))
      contents.written.emplace(row.get<std::int64_t>(0), row.get<std::string>(1));
    for (auto const row : tx.execute("SELECT consumer_id, message_id FROM received_messages"))
      contents.received.emplace(row.get<std::string>(0), row.get<std::string>(1));
    return contents;
  });
}

}  // namespace

void Backup::Close::operator()(sqlite3* connection) const noexcept {
  ::sqlite3_close_v2(connection);
}

Backup::Backup(std::string path) : path_{std::move(path)}, copy_{open(":memory:")} {
  copy(open(path_).get(), copy_.get());
}

void Backup::restore(Database& database, std::int64_t last_number, Undone& undone) const {
  auto const before = contents_of(database);
  copy(copy_.get(), open(path_).get());
  auto const after = contents_of(database);
  for (auto const& each : before.written) {
    if (after.written.contains(each)) continue;
    undone.numbers.insert(each.first);
    undone.message_ids.insert(each.second);
  }
  std::ranges::set_difference(before.received, after.received,
                              std::inserter(undone.received, undone.received.end()));
  undone.up_to = last_number;
}

Backup::Handle Backup::open(std::string const& path) {
  sqlite3* connection = nullptr;
  int const flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI;
  int const code = ::sqlite3_open_v2(path.c_str(), &connection, flags, nullptr);
  Handle handle{connection};
  TRAM_ASSERT(code == SQLITE_OK, "a database in memory can be opened");
  return handle;
}

/// Between two actions of the world nobody is in a transaction.
void Backup::copy(sqlite3* from, sqlite3* to) {
  auto* const copying = ::sqlite3_backup_init(to, "main", from, "main");
  TRAM_ASSERT(copying != nullptr, "a database in memory can be copied");
  int const code = ::sqlite3_backup_step(copying, -1);
  ::sqlite3_backup_finish(copying);
  TRAM_ASSERT(code == SQLITE_DONE, "a database in memory is copied at once");
}

}  // namespace tram::simulation
