#include "tram/sqlite/change_source.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <filesystem>
#include <fstream>
#include <stop_token>
#include <thread>
#include <vector>

#include "outbox_file.hpp"
#include "processes.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/schema/schema.hpp"
#include "tram/sqlite/sqlite.hpp"

namespace {
using namespace std::chrono_literals;
using tram::ChangeSource;
using tram::Error;
using tram::Fault;
using tram::LogPosition;
using tram::sqlite::change_source;
using tram::sqlite::ChangeSourceConfig;
using tram::testing::OutboxFile;
using tram::testing::RawConnection;
using tram::testing::TemporaryFolder;
using tram::testing::WriterProcess;
using Texts = std::vector<std::string>;

struct SqliteChangeSource : ::testing::Test {
  OutboxFile file;
  RawConnection writer{file.path()};
  tram::SystemClock clock;

  std::unique_ptr<ChangeSource> source(std::string const& relay = "relay") {
    return change_source({.path = file.path(), .relay = relay}, clock);
  }
  static Texts ids(tram::ChangeBatch const& batch) {
    Texts ids;
    for (auto const& row : batch.rows) ids.push_back(row.id);
    return ids;
  }
  static Texts read(ChangeSource& source, std::size_t rows_max = 100) {
    return ids(source.read(rows_max));
  }
};

TEST_F(SqliteChangeSource, reads_rows_in_the_order_of_their_commits_a_page_at_a_time) {
  for (auto const* id : {"c", "a", "b"}) writer.insert(id);
  auto const tail = source();
  EXPECT_EQ(read(*tail, 2), (Texts{"c", "a"}));
  EXPECT_EQ(read(*tail, 2), (Texts{"b"}));
  EXPECT_EQ(read(*tail, 2), (Texts{}));
  writer.insert("d");
  EXPECT_EQ(read(*tail, 2), (Texts{"d"}));
}

TEST(SqliteOutboxValues, are_the_bytes_that_were_written_whatever_they_are_stored_as) {
  TemporaryFolder const folder;
  auto const path = (folder.path() / "utf16.db").string();
  RawConnection const raw{path};
  raw.run("PRAGMA encoding = 'UTF-16'");
  raw.run("CREATE TABLE message (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, destination TEXT, "
          "headers BLOB, payload, published INT)");
  raw.run("CREATE TABLE tram_relay_position (relay TEXT PRIMARY KEY, position INTEGER NOT NULL)");
  raw.run("INSERT INTO message (id, destination, headers, payload) VALUES ('1', 'orders', "
          "x'7b7d', x'636166c3a9'), ('2', 'orders', '{}', 12), ('3', 'orders', '{}', 1.5), ('4', "
          "'orders', '{}', x'')");
  tram::SystemClock clock;
  auto const rows = change_source({.path = path}, clock)->read(10).rows;
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0].headers, "{}");
  EXPECT_EQ(rows[0].payload, "caf\xC3\xA9");
  EXPECT_EQ(rows[1].payload, "12");
  EXPECT_EQ(rows[1].unreadable, "");
  EXPECT_NE(rows[2].unreadable, "") << "SQLite gives fifteen digits of it";
  EXPECT_EQ(rows[3].payload, "");
}

std::string trouble_of(ChangeSource& tail) {
  try {
    tail.read(10);
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::transient);
    return error.what();
  }
  return "nothing was raised";
}

TEST_F(SqliteChangeSource, notices_that_the_file_was_replaced_and_begins_anew) {
  for (auto const* id : {"a", "b", "c"}) writer.insert(id);
  tram::ManualClock time;
  auto const tail = change_source({.path = file.path()}, time);
  EXPECT_EQ(read(*tail), (Texts{"a", "b", "c"}));
  tail->confirm(LogPosition{3});

  OutboxFile const other;
  {
    RawConnection const restored{other.path()};
    restored.insert("x");
    restored.run("PRAGMA journal_mode = DELETE; PRAGMA journal_mode = WAL");
  }
  for (auto const* suffix : {"-wal", "-shm"}) std::filesystem::remove(file.path() + suffix);
  std::filesystem::rename(other.path(), file.path());
  time.advance(1s);
  auto const text = trouble_of(*tail);
  EXPECT_NE(text.find("'" + file.path() + "' was replaced"), std::string::npos) << text;
  auto const batch = tail->read(10);
  EXPECT_TRUE(batch.starts_over);
  EXPECT_EQ(ids(batch), Texts{"x"});
  RawConnection{file.path()}.insert("y");
  EXPECT_EQ(read(*tail), Texts{"y"});
  EXPECT_FALSE(tail->read(10).starts_over);
}

