#include "tram/sql/database.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "outbox_file.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/sqlite/adopt.hpp"
#include "tram/sqlite/sqlite.hpp"

namespace {
using namespace std::chrono_literals;
using tram::Access;
using tram::Database;
using tram::Error;
using tram::Fault;
using tram::Transaction;
using tram::sqlite::Config;
using tram::testing::RawConnection;
using tram::testing::TemporaryFolder;

struct SqliteDatabase : ::testing::Test {
  TemporaryFolder folder;
  tram::SystemClock clock;
  tram::SystemRandom random;
  std::string path = (folder.path() / "orders.db").string();
  Database database = open(path);

  Database open(std::string const& file) {
    return tram::sqlite::connect({.path = file}, {}, clock, random);
  }
  void make_table() {
    database.transact(
        [](Transaction& tx) { tx.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)"); });
  }
  std::int64_t count() {
    return database.transact({.access = Access::read_only}, [](Transaction& tx) {
      return tx.execute("SELECT count(*) FROM t")[0].get<std::int64_t>(0);
    });
  }
  static Fault fault_of(auto&& call, std::string* what = nullptr) {
    try {
      call();
    } catch (Error const& error) {
      if (what != nullptr) *what = error.what();
      return error.fault();
    }
    ADD_FAILURE() << "nothing was raised";
    return Fault::malformed;
  }
};

/// Names in the folder, in order.
std::vector<std::string> names_in(std::filesystem::path const& folder) {
  std::vector<std::string> names;
  for (auto const& entry : std::filesystem::directory_iterator{folder}) {
    names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

TEST_F(SqliteDatabase, makes_no_file_unless_it_is_to) {
  using tram::Opening;
  for (auto const opening : {Opening::existing, Opening::read_only}) {
    auto absent = tram::sqlite::connect({.path = path, .opening = opening}, {}, clock, random);
    std::string what;
    EXPECT_EQ(fault_of([&] { absent.transact([](Transaction&) {}); }, &what), Fault::rejected);
    EXPECT_NE(what.find("there is no file '" + path + "'; correct the path"), std::string::npos)
        << what;
  }
  EXPECT_TRUE(names_in(folder.path()).empty());
}

TEST_F(SqliteDatabase, leaves_no_trace_of_a_look) {
  for (std::string const mode : {"WAL", "DELETE"}) {
    auto const file = (folder.path() / (mode + " 100%?#.db")).string();
    {
      RawConnection const made{file};
      made.run("PRAGMA journal_mode = " + mode + "; CREATE TABLE t (id INTEGER PRIMARY KEY)");
    }
    auto const before = names_in(folder.path());
    Config const config{.path = file, .opening = tram::Opening::read_only};
    auto looker = tram::sqlite::connect(config, {}, clock, random);
    auto const rows = looker.transact({.access = Access::read_only}, [](Transaction& tx) {
      return tx.execute("SELECT count(*) FROM t")[0].get<int>(0);
    });
    EXPECT_EQ(rows, 0);
    EXPECT_EQ(names_in(folder.path()), before) << mode;
    EXPECT_EQ(
        fault_of([&] {
          looker.transact([](Transaction& tx) { tx.execute("INSERT INTO t (id) VALUES (1)"); });
        }),
        Fault::rejected);
    RawConnection const writer{file};
    EXPECT_EQ(writer.value("SELECT count(*) FROM pragma_journal_mode WHERE lower(journal_mode) = "
                           "lower('" +
                           mode + "')"),
              1);
  }
}

/// A database in another place, to be put into that of the first.
struct ReplacedDatabase : SqliteDatabase {
  tram::ManualClock time;
  Database lasting = tram::sqlite::connect({.path = path}, {}, time, random);
  std::string other = (folder.path() / "other.db").string();

  ReplacedDatabase() {
    make_table();
    RawConnection const made{other};
    made.run("PRAGMA journal_mode = WAL; CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)");
  }
  void insert() {
    lasting.transact([](Transaction& tx) { tx.execute("INSERT INTO t DEFAULT VALUES"); });
  }
  [[nodiscard]] std::int64_t count_from_outside() const {
    return RawConnection{path}.value("SELECT count(*) FROM t");
  }
  void remove(std::initializer_list<char const*> suffixes) const {
    for (auto const* suffix : suffixes) std::filesystem::remove(path + suffix);
  }
};

TEST_F(ReplacedDatabase, writes_to_the_file_at_the_path_after_it_was_replaced) {
  insert();
  remove({"-wal", "-shm"});
  std::filesystem::rename(other, path);
  time.advance(1s);
  insert();
  EXPECT_EQ(count_from_outside(), 1);
}

TEST_F(ReplacedDatabase, makes_no_new_file_in_place_of_one_that_was_removed) {
  insert();
  remove({"", "-wal", "-shm"});
  time.advance(1s);
  std::string what;
  EXPECT_EQ(fault_of([&] { insert(); }, &what), Fault::transient);
  EXPECT_NE(what.find("removed while it was in use; put it back"), std::string::npos) << what;
  EXPECT_FALSE(std::filesystem::exists(path));
  std::filesystem::rename(other, path);
  insert();
  EXPECT_EQ(count_from_outside(), 1);
}

TEST_F(ReplacedDatabase, saves_what_stood_in_a_log_that_was_removed) {
  for (auto const* suffix : {"-wal", "-shm"}) {
    auto const before = count_from_outside();
    for (int i = 0; i < 3; ++i) insert();
    remove({suffix});
    insert();
    time.advance(1s);
    insert();
    EXPECT_EQ(count_from_outside(), before + 5) << suffix;
    EXPECT_EQ(count(), before + 5) << suffix;
  }
}

TEST_F(ReplacedDatabase, saves_what_stood_in_a_log_for_all_its_connections) {
  auto const insert_now = [&] {
    database.transact([](Transaction& tx) { tx.execute("INSERT INTO t DEFAULT VALUES"); });
  };
  insert_now();
  database.transact({.access = Access::read_only}, [&](Transaction& tx) {
    tx.execute("SELECT count(*) FROM t");
    insert_now();
  });
  remove({"-wal", "-shm"});
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) insert_now();
    });
  }
  threads.clear();
  EXPECT_EQ(count_from_outside(), 102);
  EXPECT_EQ(RawConnection{path}.value("SELECT count(*) FROM pragma_integrity_check WHERE "
                                      "integrity_check = 'ok'"),
            1);
}

