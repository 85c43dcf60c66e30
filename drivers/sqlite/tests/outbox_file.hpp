#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <string>

/// What the tests of the change source work on, with nothing of ours between them and SQLite.
namespace tram::testing {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "tram-sqlite-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(TemporaryFolder const&) = delete;
  TemporaryFolder& operator=(TemporaryFolder const&) = delete;
  [[nodiscard]] std::filesystem::path const& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class RawConnection {
 public:
  explicit RawConnection(std::string const& path) {
    EXPECT_EQ(sqlite3_open(path.c_str(), &connection_), SQLITE_OK);
    sqlite3_busy_timeout(connection_, 5000);
  }
  ~RawConnection() { sqlite3_close(connection_); }
  RawConnection(RawConnection const&) = delete;
  RawConnection& operator=(RawConnection const&) = delete;

  void run(std::string const& sql) const {
    ASSERT_EQ(sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sql << ": " << sqlite3_errmsg(connection_);
  }
  [[nodiscard]] std::int64_t value(std::string const& sql) const {
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(connection_, sql.c_str(), -1, &statement, nullptr), SQLITE_OK);
    std::int64_t const found =
        sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
    sqlite3_finalize(statement);
    return found;
  }
  /// What `.backup` and `.restore` of the shell do: the pages of one database over those of
  /// another, which stays the same file.
  void copy_into(std::string const& path) const {
    sqlite3* target = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &target), SQLITE_OK);
    sqlite3_busy_timeout(target, 5000);
    auto* const backup = sqlite3_backup_init(target, "main", connection_, "main");
    ASSERT_NE(backup, nullptr) << sqlite3_errmsg(target);
    EXPECT_EQ(sqlite3_backup_step(backup, -1), SQLITE_DONE);
    EXPECT_EQ(sqlite3_backup_finish(backup), SQLITE_OK) << sqlite3_errmsg(target);
    sqlite3_close(target);
  }
  void insert(std::string const& id) const {
    run("INSERT INTO message (id, destination, headers, payload, published) VALUES ('" + id +
        "', 'orders', '{\"ID\":\"" + id + "\"}', '" + id + "', 0)");
  }

 private:
  sqlite3* connection_{};
};

/// A database file with an empty outbox.
class OutboxFile {
 public:
  explicit OutboxFile(std::string const& journal_mode = "WAL") {
    RawConnection const connection{path()};
    connection.run("PRAGMA journal_mode = " + journal_mode);
    connection.run("CREATE TABLE message (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, "
                   "destination TEXT NOT NULL, "
                   "headers TEXT, payload TEXT, published INTEGER DEFAULT 0, message_partition "
                   "INTEGER, creation_time INTEGER)");
    connection.run(
        "CREATE TABLE tram_relay_position (relay TEXT PRIMARY KEY, position INTEGER NOT NULL)");
  }
  [[nodiscard]] std::string path() const { return (folder_.path() / "orders.db").string(); }

 private:
  TemporaryFolder folder_;
};

}  // namespace tram::testing