/// What was in flight lands after the caller has noticed, and before a read tells of it.
TEST_F(SqliteChangeSource, confirms_no_row_of_the_outbox_that_was_there_before) {
  for (auto const* id : {"a", "b", "c"}) writer.insert(id);
  auto const tail = source();
  EXPECT_EQ(read(*tail), (Texts{"a", "b", "c"}));
  writer.run("DELETE FROM message; DELETE FROM sqlite_sequence");
  for (auto const* id : {"x", "y"}) writer.insert(id);
  EXPECT_THROW(tail->keep_alive(), Error);
  tail->keep_alive();
  tail->confirm(LogPosition{2});
  auto const batch = tail->read(10);
  EXPECT_TRUE(batch.starts_over);
  EXPECT_EQ(ids(batch), (Texts{"x", "y"}));
  tail->rewind();
  EXPECT_EQ(read(*tail), (Texts{"x", "y"}));
}

/// So that nothing is in flight when another outbox begins.
TEST_F(SqliteChangeSource, tells_of_another_outbox_before_it_reads_it_also_when_confirming_failed) {
  for (auto const* id : {"a", "b", "c"}) writer.insert(id);
  writer.run("PRAGMA journal_mode = DELETE");
  auto const tail = source();
  EXPECT_EQ(read(*tail), (Texts{"a", "b", "c"}));
  writer.run("BEGIN EXCLUSIVE; DELETE FROM message; DELETE FROM sqlite_sequence");
  writer.insert("x");
  tail->confirm(LogPosition{2});
  writer.run("COMMIT");
  EXPECT_THROW((void)tail->read(10), Error);
  auto const batch = tail->read(10);
  EXPECT_TRUE(batch.starts_over);
  EXPECT_EQ(ids(batch), Texts{"x"});
}

