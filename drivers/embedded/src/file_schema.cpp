#include "file_schema.hpp"

#include <string>

namespace tram::embedded {
namespace {

/// "Tram" in ASCII: what `file` and other programs see of the file's owner.
constexpr std::int64_t application_id{0x5472616d};
constexpr std::int64_t version{1};

constexpr char const* tables = R"(
PRAGMA application_id = 1416782189;
PRAGMA user_version = 1;
CREATE TABLE tram_channel (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
-- `first`: every position below it was removed.
CREATE TABLE tram_partition (
  id INTEGER PRIMARY KEY,
  channel INTEGER NOT NULL REFERENCES tram_channel (id),
  number INTEGER NOT NULL,
  first INTEGER NOT NULL DEFAULT 0,
  UNIQUE (channel, number)
) STRICT;
-- `place`: the partition's id * 2^40 + the position. `time`: of the commit, in milliseconds by the
-- broker's own time, which began as civil time; before the bytes, so that it is read without them.
CREATE TABLE tram_record (
  place INTEGER PRIMARY KEY,
  time INTEGER NOT NULL,
  key BLOB NOT NULL,
  value BLOB NOT NULL
) STRICT;
-- `next` is empty while nothing is stored. It is stored under the current generation only.
CREATE TABLE tram_progress (
  group_name TEXT NOT NULL,
  partition INTEGER NOT NULL REFERENCES tram_partition (id),
  generation INTEGER NOT NULL,
  next INTEGER,
  PRIMARY KEY (group_name, partition)
) STRICT, WITHOUT ROWID;
)";

/// Beside the tables of version 1, which releases before this one go on using: when a group had a
/// member last that reads the channel, by the broker's own time.
constexpr char const* table_of_groups = R"(
CREATE TABLE IF NOT EXISTS tram_group_channel (
  group_name TEXT NOT NULL,
  channel INTEGER NOT NULL REFERENCES tram_channel (id),
  seen INTEGER NOT NULL,
  PRIMARY KEY (group_name, channel)
) STRICT, WITHOUT ROWID;
)";

std::int64_t number(FileConnection& connection, char const* sql) {
  Statement statement{connection, "open", sql};
  auto row = statement.run();
  row.next();
  return row.number(0);
}

Error refused(FileConnection const& connection, std::string const& reason) {
  return Error{Fault::rejected, "embedded: cannot open '" + connection.path() + "': " + reason};
}

void use_write_ahead_log(FileConnection& connection) {
  Statement statement{connection, "open", "PRAGMA journal_mode = WAL"};
  auto row = statement.run();
  row.next();
  if (row.bytes(0) == "wal") return;
  throw refused(connection, "its file system cannot share memory; use a local disk");
}

void create(FileConnection& connection) {
  use_write_ahead_log(connection);
  TransactionStatements statements{connection};
  FileTransaction transaction{connection, statements};
  connection.run("make", tables);
  transaction.commit();
}

}  // namespace

Error damaged(FileConnection const& connection, std::string const& what) {
  return refused(connection, what + "; somebody changed its tables: restore it from a backup, or "
                                    "move it away to begin with a new one");
}

void prepare_file(FileConnection& connection) {
  auto const owner = number(connection, "PRAGMA application_id");
  if (owner == 0 && number(connection, "SELECT count(*) FROM sqlite_schema") == 0) {
    create(connection);
  } else {
    check_file(connection);
  }
  connection.run("make", table_of_groups);
}

void check_file(FileConnection& connection) {
  auto const owner = number(connection, "PRAGMA application_id");
  if (owner != application_id) {
    throw refused(connection, "it is a database of something else; name another file");
  }
  auto const found = number(connection, "PRAGMA user_version");
  if (found <= version) return;
  throw refused(connection, "it has version " + std::to_string(found) +
                                " of the tables, and this program knows " +
                                std::to_string(version) + "; use the newer release that made it");
}

}  // namespace tram::embedded
