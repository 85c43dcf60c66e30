#include <algorithm>
#include <ostream>
#include <set>
#include <string>

#include "postgres_relay_world.hpp"
#include "tram/base/error.hpp"

namespace tram::testing {
namespace {

/// What a relay that starts again can know of what happened before.
class PostgresRestart : public PostgresRelay {
 protected:
  std::unique_ptr<ChangeSource> source() {
    source_config_.connection = server().connection();
    return postgres::change_source(source_config_, clock_);
  }
  static void insert_at(std::string const& id, int time) {
    server().sql("INSERT INTO eventuate.message (id, destination, headers, payload, creation_time) "
                 "VALUES ('" +
                 id + "', 'orders', '{\"ID\":\"" + id + "\",\"PARTITION_ID\":\"k\"}', '" + id +
                 "', " + std::to_string(time) + ")");
  }
  static std::string confirmed() {
    return server().sql("SELECT confirmed_flush_lsn FROM pg_replication_slots");
  }
  static bool is_confirmed_up_to(std::string const& position) {
    return server().sql("SELECT confirmed_flush_lsn >= '" + position +
                        "' FROM pg_replication_slots") == "t";
  }
  /// All rows of before are published.
  bool all_confirmed() {
    auto const position = server().sql("SELECT pg_current_wal_insert_lsn()");
    // Other log may lie before the position, and takes much of itself to be confirmed without a
    // row.
    insert_at("one more " + std::to_string(++more_), 5);
    return eventually([&] { return is_confirmed_up_to(position); });
  }
  bool nobody_reads() {
    return eventually([] {
      return server().sql("SELECT count(*) FROM pg_replication_slots WHERE active") == "0";
    });
  }
  std::ptrdiff_t times(std::string const& payload) { return std::ranges::count(landed(), payload); }

  int more_{};