TEST_F(SqliteChangeSource, notices_that_the_file_was_removed_and_makes_none) {
  tram::ManualClock time;
  auto const tail = change_source({.path = file.path()}, time);
  EXPECT_EQ(read(*tail), Texts{});
  std::filesystem::remove(file.path());
  time.advance(1s);
  EXPECT_NE(trouble_of(*tail).find("removed"), std::string::npos);
  EXPECT_NE(trouble_of(*tail).find("there is no file"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(file.path()));
}

TEST_F(SqliteChangeSource, makes_nothing_beside_a_path_that_is_mistyped) {
  TemporaryFolder const folder;
  auto const path = (folder.path() / "ordres.db").string();
  auto const tail = change_source({.path = path}, clock);
  try {
    tail->read(10);
    ADD_FAILURE() << "nothing was raised";
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::transient);
    EXPECT_NE(std::string{error.what()}.find("there is no file '" + path + "'"), std::string::npos)
        << error.what();
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST_F(SqliteChangeSource, gives_every_row_its_columns_and_its_own_position) {
  writer.insert("a");
  writer.run(
      "INSERT INTO message (id, destination, headers, payload) VALUES ('', 'x', NULL, NULL)");
  auto const batch = source()->read(10);
  ASSERT_EQ(batch.rows.size(), 2U);
  EXPECT_EQ(batch.rows[0].destination, "orders");
  EXPECT_EQ(batch.rows[0].headers, R"({"ID":"a"})");
  EXPECT_EQ(batch.rows[0].payload, "a");
  EXPECT_EQ(batch.rows[0].ends_at, LogPosition{1});
  EXPECT_EQ(batch.rows[0].database_id, std::nullopt);
  EXPECT_EQ(batch.rows[1].headers, std::nullopt);
  EXPECT_EQ(batch.rows[1].payload, std::nullopt);
  EXPECT_EQ(batch.rows[1].ends_at, LogPosition{2});
  EXPECT_EQ(batch.rows[1].database_id, 2);
  EXPECT_EQ(batch.seen_up_to, LogPosition{2});
}

TEST_F(SqliteChangeSource, passes_rows_that_are_published_already_and_goes_on_behind_them) {
  writer.insert("a");
  writer.run("INSERT INTO message (id, destination, headers, payload, published) VALUES ('b', 'x', "
             "'{}', '', 1)");
  writer.run("INSERT INTO message (id, destination, headers, payload, published) VALUES ('c', 'x', "
             "'{}', '', NULL)");
  auto const tail = source();
  auto const batch = tail->read(10);
  EXPECT_EQ(ids(batch), (Texts{"a", "c"}));
  EXPECT_EQ(batch.seen_up_to, LogPosition{3});
}

TEST_F(SqliteChangeSource, keeps_text_with_every_byte_in_it) {
  writer.run("INSERT INTO message (id, destination, headers, payload) VALUES ('a', 'x', '{}', 'p' "
             "|| char(0) || 'é')");
  EXPECT_EQ(source()->read(1).rows.at(0).payload, (std::string{"p\0\xc3\xa9", 4}));
}

TEST_F(SqliteChangeSource, shows_no_row_of_a_transaction_that_is_open_or_rolled_back) {
  auto const tail = source();
  writer.run("BEGIN IMMEDIATE");
  writer.insert("a");
  EXPECT_EQ(read(*tail), (Texts{}));
  writer.run("ROLLBACK");
  EXPECT_EQ(read(*tail), (Texts{}));
  writer.insert("b");
  EXPECT_EQ(read(*tail), (Texts{"b"}));
}

TEST_F(SqliteChangeSource, starts_again_behind_the_confirmed_position_when_told) {
  for (auto const* id : {"a", "b", "c"}) writer.insert(id);
  auto const tail = source();
  EXPECT_EQ(read(*tail), (Texts{"a", "b", "c"}));
  tail->confirm(LogPosition{2});
  tail->rewind();
  EXPECT_EQ(read(*tail), (Texts{"c"}));
}

TEST_F(SqliteChangeSource, goes_on_where_its_predecessor_flushed_and_leaves_no_gap) {
  for (auto const* id : {"a", "b", "c"}) writer.insert(id);
  {
    auto const tail = source();
    read(*tail);
    tail->confirm(LogPosition{2});
    tail->flush();
  }
  EXPECT_EQ(read(*source()), (Texts{"c"}));
  // Another relay has a position of its own.
  EXPECT_EQ(read(*source("audit")), (Texts{"a", "b", "c"}));
}

TEST_F(SqliteChangeSource, repeats_what_was_not_stored_when_it_is_killed) {
  for (auto const* id : {"a", "b"}) writer.insert(id);
  {
    auto const tail = source();
    read(*tail);
    tail->confirm(LogPosition{2});
  }
  EXPECT_EQ(read(*source()), (Texts{"a", "b"}));
}

TEST_F(SqliteChangeSource, stores_the_position_now_and_then_by_itself) {
  tram::ManualClock manual;
  auto const tail = change_source({.path = file.path()}, manual);
  for (auto const* id : {"a", "b", "c"}) writer.insert(id);
  read(*tail);
  auto const stored = [&] {
    return writer.value("SELECT position FROM tram_relay_position WHERE relay = 'relay'");
  };
  tail->confirm(LogPosition{1});
  read(*tail);
  EXPECT_EQ(stored(), 1);
  tail->confirm(LogPosition{2});
  manual.advance(199ms);
  EXPECT_LE(tail->poll_interval(), 2ms);
  read(*tail);
  EXPECT_EQ(stored(), 1);
  manual.advance(1ms);
  tail->keep_alive();
  EXPECT_EQ(stored(), 2);
}

TEST_F(SqliteChangeSource, never_waits_for_a_writer_to_store_the_position) {
  tram::ManualClock manual;
  auto const tail = change_source({.path = file.path()}, manual);
  writer.insert("a");
  read(*tail);
  writer.run("BEGIN IMMEDIATE");
  tail->confirm(LogPosition{1});
  EXPECT_EQ(read(*tail), (Texts{}));
  EXPECT_THROW(tail->flush(), Error);
  writer.run("COMMIT");
  tail->flush();
  EXPECT_EQ(writer.value("SELECT position FROM tram_relay_position"), 1);
}

TEST_F(SqliteChangeSource, takes_no_rows_when_it_is_only_to_look_after_itself) {
  writer.insert("a");
  auto const tail = source();
  tail->keep_alive();
  EXPECT_EQ(read(*tail, 1), (Texts{"a"}));
}

TEST_F(SqliteChangeSource, knows_how_far_behind_it_is) {
  for (auto const* id : {"a", "b", "c"}) writer.insert(id);
  auto const tail = source();
  EXPECT_FALSE(tail->status().connected);
  read(*tail, 1);
  EXPECT_TRUE(tail->status().connected);
  EXPECT_EQ(tail->status().behind, 3U);
  tail->confirm(LogPosition{1});
  EXPECT_EQ(tail->status().behind, 2U);
}

TEST_F(SqliteChangeSource, gives_numbers_to_new_rows_only_though_the_newest_were_deleted) {
  writer.insert("a");
  auto const tail = source();
  read(*tail);
  writer.run("DELETE FROM message");
  writer.insert("b");
  EXPECT_EQ(read(*tail), (Texts{"b"}));
}

// --- who is woken

/// Waits as the relay does, for the descriptor or for the moment the source names, but never for
/// its slow poll.
Texts read_when_woken(ChangeSource& source) {
  for (;;) {
    auto const delay = source.poll_interval();
    bool const looks_again = delay <= 100ms;
    pollfd watched{.fd = source.descriptor(), .events = POLLIN, .revents = 0};
    auto const timeout = looks_again ? static_cast<int>(delay / 1ms) + 1 : 10'000;
    if (::poll(&watched, 1, timeout) == 0 && !looks_again) return {"nothing woke the source"};
    Texts found;
    for (auto const& row : source.read(100).rows) found.push_back(row.id);
    if (!found.empty()) return found;
  }
}

/// Nothing is to come of what happened so far: neither events nor further looks.
void settle(ChangeSource& source) {
  source.read(100);
  pollfd watched{.fd = source.descriptor(), .events = POLLIN, .revents = 0};
  while (source.poll_interval() <= 100ms || ::poll(&watched, 1, 0) == 1) source.read(100);
}

TEST_F(SqliteChangeSource, is_woken_by_commits_of_another_process) {
  auto const tail = change_source({.path = file.path(), .poll_interval = 1h}, clock);
  settle(*tail);
  WriterProcess other{file.path(), 1, 50};
  for (int id = 1; id <= 50; ++id) {
    other.commit();
    ASSERT_EQ(read_when_woken(*tail), Texts{std::to_string(id)});
  }
  EXPECT_EQ(other.wait(), 0);
}

TEST_F(SqliteChangeSource, is_woken_through_a_link_to_the_file) {
  TemporaryFolder const elsewhere;
  auto const link = (elsewhere.path() / "link.db").string();
  std::filesystem::create_symlink(file.path(), link);
  auto const tail = change_source({.path = link, .poll_interval = 1h}, clock);
  settle(*tail);
  WriterProcess other{file.path(), 1, 1};
  other.commit();
  EXPECT_EQ(read_when_woken(*tail), Texts{"1"});
  EXPECT_EQ(other.wait(), 0);
}

TEST_F(SqliteChangeSource, stands_by_though_a_link_leads_to_the_file) {
  TemporaryFolder const elsewhere;
  auto const link = (elsewhere.path() / "link.db").string();
  std::filesystem::create_symlink(file.path(), link);
  auto const first = source();
  auto const second = change_source({.path = link}, clock);
  writer.insert("1");
  EXPECT_EQ(read(*first), Texts{"1"});
  EXPECT_EQ(read(*second), Texts{});
  EXPECT_TRUE(second->status().standby);
}

TEST_F(SqliteChangeSource, is_woken_though_the_log_was_made_after_it) {
  // No other connection: the last one that closes removes the write-ahead log.
  OutboxFile const lonely;
  ASSERT_FALSE(std::filesystem::exists(lonely.path() + "-wal"));
  auto const tail = change_source({.path = lonely.path(), .poll_interval = 1h}, clock);
  settle(*tail);
  WriterProcess other{lonely.path(), 1, 1};
  other.commit();
  EXPECT_EQ(read_when_woken(*tail), Texts{"1"});
  EXPECT_EQ(other.wait(), 0);
}

TEST_F(SqliteChangeSource, is_woken_after_the_log_was_written_back_and_begun_anew) {
  auto const tail = change_source({.path = file.path(), .poll_interval = 1h}, clock);
  for (int round = 0; round < 3; ++round) {
    settle(*tail);
    writer.run("PRAGMA wal_checkpoint(TRUNCATE)");
    settle(*tail);
    WriterProcess other{file.path(), round, 1};
    other.commit();
    EXPECT_EQ(read_when_woken(*tail), Texts{std::to_string(round)});
    EXPECT_EQ(other.wait(), 0);
  }
}

TEST_F(SqliteChangeSource, is_woken_after_the_log_was_removed_by_its_last_user_and_made_anew) {
  OutboxFile const rollback{"DELETE"};
  auto const tail = change_source({.path = rollback.path(), .poll_interval = 1h}, clock);
  settle(*tail);
  WriterProcess before{rollback.path(), 1, 1};
  before.commit();
  EXPECT_EQ(read_when_woken(*tail), Texts{"1"});
  EXPECT_EQ(before.wait(), 0);
  settle(*tail);
  // The database changes to write-ahead logging under the source: the log is a new file.
  RawConnection{rollback.path()}.run("PRAGMA journal_mode = WAL");
  settle(*tail);
  WriterProcess after{rollback.path(), 2, 1};
  after.commit();
  EXPECT_EQ(read_when_woken(*tail), Texts{"2"});
  EXPECT_EQ(after.wait(), 0);
}

TEST_F(SqliteChangeSource, rests_when_nothing_is_written) {
  auto const tail = change_source({.path = file.path(), .poll_interval = 30s}, clock);
  writer.insert("a");
  settle(*tail);
  EXPECT_EQ(tail->poll_interval(), 30s);
  std::filesystem::path const neighbour =
      std::filesystem::path{file.path()}.parent_path() / "other.db-wal";
  RawConnection{neighbour.string()}.run("CREATE TABLE t (x)");
  tail->read(10);
  EXPECT_EQ(tail->poll_interval(), 30s);
}

// --- a table made anew

TEST_F(SqliteChangeSource, refuses_a_table_that_was_made_anew_behind_its_position) {
  for (auto const* id : {"a", "b", "c"}) writer.insert(id);
  auto tail = source();
  read(*tail);
  tail->confirm(LogPosition{3});
  tail->flush();
  tail.reset();
  // Removed rows are no new table.
  writer.run("DELETE FROM message");
  EXPECT_EQ(read(*source()), (Texts{}));

  writer.run("DROP TABLE message");
  writer.run("CREATE TABLE message (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, destination "
             "TEXT, headers TEXT, payload TEXT, published INTEGER DEFAULT 0)");
  writer.insert("d");
  auto const again = change_source({.path = file.path()}, clock);
  try {
    again->read(10);
    FAIL() << "it passed over the new row";
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::rejected);
    EXPECT_NE(std::string{error.what()}.find("DELETE FROM tram_relay_position"), std::string::npos);
  }
  writer.run("DELETE FROM tram_relay_position WHERE relay = 'relay'");
  EXPECT_EQ(read(*again), (Texts{"d"}));
}

// --- a busy database

/// Has another connection lock the database right before the source asks for the table's end.
class LockBeforeEnd {
 public:
  explicit LockBeforeEnd(RawConnection const& blocker) {
    blocker_ = &blocker;
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(&watch));
  }
  ~LockBeforeEnd() {
    sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&watch));
    blocker_ = nullptr;
  }
  LockBeforeEnd(LockBeforeEnd const&) = delete;
  LockBeforeEnd& operator=(LockBeforeEnd const&) = delete;

  static void arm() { armed_ = true; }
  [[nodiscard]] static bool has_locked() { return !armed_; }

 private:
  static int watch(sqlite3* connection, char const**, sqlite3_api_routines const*) {
    return sqlite3_trace_v2(connection, SQLITE_TRACE_STMT, &look, nullptr);
  }
  static int look(unsigned, void*, void* statement, void*) {
    std::string const sql = sqlite3_sql(static_cast<sqlite3_stmt*>(statement));
    if (!armed_ || sql.find("max(seq)") == std::string::npos) return 0;
    armed_ = false;
    blocker_->run("BEGIN EXCLUSIVE");
    return 0;
  }
  static inline RawConnection const* blocker_{};
  static inline bool armed_{};
};