TEST_F(ReplacedDatabase, notices_that_the_file_was_truncated) {
  insert();
  RawConnection{path}.run("PRAGMA wal_checkpoint(TRUNCATE)");
  std::filesystem::resize_file(path, 0);
  time.advance(1s);
  EXPECT_NE(fault_of([&] { insert(); }), Fault::rejected);
}

TEST_F(SqliteDatabase, shows_a_look_what_others_have_committed) {
  make_table();
  RawConnection const writer{path};
  writer.run("INSERT INTO t VALUES (1, 'in the log, not in the file')");
  auto looker =
      tram::sqlite::connect({.path = path, .opening = tram::Opening::read_only}, {}, clock, random);
  auto const rows = looker.transact({.access = Access::read_only}, [](Transaction& tx) {
    return tx.execute("SELECT count(*) FROM t")[0].get<int>(0);
  });
  EXPECT_EQ(rows, 1);
}

/// Of this process, too. Stays open: to close it would release the locks that are asked for.
bool is_locked(std::string const& file) {
  int const descriptor = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  EXPECT_EQ(::fcntl(descriptor, F_OFD_GETLK, &lock), 0);
  return lock.l_type != F_UNLCK;
}

TEST_F(SqliteDatabase, keeps_the_locks_of_other_connections_when_it_looks) {
  for (std::string const mode : {"WAL", "DELETE"}) {
    auto const file = (folder.path() / (mode + ".db")).string();
    RawConnection const holder{file};
    holder.run("PRAGMA journal_mode = " + mode + "; CREATE TABLE u (id INTEGER); BEGIN IMMEDIATE");
    ASSERT_TRUE(is_locked(file)) << mode;
    auto looker = tram::sqlite::connect({.path = file, .opening = tram::Opening::read_only}, {},
                                        clock, random);
    looker.transact({.access = Access::read_only},
                    [](Transaction& tx) { tx.execute("SELECT count(*) FROM u"); });
    EXPECT_TRUE(is_locked(file)) << mode;
  }
}