  static constexpr auto two_partitions =
      "ALTER TABLE eventuate.message RENAME TO plain;"
      "CREATE TABLE eventuate.message (LIKE eventuate.plain INCLUDING DEFAULTS) PARTITION BY RANGE "
      "(creation_time); DROP TABLE eventuate.plain;"
      "CREATE TABLE eventuate.message_1 PARTITION OF eventuate.message FOR VALUES FROM (0) TO (10);"
      "CREATE TABLE eventuate.message_2 PARTITION OF eventuate.message FOR VALUES FROM (10) TO "
      "(20);"
      "CREATE PUBLICATION tram FOR TABLE eventuate.message_1, eventuate.message_2";
};

/// The other partition moves the slot past what nobody has looked for yet.
TEST_F(PostgresRestart, loses_no_row_that_was_hidden_just_before_the_relay_was_killed) {
  run_each(two_partitions);
  source_config_.status_interval = 0ms;
  source_config_.look_interval = 1h;
  auto killed = source();
  killed->read(100);
  server().sql("ALTER PUBLICATION tram DROP TABLE eventuate.message_2");
  insert_at("hidden", 15);
  // Behind each checkpoint the server may forget the transactions of before.
  for (auto const* const id : {"1", "2", "3", "4"}) {
    insert_at(id, 5);
    server().sql("CHECKPOINT");
  }
  auto const position = server().sql("SELECT pg_current_wal_lsn()");
  insert_at("5", 5);
  std::size_t shown = 0;
  bool noticed = false;
  EXPECT_TRUE(eventually([&] {
    try {
      auto const batch = killed->read(100);
      shown += batch.rows.size();
      for (auto const& row : batch.rows) {
        if (row.ends_at) killed->confirm(*row.ends_at);
      }
    } catch (Error const&) { noticed = true; }
    return noticed || is_confirmed_up_to(position);
  })) << shown
      << " rows were shown, and the slot is at " << confirmed();
  killed.reset();
  ASSERT_TRUE(nobody_reads());

  server().sql("ALTER PUBLICATION tram ADD TABLE eventuate.message_2");
  source_config_.look_interval = 20ms;
  begin();
  EXPECT_TRUE(eventually([&] { return relay_->readiness().ready; })) << relay_->readiness().reason;
  insert_at("last", 5);
  EXPECT_TRUE(all_confirmed());
  stop();
  EXPECT_EQ(times("last"), 1);
  EXPECT_GE(times("hidden"), 1) << "it is lost";
}

TEST_F(PostgresRestart, repeats_nothing_after_a_clean_stop_without_a_second_look) {
  source_config_.look_interval = 1h;
  start();
  for (auto const* const id : {"1", "2", "3"}) insert(id, "k");
  EXPECT_TRUE(published(3));
  stop();
  start();
  insert("4", "k");
  EXPECT_TRUE(published(1));
  stop();
  EXPECT_EQ(landed(), (Texts{"1", "2", "3", "4"}));
}

TEST_F(PostgresRestart, moves_the_slot_behind_its_rows_also_when_it_looks_seldom) {
  source_config_.look_interval = 1h;
  start();
  insert("1", "k");
  EXPECT_TRUE(all_confirmed());
  insert("2", "k");
  EXPECT_TRUE(all_confirmed());
}

TEST_F(PostgresRestart, writes_nothing_by_itself_while_nothing_happens) {
  start();
  insert("1", "k");
  EXPECT_TRUE(published(1));
  auto const end = [] { return server().sql("SELECT pg_current_wal_insert_lsn()"); };
  // Until the server itself is done with it, and the relay has looked a hundred times.
  EXPECT_TRUE(eventually([&] {
    auto const before = end();
    auto const until = Deadline::after(clock_, 2s);
    while (!until.reached(clock_)) std::this_thread::yield();
    return end() == before;
  })) << "each position that is stored moves the log, which moves the position";
}

class PostgresRestartWithin : public PostgresRestart {
 protected:
  /// Publishes so many rows of a transaction.
  void publish(ChangeSource& source, std::size_t rows) {
    EXPECT_TRUE(eventually([&] {
      for (auto const& row : source.read(std::min<std::size_t>(rows, 50)).rows) {
        EXPECT_EQ(row.id, std::to_string(++given_));
        source.settled(*row.place);
        --rows;
      }
      return rows == 0;
    }));
  }
  static void send(int rows) {
    server().sql("INSERT INTO eventuate.message (id, destination, headers, payload) SELECT i, "
                 "'orders', '{}', 'p' FROM generate_series(1, " +
                 std::to_string(rows) + ") i");
  }
  bool is_remembered() {
    return server().sql("SELECT count(*) FROM eventuate.tram_relay_position WHERE relay LIKE "
                        "'relay@%' AND position > 0") == "1";
  }
  std::size_t stored_row() {
    auto const row = server().sql("SELECT coalesce(max(position), 0) FROM "
                                  "eventuate.tram_relay_position WHERE relay LIKE '%#row1 tram@%'");
    return std::stoul(row);
  }
  void begin_source() {
    source_ = source();
    EXPECT_TRUE(eventually([&] {
      source_->read(100);
      return is_remembered();
    }));
  }
  std::size_t given_{};
};

TEST_F(PostgresRestartWithin, a_transaction_goes_on_behind_what_was_published_before_a_clean_stop) {
  begin_source();
  send(1000);
  publish(*source_, 400);
  source_->flush();
  source_ = source();
  publish(*source_, 600);
}

TEST_F(PostgresRestartWithin, a_transaction_repeats_little_after_a_kill) {
  begin_source();
  send(1000);
  publish(*source_, 400);
  EXPECT_TRUE(eventually([&] {
    source_->keep_alive();
    return stored_row() >= 300;
  })) << stored_row();
  source_.reset();
  ASSERT_TRUE(nobody_reads());
  auto const stored = stored_row();
  source_ = source();
  given_ = stored;
  publish(*source_, 1000 - stored);
}

/// However seldom the server is told while little happens.
TEST_F(PostgresRestartWithin, a_backlog_repeats_few_rows_after_a_kill) {
  constexpr std::size_t rows{3000};
  begin_source();
  source_->flush();
  server().sql("DO $$ BEGIN FOR i IN 1..3000 LOOP INSERT INTO eventuate.message (id, destination, "
               "headers, payload) VALUES (i, 'orders', '{}', 'p'); COMMIT; END LOOP; END $$");
  source_config_.look_interval = source_config_.status_interval = 1h;
  auto const before = confirmed();
  source_ = source();
  EXPECT_TRUE(eventually([&] {
    for (auto const& row : source_->read(50).rows) {
      source_->confirm(*row.ends_at);
      ++given_;
    }
    return given_ >= rows / 2;
  }));
  EXPECT_TRUE(eventually([&] {
    source_->keep_alive();
    return confirmed() != before;
  }));
  source_.reset();
  ASSERT_TRUE(nobody_reads());
  source_ = source();
  std::vector<std::size_t> again;
  EXPECT_TRUE(eventually([&] {
    for (auto const& row : source_->read(100).rows) again.push_back(std::stoul(row.id));
    return !again.empty() && again.back() == rows;
  }));
  EXPECT_GT(again.front(), 1U);
  EXPECT_EQ(again.size(), rows - again.front() + 1) << "nothing is left out";
}

TEST_F(PostgresRestartWithin, another_transaction_begins_with_its_first_row) {
  begin_source();
  send(1000);
  publish(*source_, 400);
  source_->flush();
  server().sql("DELETE FROM eventuate.message");
  send(500);
  source_ = source();
  publish(*source_, 600);
  given_ = 0;
  publish(*source_, 500);
}

/// Their numbers count other rows then.
TEST_F(PostgresRestartWithin, a_transaction_begins_anew_when_other_tables_are_the_outbox) {
  server().sql("CREATE TABLE eventuate.heir () INHERITS (eventuate.message)");
  server().sql("CREATE PUBLICATION tram FOR TABLE eventuate.message WITH (publish = 'insert')");
  begin_source();
  server().sql("BEGIN; INSERT INTO eventuate.heir (id, destination, headers, payload) SELECT i, "
               "'orders', '{}', 'p' FROM generate_series(1, 300) i; INSERT INTO eventuate.message "
               "(id, destination, headers, payload) SELECT i, 'orders', '{}', 'p' FROM "
               "generate_series(301, 1000) i; COMMIT");
  publish(*source_, 400);
  source_->flush();
  server().sql("ALTER TABLE eventuate.heir NO INHERIT eventuate.message");
  source_ = source();
  std::set<std::string> shown;
  EXPECT_TRUE(eventually([&] {
    for (auto const& row : source_->read(100).rows) {
      // The rows of the table have none.
      if (row.place) shown.insert(row.id);
    }
    return shown.contains("1000");
  }));
  for (int id = 401; id <= 1000; ++id) EXPECT_TRUE(shown.contains(std::to_string(id))) << id;
}

TEST_F(PostgresRestart, is_stood_by_for_while_little_happens_in_the_log) {
  server().sql("CREATE TABLE eventuate.other (id int)");
  start();
  insert("1", "k");
  EXPECT_TRUE(published(1));
  EXPECT_TRUE(all_confirmed());
  // So little that the slot is not moved for it.
  server().sql("INSERT INTO eventuate.other VALUES (1)");
  auto const other = source();
  EXPECT_TRUE(eventually([&] {
    other->read(100);
    return other->status().standby;
  })) << other->status().trouble;
}

/// What somebody does to the slot while no relay reads it.
struct Hand {
  std::string name;
  std::string sql;
  friend std::ostream& operator<<(std::ostream& out, Hand const& hand) { return out << hand.name; }
};

class PostgresRestartBehind : public PostgresRestart, public ::testing::WithParamInterface<Hand> {};

TEST_P(PostgresRestartBehind, publishes_what_the_slot_does_not_show_any_more) {
  start();
  insert("before", "k");
  EXPECT_TRUE(published(1));
  stop();
  ASSERT_TRUE(nobody_reads());
  insert("between 1", "k");
  insert("between 2", "k");
  run_each(GetParam().sql);
  start();
  insert("after", "k");
  EXPECT_TRUE(all_confirmed());
  EXPECT_TRUE(eventually([&] { return relay_->readiness().ready; })) << relay_->readiness().reason;
  stop();
  for (auto const* const each : {"between 1", "between 2", "after"}) {
    EXPECT_EQ(times(each), 1) << each;
  }
  // That was all: it is not published again with each start.
  start();
  insert("later", "k");
  EXPECT_TRUE(published(1));
  stop();
  EXPECT_EQ(landed().back(), "later");
  EXPECT_EQ(times("between 1"), 1);
}

constexpr auto made_anew = "SELECT pg_drop_replication_slot('tram');"
                           "SELECT pg_create_logical_replication_slot('tram', 'pgoutput')";

INSTANTIATE_TEST_SUITE_P(
    Hands, PostgresRestartBehind,
    ::testing::Values(
        Hand{.name = "moved",
             .sql = "SELECT pg_replication_slot_advance('tram', "
                    "pg_current_wal_lsn())"},
        Hand{.name = "made_anew", .sql = made_anew},
        Hand{.name = "made_anew_behind_checkpoints",
             .sql = std::string{"CHECKPOINT; "} + made_anew + "; CHECKPOINT"},
        Hand{.name = "read_by_a_person",
             .sql = "SELECT count(*) FROM pg_logical_slot_get_binary_changes('tram', NULL, NULL, "
                    "'proto_version', '1', 'publication_names', 'tram')"},
        Hand{.name = "made_anew_behind_a_table_made_anew",
             .sql = std::string{"ALTER TABLE eventuate.message RENAME TO old; CREATE TABLE "
                                "eventuate.message (LIKE eventuate.old INCLUDING ALL); INSERT INTO "
                                "eventuate.message SELECT * FROM eventuate.old; DROP TABLE "
                                "eventuate.old; ALTER PUBLICATION tram ADD TABLE "
                                "eventuate.message; DELETE FROM eventuate.message WHERE id = "
                                "'before'; "} +
                    made_anew},
        Hand{.name = "a_copy_of_a_newer_one",
             .sql = "SELECT pg_drop_replication_slot('tram');"
                    "SELECT pg_create_logical_replication_slot('newer', 'pgoutput');"
                    "SELECT pg_copy_logical_replication_slot('newer', 'tram');"
                    "SELECT pg_drop_replication_slot('newer')"}),
    [](auto const& hand) { return hand.param.name; });

TEST_F(PostgresRestart, publishes_what_was_missed_once_also_when_nothing_follows) {
  start();
  insert("before", "k");
  EXPECT_TRUE(published(1));
  stop();
  ASSERT_TRUE(nobody_reads());
  insert("between", "k");
  run_each(made_anew);
  start();
  EXPECT_TRUE(published(1));
  EXPECT_TRUE(eventually([&] { return relay_->status().in_flight == 0; }));
  stop();
  start();
  insert("after", "k");
  EXPECT_TRUE(published(1));
  stop();
  EXPECT_EQ(times("between"), 1);
  EXPECT_EQ(landed().back(), "after");
}

TEST_F(PostgresRestart, skips_rows_of_before_a_slot_that_it_makes_itself) {
  start();
  insert("before", "k");
  EXPECT_TRUE(published(1));
  stop();
  ASSERT_TRUE(nobody_reads());
  server().sql("SELECT pg_drop_replication_slot('tram')");
  insert("skipped", "k");
  source_config_.new_slot = NewSlot::skip_existing_rows;
  start();
  insert("after", "k");
  EXPECT_TRUE(published(1));
  stop();
  start();
  insert("later", "k");
  EXPECT_TRUE(published(1));
  stop();
  EXPECT_EQ(landed(), (Texts{"before", "after", "later"}));
}

TEST_F(PostgresRestart, works_without_the_table_that_remembers) {
  server().sql("DROP TABLE eventuate.tram_relay_position");
  start();
  insert("1", "k");
  EXPECT_TRUE(published(1));
  stop();
  start();
  insert("2", "k");
  EXPECT_TRUE(published(1));
  stop();
  EXPECT_EQ(landed(), (Texts{"1", "2"}));
}

TEST_F(PostgresRestart, says_so_when_the_position_cannot_be_stored_and_moves_no_slot) {
  start();
  insert("1", "k");
  EXPECT_TRUE(published(1));
  server().sql("ALTER TABLE eventuate.tram_relay_position ADD CHECK (false) NOT VALID");
  auto const position = server().sql("SELECT pg_current_wal_lsn()");
  insert("2", "k");
  EXPECT_TRUE(published(2));
  EXPECT_TRUE(eventually([&] {
    return relay_->readiness().reason.find("tram_relay_position") != std::string::npos;
  })) << relay_->readiness().reason;
  EXPECT_FALSE(is_confirmed_up_to(position));
  // It looks all the same.
  server().sql("ALTER PUBLICATION tram SET (publish = 'update')");
  EXPECT_TRUE(eventually([&] {
    return relay_->readiness().reason.find("does not show inserts") != std::string::npos;
  })) << relay_->readiness().reason;
  server().sql("ALTER PUBLICATION tram SET (publish = 'insert')");
  server().sql("ALTER TABLE eventuate.tram_relay_position DROP CONSTRAINT "
               "tram_relay_position_check");
  EXPECT_TRUE(eventually([&] { return relay_->readiness().ready; })) << relay_->readiness().reason;
  EXPECT_TRUE(eventually([&] { return is_confirmed_up_to(position); }));
}

}  // namespace
}  // namespace tram::testing