TEST_F(SqliteChangeSource, loses_no_row_when_the_database_gets_busy_in_the_middle_of_a_read) {
  OutboxFile const locking{"DELETE"};
  RawConnection const other{locking.path()};
  for (auto const* id : {"a", "b", "c"}) other.insert(id);
  LockBeforeEnd const lock{other};
  tram::ManualClock time;
  auto const tail = change_source({.path = locking.path()}, time);
  EXPECT_EQ(read(*tail, 1), (Texts{"a"}));
  time.advance(2s);
  LockBeforeEnd::arm();
  auto seen = read(*tail, 1);
  EXPECT_TRUE(LockBeforeEnd::has_locked());
  other.run("ROLLBACK");
  while (seen.size() < 2) {
    auto const more = read(*tail, 1);
    ASSERT_FALSE(more.empty());
    seen.insert(seen.end(), more.begin(), more.end());
  }
  EXPECT_EQ(seen, (Texts{"b", "c"}));
}

TEST_F(SqliteChangeSource, does_not_take_a_busy_database_for_one_without_rows) {
  OutboxFile const locking{"DELETE"};
  RawConnection const other{locking.path()};
  auto const tail = change_source({.path = locking.path()}, clock);
  EXPECT_TRUE(tail->read(10).at_end);
  other.insert("a");
  other.run("BEGIN EXCLUSIVE");
  auto const busy = tail->read(10);
  EXPECT_TRUE(busy.rows.empty());
  EXPECT_FALSE(busy.at_end);
  other.run("ROLLBACK");
  EXPECT_EQ(read(*tail), Texts{"a"});
}