TEST_F(ReplacedDatabase, keeps_the_locks_of_other_connections_when_the_log_was_replaced) {
  insert();
  RawConnection const holder{path};
  holder.run("SELECT count(*) FROM t");
  ASSERT_TRUE(is_locked(path + "-shm"));
  std::filesystem::copy_file(path + "-wal", path + "-copy");
  std::filesystem::rename(path + "-copy", path + "-wal");
  time.advance(1s);
  insert();
  EXPECT_TRUE(is_locked(path + "-shm"));
}

TEST_F(SqliteDatabase, gives_back_every_kind_of_value_as_it_was_given) {
  database.transact([](Transaction& tx) {
    std::string const text{"nul\0 and é", 11};
    auto const rows = tx.execute("SELECT ?, ?, ?, ?, ?", std::int64_t{1} << 62, 0.1, text, nullptr,
                                 std::string_view{});
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].get<std::int64_t>(0), std::int64_t{1} << 62);
    EXPECT_EQ(rows[0].get<double>(1), 0.1);
    EXPECT_EQ(rows[0].get<std::string>(2), text);
    EXPECT_TRUE(rows[0].is_null(3));
    EXPECT_EQ(rows[0].get<std::string>(4), "");
  });
}

TEST_F(SqliteDatabase, counts_the_rows_that_a_statement_changed) {
  make_table();
  database.transact([](Transaction& tx) {
    EXPECT_EQ(tx.execute("INSERT INTO t (name) VALUES ('a'), ('b')").affected(), 2);
    EXPECT_EQ(tx.execute("SELECT * FROM t").affected(), 0);
    EXPECT_EQ(tx.execute("UPDATE t SET name = 'c' WHERE id > 5").affected(), 0);
    EXPECT_EQ(
        tx.execute(tram::insert_or_ignore(tx.dialect(), "INTO t (id) VALUES (?)"), 1).affected(),
        0);
    EXPECT_EQ(tx.execute("DELETE FROM t").affected(), 2);
  });
}

TEST_F(SqliteDatabase, leaves_question_marks_in_quotes_alone) {
  database.transact([](Transaction& tx) {
    auto const rows = tx.execute("SELECT '?', ? AS \"?\"", "x");
    EXPECT_EQ(rows[0].get<std::string>(0), "?");
    EXPECT_EQ(rows[0].get<std::string>(1), "x");
  });
}

TEST_F(SqliteDatabase, commits_so_that_other_processes_see_it_and_rolls_back_without_a_trace) {
  make_table();
  database.transact([](Transaction& tx) { tx.execute("INSERT INTO t (id) VALUES (1)"); });
  EXPECT_THROW(database.transact([](Transaction& tx) {
    tx.execute("INSERT INTO t (id) VALUES (2)");
    throw std::logic_error{"no"};
  }),
               std::logic_error);
  EXPECT_EQ(RawConnection{path}.value("SELECT group_concat(id) FROM t"), 1);
}

TEST_F(SqliteDatabase, keeps_what_came_before_a_savepoint_that_is_rolled_back) {
  make_table();
  database.transact([](Transaction& tx) {
    tx.execute("INSERT INTO t (id) VALUES (1)");
    EXPECT_EQ(fault_of([&] {
                tx.with_savepoint([&] {
                  tx.execute("INSERT INTO t (id) VALUES (2)");
                  tx.execute("INSERT INTO t (id) VALUES (1)");
                });
              }),
              Fault::rejected);
    tx.execute("INSERT INTO t (id) VALUES (3)");
  });
  EXPECT_EQ(RawConnection{path}.value("SELECT sum(id) FROM t"), 4);
}

TEST_F(SqliteDatabase, writes_ahead_and_syncs_its_commits) {
  database.transact([](Transaction& tx) {
    EXPECT_EQ(tx.execute("PRAGMA journal_mode")[0].get<std::string>(0), "wal");
    EXPECT_EQ(tx.execute("PRAGMA synchronous")[0].get<int>(0), 2);
  });
  auto quick = tram::sqlite::connect(
      {.path = path, .durability = tram::sqlite::Durability::process_crash}, {}, clock, random);
  quick.transact(
      [](Transaction& tx) { EXPECT_EQ(tx.execute("PRAGMA synchronous")[0].get<int>(0), 1); });
}

