#include "tram/sql/database.hpp"

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
  using tram::sqlite::Opening;
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
    Config const config{.path = file, .opening = tram::sqlite::Opening::read_only};
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

TEST_F(SqliteDatabase, writes_to_the_file_at_the_path_after_it_was_replaced) {
  tram::ManualClock time;
  auto lasting = tram::sqlite::connect({.path = path}, {}, time, random);
  auto const make_and_count = [&] {
    return lasting.transact([](Transaction& tx) {
      tx.execute("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY)");
      tx.execute("INSERT INTO t DEFAULT VALUES");
      return tx.execute("SELECT count(*) FROM t")[0].get<int>(0);
    });
  };
  EXPECT_EQ(make_and_count(), 1);
  for (auto const* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
  time.advance(1s);
  EXPECT_EQ(make_and_count(), 1);
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(SqliteDatabase, shows_a_look_what_others_have_committed) {
  make_table();
  RawConnection const writer{path};
  writer.run("INSERT INTO t VALUES (1, 'in the log, not in the file')");
  auto looker = tram::sqlite::connect({.path = path, .opening = tram::sqlite::Opening::read_only},
                                      {}, clock, random);
  auto const rows = looker.transact({.access = Access::read_only}, [](Transaction& tx) {
    return tx.execute("SELECT count(*) FROM t")[0].get<int>(0);
  });
  EXPECT_EQ(rows, 1);
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

TEST_F(SqliteDatabase, runs_nothing_by_itself_after_an_error_ended_the_transaction) {
  make_table();
  int runs = 0;
  database.transact([&](Transaction& tx) {
    if (++runs > 1) return;
    EXPECT_EQ(fault_of([&] { tx.execute("INSERT OR ROLLBACK INTO t (id) VALUES (1), (1)"); }),
              Fault::rejected);
    tx.execute("INSERT INTO t (id) VALUES (1)");
  });
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(count(), 0);
}

TEST_F(SqliteDatabase, begins_no_savepoint_after_an_error_ended_the_transaction) {
  make_table();
  int runs = 0;
  database.transact([&](Transaction& tx) {
    if (++runs > 1) return;
    tx.with_savepoint([&] {
      EXPECT_EQ(fault_of([&] { tx.execute("INSERT OR ROLLBACK INTO t (id) VALUES (1), (1)"); }),
                Fault::rejected);
      tx.with_savepoint([&] { tx.execute("INSERT INTO t (id) VALUES (1)"); });
    });
  });
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(count(), 0);
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