// --- in memory

TEST_F(SqliteChangeSource, tails_a_database_in_memory_that_others_write) {
  tram::SystemRandom random;
  auto const path = tram::sqlite::memory_path(random);
  auto database = tram::sqlite::connect({.path = path}, {}, clock, random);
  tram::install_schema(database, tram::SchemaName::none());
  auto const tail = change_source({.path = path}, clock);
  EXPECT_EQ(read(*tail), (Texts{}));
  EXPECT_EQ(tail->descriptor(), -1);
  EXPECT_LE(tail->poll_interval(), 2ms);
  Texts seen;
  for (int id = 1; id <= 10; ++id) {
    database.transact([&](tram::Transaction& tx) {
      tx.execute(
          "INSERT INTO message (id, destination, headers, payload) VALUES (?, 'x', '{}', '')", id);
      // While this one writes, the source sees what was committed before, or that it has to come
      // again.
      for (auto const& each : read(*tail)) seen.push_back(each);
    });
  }
  for (auto const& each : read(*tail)) seen.push_back(each);
  ASSERT_EQ(seen.size(), 10U);
  EXPECT_EQ(seen.back(), "10");
  tail->confirm(LogPosition{10});
  tail->flush();
  EXPECT_EQ(read(*change_source({.path = path}, clock)), (Texts{}));
}