TEST_F(SqliteDatabase, lets_readers_read_while_another_connection_writes) {
  make_table();
  database.transact([&](Transaction& tx) {
    tx.execute("INSERT INTO t (id) VALUES (1)");
    EXPECT_EQ(count(), 0);
  });
  EXPECT_EQ(count(), 1);
}

TEST_F(SqliteDatabase, serves_writers_one_after_the_other) {
  make_table();
  database.transact(
      [](Transaction& tx) { tx.execute("INSERT INTO t (id, name) VALUES (1, '0')"); });
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) {
        database.transact([](Transaction& tx) {
          auto const before = tx.execute("SELECT name FROM t")[0].get<int>(0);
          tx.execute("UPDATE t SET name = ?", std::to_string(before + 1));
        });
      }
    });
  }
  threads.clear();
  EXPECT_EQ(RawConnection{path}.value("SELECT name FROM t"), 100);
}

TEST_F(SqliteDatabase, gives_up_at_its_deadline_when_another_process_keeps_the_lock) {
  make_table();
  RawConnection const other{path};
  other.run("BEGIN IMMEDIATE");
  std::string what;
  EXPECT_EQ(fault_of([&] { database.transact({.timeout = 20ms}, [](Transaction&) {}); }, &what),
            Fault::conflict);
  EXPECT_NE(what.find("another connection is writing"), std::string::npos) << what;
  other.run("COMMIT");
  database.transact([](Transaction&) {});
}

TEST_F(SqliteDatabase, ends_a_statement_at_the_deadline) {
  std::string what;
  auto const endless = [](Transaction& tx) {
    tx.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n");
  };
  EXPECT_EQ(fault_of([&] { database.transact({.timeout = 20ms}, endless); }, &what),
            Fault::transient);
  EXPECT_NE(what.find("deadline"), std::string::npos) << what;
}

TEST_F(SqliteDatabase, refuses_what_the_database_refuses_and_says_what) {
  make_table();
  std::string what;
  auto const fault = [&](std::string const& sql) {
    return fault_of([&] { database.transact([&](Transaction& tx) { tx.execute(sql); }); }, &what);
  };
  EXPECT_EQ(fault("SELEC 1"), Fault::rejected);
  EXPECT_EQ(fault("SELECT * FROM missing"), Fault::rejected);
  EXPECT_NE(what.find("missing"), std::string::npos) << what;
  EXPECT_EQ(fault("INSERT INTO t (id) VALUES (1), (1)"), Fault::rejected);
  EXPECT_EQ(fault("SELECT 1; SELECT 2"), Fault::rejected);
  EXPECT_EQ(fault("SELECT ?"), Fault::rejected);
  EXPECT_NE(what.find("1 placeholders, but 0 values"), std::string::npos) << what;
  EXPECT_EQ(fault(""), Fault::rejected);
}

TEST_F(SqliteDatabase, is_transient_when_the_disk_is_full_and_fits_again_afterwards) {
  make_table();
  auto const pages = [&](std::string const& count) {
    database.transact([&](Transaction& tx) { tx.execute("PRAGMA max_page_count = " + count); });
  };
  pages("3");
  EXPECT_EQ(fault_of([&] {
              database.transact({.attempts_max = 1}, [](Transaction& tx) {
                tx.execute("INSERT INTO t (name) VALUES (hex(randomblob(100000)))");
              });
            }),
            Fault::transient);
  pages("1000");
  database.transact(
      [](Transaction& tx) { tx.execute("INSERT INTO t (name) VALUES (hex(randomblob(100000)))"); });
  EXPECT_EQ(count(), 1);
}