TEST_F(SqliteChangeSource, gets_its_turn_beside_writers_that_never_pause) {
  constexpr int looks = 100;
  tram::SystemRandom random;
  auto const path = tram::sqlite::memory_path(random);
  auto database = tram::sqlite::connect({.path = path}, {}, clock, random);
  tram::install_schema(database, tram::SchemaName::none());
  auto const insert = [&] {
    database.transact([](tram::Transaction& tx) {
      for (int row = 0; row < looks; ++row) {
        tx.execute("INSERT INTO message (id, destination, headers, payload) VALUES ('', 'x', "
                   "'{}', '')");
      }
    });
  };
  insert();
  auto const write = [&](std::stop_token const& stop) {
    while (!stop.stop_requested()) insert();
  };
  auto const tail = change_source({.path = path}, clock);
  std::jthread const first{write};
  std::jthread const second{write};
  // There is a row for each look, so nothing means that it was not served, in the time for one.
  int served = 0;
  for (int look = 0; look < looks; ++look) served += read(*tail, 1).empty() ? 0 : 1;
  EXPECT_GE(served, looks / 2);
}

// --- one relay at a time

TEST_F(SqliteChangeSource, has_a_position_and_a_turn_for_each_table) {
  writer.run("CREATE TABLE message1 (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, destination "
             "TEXT NOT NULL, headers TEXT, payload TEXT, published INTEGER DEFAULT 0)");
  writer.insert("a");
  writer.run("INSERT INTO message1 (id, destination) VALUES ('b', 'orders')");
  auto const plain = source();
  EXPECT_EQ(read(*plain), Texts{"a"});
  plain->confirm(LogPosition{1});
  plain->flush();
  auto const second = change_source({.path = file.path(), .table = "message1"}, clock);
  EXPECT_EQ(read(*second), Texts{"b"});
  EXPECT_FALSE(second->status().standby);
}

TEST_F(SqliteChangeSource,
       stands_by_while_another_one_of_its_name_works_and_takes_over_where_that_ended) {
  for (auto const* id : {"a", "b", "c"}) writer.insert(id);
  auto first = source();
  auto const second = source();
  EXPECT_EQ(read(*first), (Texts{"a", "b", "c"}));
  EXPECT_EQ(read(*second), (Texts{}));
  EXPECT_TRUE(second->status().standby);
  EXPECT_FALSE(first->status().standby);
  EXPECT_LE(second->poll_interval(), 250ms);
  first->confirm(LogPosition{2});
  first->flush();
  EXPECT_EQ(read(*second), (Texts{}));
  first.reset();
  EXPECT_EQ(read(*second), (Texts{"c"}));
  EXPECT_FALSE(second->status().standby);
}

TEST_F(SqliteChangeSource, does_not_believe_in_another_process_that_publishes_nothing) {
  tram::ManualClock time;
  auto const tail = change_source({.path = file.path()}, time);
  auto const working = source();
  read(*working);
  auto const pass = [&](int seconds) {
    for (int i = 0; i < seconds; ++i) {
      read(*tail);
      time.advance(1s);
    }
    return tail->status();
  };
  EXPECT_TRUE(pass(100).standby);
  EXPECT_EQ(tail->status().trouble, "") << "nothing waits";
  writer.insert("a");
  EXPECT_EQ(pass(2).trouble, "");
  auto const doubtful = pass(5);
  EXPECT_FALSE(doubtful.standby);
  auto const& text = doubtful.trouble;
  EXPECT_NE(text.find("holds the lock '" + file.path() + "-relay.lock', but publishes nothing"),
            std::string::npos)
      << text;
  // It publishes again.
  read(*working);
  working->confirm(LogPosition{1});
  working->flush();
  EXPECT_EQ(pass(2).trouble, "");
  // It is slow, but it gets on.
  for (auto const* id : {"b", "c", "d"}) writer.insert(id);
  for (int row = 2; row <= 4; ++row) {
    EXPECT_EQ(pass(4).trouble, "");
    read(*working);
    working->confirm(LogPosition{static_cast<std::uint64_t>(row)});
    working->flush();
  }
}