TEST_F(SqliteDatabase, takes_a_missing_unique_index_for_something_to_set_up) {
  make_table();
  try {
    database.transact([](Transaction& tx) {
      tx.execute("INSERT INTO t (id, name) VALUES (1, 'a') ON CONFLICT (name) DO NOTHING");
    });
    FAIL() << "it was run";
  } catch (Error const& error) { EXPECT_TRUE(error.is_about_setup()) << error.what(); }
}

/// Statements that undo the whole transaction when they fail.
struct UndoingStatements : SqliteDatabase {
  UndoingStatements() {
    make_table();
    RawConnection const raw{path};
    raw.run("CREATE TABLE strict (id INTEGER UNIQUE ON CONFLICT ROLLBACK)");
    raw.run("CREATE TABLE guarded (id INTEGER)");
    raw.run("CREATE TRIGGER guard BEFORE INSERT ON guarded BEGIN SELECT RAISE(ROLLBACK, 'never'); "
            "END");
  }
  std::vector<std::string> const statements{
      "INSERT OR ROLLBACK INTO t (id) VALUES (1), (1)", "INSERT INTO strict VALUES (1), (1)",
      "INSERT INTO guarded VALUES (1)", "UPDATE OR ROLLBACK t SET id = 7"};
};

TEST_F(UndoingStatements, are_not_passed_over_though_their_error_was_swallowed) {
  for (auto const& statement : statements) {
    int runs = 0;
    std::string what;
    EXPECT_EQ(fault_of(
                  [&] {
                    database.transact([&](Transaction& tx) {
                      ++runs;
                      tx.execute("INSERT INTO t (id) VALUES (100), (101)");
                      EXPECT_EQ(fault_of([&] { tx.execute(statement); }), Fault::rejected);
                    });
                  },
                  &what),
              Fault::rejected)
        << statement;
    EXPECT_EQ(runs, 1) << statement;
    EXPECT_NE(what.find("rolled the whole transaction back"), std::string::npos) << what;
    EXPECT_NE(what.find("constraint") == std::string::npos, what.find("never") == std::string::npos)
        << what;
    EXPECT_EQ(count(), 0) << statement;
  }
}

TEST_F(UndoingStatements, let_nothing_behind_them_be_committed_by_itself) {
  for (auto const& statement : statements) {
    EXPECT_EQ(fault_of([&] {
                database.transact([&](Transaction& tx) {
                  tx.execute("INSERT INTO t (id) VALUES (100), (101)");
                  EXPECT_EQ(fault_of([&] { tx.execute(statement); }), Fault::rejected);
                  EXPECT_EQ(fault_of([&] { tx.execute("INSERT INTO t (id) VALUES (2)"); }),
                            Fault::rejected);
                });
              }),
              Fault::rejected);
    EXPECT_EQ(count(), 0) << statement;
  }
}

TEST_F(UndoingStatements, end_the_savepoints_that_they_stand_in) {
  for (auto const& statement : statements) {
    EXPECT_EQ(fault_of([&] {
                database.transact([&](Transaction& tx) {
                  tx.execute("INSERT INTO t (id) VALUES (100), (101)");
                  EXPECT_EQ(fault_of([&] { tx.with_savepoint([&] { tx.execute(statement); }); }),
                            Fault::rejected);
                });
              }),
              Fault::rejected);
    EXPECT_EQ(count(), 0) << statement;
  }
}

// --- what a statement may not do

TEST_F(SqliteDatabase, lets_nobody_else_end_its_transactions) {
  make_table();
  for (std::string const end : {"COMMIT", "END", "ROLLBACK", "BEGIN", "SAVEPOINT mine",
                                "RELEASE mine", "COMMIT TRANSACTION"}) {
    for (std::string const before : {"", "\xEF\xBB\xBF", " \f;", "/* x */", "-- x\r\n",
                                     ";;\xEF\xBB\xBF", "/**/\xEF\xBB\xBF-- x\n"}) {
      auto const statement = before + end;
      int runs = 0;
      EXPECT_EQ(fault_of([&] {
                  database.transact([&](Transaction& tx) {
                    ++runs;
                    tx.execute("INSERT INTO t DEFAULT VALUES");
                    tx.execute(statement);
                  });
                }),
                Fault::rejected)
          << statement;
      EXPECT_EQ(runs, 1) << statement;
      EXPECT_EQ(count(), 0) << statement;
    }
  }
  database.transact([](Transaction& tx) { tx.execute("INSERT INTO t DEFAULT VALUES"); });
  EXPECT_EQ(count(), 1);
}