TEST_F(SqliteChangeSource, follows_no_link_to_its_lock) {
  auto const victim = file.path() + ".victim";
  std::ofstream{victim} << "precious";
  std::filesystem::create_symlink(victim, file.path() + "-relay.lock");
  auto const tail = source();
  EXPECT_NE(trouble_of(*tail).find("it is a link"), std::string::npos);
  EXPECT_FALSE(tail->status().standby);
  EXPECT_EQ(std::filesystem::file_size(victim), 8U);
  std::filesystem::remove(file.path() + "-relay.lock");
  writer.insert("a");
  EXPECT_EQ(read(*tail), Texts{"a"});
  EXPECT_EQ(std::filesystem::status(file.path() + "-relay.lock").permissions(),
            std::filesystem::perms{0600});
}

TEST_F(SqliteChangeSource, lets_relays_of_other_names_work_beside_it) {
  writer.insert("a");
  auto const one = source("one");
  auto const other = source("an/other one");
  EXPECT_EQ(read(*one), Texts{"a"});
  EXPECT_EQ(read(*other), Texts{"a"});
}

// --- trouble

Fault fault_of_read(std::string const& path, std::string& what) {
  tram::SystemClock clock;
  try {
    change_source({.path = path}, clock)->read(1);
  } catch (Error const& error) {
    what = error.what();
    return error.fault();
  }
  ADD_FAILURE() << "read did not fail";
  return Fault::malformed;
}

TEST(SqliteChangeSourceTrouble, is_transient_while_the_file_is_not_there) {
  TemporaryFolder const folder;
  std::string what;
  EXPECT_EQ(fault_of_read((folder.path() / "none.db").string(), what), Fault::transient);
  EXPECT_NE(what.find("none.db"), std::string::npos);
}

TEST(SqliteChangeSourceTrouble, is_rejected_when_the_file_is_no_database_or_has_no_outbox) {
  TemporaryFolder const folder;
  std::string what;
  auto const text = (folder.path() / "text.db").string();
  std::ofstream{text} << std::string(4096, 'x');
  EXPECT_EQ(fault_of_read(text, what), Fault::rejected);
  auto const foreign = (folder.path() / "foreign.db").string();
  RawConnection{foreign}.run("CREATE TABLE t (x)");
  EXPECT_EQ(fault_of_read(foreign, what), Fault::rejected);
  EXPECT_NE(what.find("tram schema install"), std::string::npos) << what;
}

TEST(SqliteChangeSourceTrouble, is_over_when_the_file_appears) {
  TemporaryFolder const folder;
  tram::SystemClock clock;
  auto const path = (folder.path() / "late.db").string();
  auto const tail = change_source({.path = path}, clock);
  EXPECT_THROW(tail->read(1), Error);
  OutboxFile const made;
  std::filesystem::copy_file(made.path(), path);
  EXPECT_EQ(tail->read(1).rows.size(), 0U);
  EXPECT_TRUE(tail->status().connected);
}

TEST_F(SqliteChangeSource, waits_a_moment_for_a_database_that_is_locked_and_then_says_so) {
  OutboxFile const rollback{"DELETE"};
  RawConnection const other{rollback.path()};
  tram::ManualClock manual;
  auto const tail = change_source({.path = rollback.path()}, manual);
  EXPECT_EQ(read(*tail), (Texts{}));
  other.run("BEGIN EXCLUSIVE");
  other.insert("a");
  EXPECT_EQ(read(*tail), (Texts{}));
  EXPECT_LE(tail->poll_interval(), 10ms);
  manual.advance(1s);
  EXPECT_THROW(read(*tail), Error);
  other.run("COMMIT");
  EXPECT_EQ(read(*tail), (Texts{"a"}));
}

}  // namespace