TEST_F(SqliteDatabase, says_that_a_pragma_would_have_no_effect) {
  for (std::string const pragma :
       {"PRAGMA foreign_keys = ON", "pragma main.Foreign_Keys(1)", "PRAGMA/**/foreign_keys=0",
        "PRAGMA journal_mode = DELETE", "PRAGMA synchronous = OFF", "PRAGMA query_only = ON",
        "PRAGMA recursive_triggers(1)", "PRAGMA busy_timeout = 0", "PRAGMA writable_schema = ON",
        "PRAGMA locking_mode = EXCLUSIVE", "PRAGMA ignore_check_constraints = ON"}) {
    std::string what;
    EXPECT_EQ(
        fault_of([&] { database.transact([&](Transaction& tx) { tx.execute(pragma); }); }, &what),
        Fault::rejected);
    EXPECT_NE(what.find("Config::statements"), std::string::npos) << what;
  }
  database.transact([](Transaction& tx) {
    EXPECT_EQ(tx.execute("PRAGMA foreign_keys")[0].get<int>(0), 0);
    tx.execute("PRAGMA user_version = 7");
  });
}

TEST_F(SqliteDatabase, refuses_a_pragma_that_would_wait_for_its_own_transaction) {
  for (std::string const pragma :
       {"PRAGMA wal_checkpoint", "PRAGMA Wal_Checkpoint(TRUNCATE)", "PRAGMA main.wal_checkpoint"}) {
    int runs{};
    EXPECT_EQ(fault_of([&] {
                database.transact([&](Transaction& tx) {
                  ++runs;
                  tx.execute(pragma);
                });
              }),
              Fault::rejected)
        << pragma;
    EXPECT_EQ(runs, 1) << pragma;
  }
}

TEST_F(SqliteDatabase, counts_only_rows_that_the_statement_itself_changed) {
  database.transact([](Transaction& tx) {
    EXPECT_EQ(tx.execute("CREATE TABLE counted (id INTEGER)").affected(), 0);
    EXPECT_EQ(tx.execute("INSERT INTO counted VALUES (1), (2)").affected(), 2);
    EXPECT_EQ(tx.execute("CREATE TABLE other (id INTEGER)").affected(), 0);
    EXPECT_EQ(tx.execute("PRAGMA user_version = 3").affected(), 0);
    EXPECT_EQ(tx.execute("UPDATE counted SET id = 4 WHERE id = 3").affected(), 0);
    EXPECT_EQ(tx.execute("UPDATE counted SET id = 4").affected(), 2);
    EXPECT_EQ(tx.execute("SELECT * FROM counted").affected(), 0);
    EXPECT_EQ(tx.execute("DROP TABLE other").affected(), 0);
    EXPECT_EQ(tx.execute("DELETE FROM counted").affected(), 2);
  });
}

TEST_F(SqliteDatabase, runs_the_given_statements_on_every_connection) {
  auto strict = tram::sqlite::connect(
      {.path = path, .statements = {"PRAGMA foreign_keys = ON", "PRAGMA recursive_triggers = ON"}},
      {}, clock, random);
  strict.transact([&](Transaction& tx) {
    EXPECT_EQ(tx.execute("PRAGMA foreign_keys")[0].get<int>(0), 1);
    strict.transact({.access = Access::read_only}, [](Transaction& second) {
      EXPECT_EQ(second.execute("PRAGMA foreign_keys")[0].get<int>(0), 1);
      EXPECT_EQ(second.execute("PRAGMA recursive_triggers")[0].get<int>(0), 1);
    });
    tx.execute("CREATE TABLE owner (id INTEGER PRIMARY KEY)");
    tx.execute("CREATE TABLE thing (owner INTEGER REFERENCES owner (id))");
  });
  EXPECT_EQ(fault_of([&] {
              strict.transact([](Transaction& tx) { tx.execute("INSERT INTO thing VALUES (1)"); });
            }),
            Fault::rejected);
  auto wrong = tram::sqlite::connect({.path = path, .statements = {"PRAGMA"}}, {}, clock, random);
  EXPECT_EQ(fault_of([&] { wrong.transact([](Transaction&) {}); }), Fault::rejected);
}

// --- who may read the file

std::filesystem::perms mode_of(std::string const& file) {
  return std::filesystem::status(file).permissions();
}

TEST_F(SqliteDatabase, makes_its_files_readable_for_whom_it_is_told) {
  using std::filesystem::perms;
  auto const secret = (folder.path() / "secret.db").string();
  auto owned = tram::sqlite::connect({.path = secret, .file_mode = 0600}, {}, clock, random);
  owned.transact([](Transaction& tx) { tx.execute("CREATE TABLE t (x)"); });
  for (auto const* suffix : {"", "-wal", "-shm"}) {
    EXPECT_EQ(mode_of(secret + suffix), perms::owner_read | perms::owner_write) << suffix;
  }
  auto again = tram::sqlite::connect({.path = secret, .file_mode = 0644}, {}, clock, random);
  again.transact([](Transaction& tx) { tx.execute("INSERT INTO t VALUES (1)"); });
  EXPECT_EQ(mode_of(secret), perms::owner_read | perms::owner_write);
}

TEST_F(SqliteDatabase, refuses_a_file_that_is_no_database_and_a_folder_that_is_not_there) {
  auto const text = (folder.path() / "text.db").string();
  std::ofstream{text} << std::string(4096, 'x');
  std::string what;
  auto const fault_of_opening = [&](std::string const& file) {
    auto other = open(file);
    return fault_of([&] { other.transact([](Transaction&) {}); }, &what);
  };
  EXPECT_EQ(fault_of_opening(text), Fault::rejected);
  EXPECT_EQ(fault_of_opening((folder.path() / "no" / "such.db").string()), Fault::rejected);
  EXPECT_NE(what.find("the folder must exist"), std::string::npos) << what;
}

// --- in memory

TEST_F(SqliteDatabase,
       shares_a_database_in_memory_among_its_connections_and_forgets_it_at_the_end) {
  auto const memory = tram::sqlite::memory_path(random);
  {
    auto in_memory = open(memory);
    in_memory.transact([](Transaction& tx) { tx.execute("CREATE TABLE t (id INTEGER)"); });
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&] {
        for (int i = 0; i < 25; ++i) {
          in_memory.transact([](Transaction& tx) { tx.execute("INSERT INTO t VALUES (1)"); });
        }
      });
    }
    threads.clear();
    in_memory.transact([](Transaction& tx) {
      EXPECT_EQ(tx.execute("SELECT count(*) FROM t")[0].get<int>(0), 100);
    });
  }
  auto again = open(memory);
  EXPECT_EQ(
      fault_of([&] { again.transact([](Transaction& tx) { tx.execute("SELECT * FROM t"); }); }),
      Fault::rejected);
}

TEST_F(SqliteDatabase, refuses_a_memory_of_one_connection) {
  for (auto const* each : {":memory:", "", "file::memory:"}) {
    EXPECT_EQ(fault_of([&] { open(each); }), Fault::rejected);
  }
}

// --- adopted

TEST_F(SqliteDatabase, works_in_a_transaction_that_the_application_has_open) {
  make_table();
  sqlite3* connection = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &connection), SQLITE_OK);
  EXPECT_EQ(fault_of([&] { (void)tram::sqlite::adopt(connection); }), Fault::rejected);
  sqlite3_exec(connection, "BEGIN", nullptr, nullptr, nullptr);
  auto adopted = tram::sqlite::adopt(connection);
  EXPECT_EQ(adopted.execute("INSERT INTO t (id, name) VALUES (?, ?)", 1, "a").affected(), 1);
  EXPECT_EQ(count(), 0);
  sqlite3_exec(connection, "COMMIT", nullptr, nullptr, nullptr);
  EXPECT_EQ(count(), 1);
  EXPECT_EQ(fault_of([&] { adopted.execute("INSERT INTO t (id) VALUES (2)"); }), Fault::rejected);
  sqlite3_close(connection);
}

}  // namespace
