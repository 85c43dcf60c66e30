#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>

#include "postgres_server.hpp"
#include "tram/base/error.hpp"
#include "tram/postgres/change_source.hpp"
#include "tram/postgres/takeover.hpp"

namespace tram::testing {
namespace {

PostgresServer& server() {
  static PostgresServer instance;
  return instance;
}

using Connected = std::unique_ptr<PGconn, void (*)(PGconn*)>;

// The old relay's slot is one for test_decoding, which every server has; nothing here depends on
// the plugin's output.
class PostgresTakeover : public ::testing::Test {
 protected:
  PostgresTakeover() {
    forget_outbox(server());
    server().sql("CREATE "
                 "SCHEMA eventuate; "
                 "CREATE TABLE eventuate.message (id VARCHAR(1000) PRIMARY KEY, destination TEXT "
                 "NOT NULL, headers TEXT NOT NULL, "
                 "payload TEXT NOT NULL, published SMALLINT DEFAULT 0, message_partition SMALLINT, "
                 "creation_time BIGINT)");
    server().sql("SELECT pg_create_logical_replication_slot('eventuate_slot', 'test_decoding')");
  }

  postgres::TakeoverStep prepare() { return takeover_prepare(config_, clock_).step; }
  postgres::TakeoverStep step() { return takeover_status(config_, clock_).step; }
  std::string refusal(postgres::TakeoverStatus (*function)(postgres::TakeoverConfig const&,
                                                           Clock&)) {
    try {
      function(config_, clock_);
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::rejected);
      return error.what();
    }
    return "done";
  }
  std::string place() const {
    return "postgresql: takeover of slot 'eventuate_slot' of postgresql '127.0.0.1:" +
           std::to_string(server().port()) + "/postgres': ";
  }

  static void insert(std::string const& id) {
    server().sql("INSERT INTO eventuate.message VALUES ('" + id + "', 'orders', '{}', 'p')");
  }
  // What the old relay does: reads, publishes, confirms; its monitoring row keeps its position
  // moving.
  static void old_relay_catches_up() {
    server().sql("SELECT pg_logical_emit_message(true, 'monitoring', '')");
    server().sql("SELECT count(*) FROM pg_logical_slot_get_changes('eventuate_slot', NULL, NULL)");
  }
  static Connected connect(std::string const& more = "") {
    return {PQconnectdb((server().connection() + more).c_str()), PQfinish};
  }
  static void run(Connected const& connection, char const* sql) {
    PQclear(PQexec(connection.get(), sql));
  }
  static Connected old_relay_reading() {
    auto connection = connect(" replication=database");
    run(connection, "START_REPLICATION SLOT eventuate_slot LOGICAL 0/0");
    return connection;
  }
  std::vector<std::string> relayed(std::size_t rows) {
    auto const source = postgres::change_source(
        {.connection = server().connection(), .new_slot = NewSlot::refuse}, clock_);
    std::vector<std::string> ids;
    eventually([&] {
      for (auto const& row : source->read(100).rows) {
        ids.push_back(row.id);
        if (row.ends_at) source->confirm(*row.ends_at);
      }
      pollfd waiting{.fd = source->descriptor(), .events = POLLIN, .revents = 0};
      if (ids.size() < rows) ::poll(&waiting, 1, 50);
      return ids.size() >= rows;
    });
    source->flush();
    return ids;
  }

  SystemClock clock_;
  postgres::TakeoverConfig config_{.connection = server().connection(), .rows_again = 0};
};

using Ids = std::vector<std::string>;
using enum postgres::TakeoverStep;
using postgres::takeover_drop_old_slot, postgres::takeover_prepare, postgres::takeover_run;

TEST_F(PostgresTakeover, in_the_right_order_loses_and_repeats_nothing) {
  insert("before");
  EXPECT_EQ(step(), not_prepared);
  EXPECT_EQ(prepare(), waiting_for_old_relay);
  insert("during");
  old_relay_catches_up();
  EXPECT_EQ(step(), ready);
  insert("behind the old position");
  EXPECT_EQ(takeover_run(config_, clock_).step, copied_only);
  insert("after");
  EXPECT_EQ(relayed(2), (Ids{"behind the old position", "after"}));
  EXPECT_EQ(takeover_drop_old_slot(config_, clock_).step, finished);
  EXPECT_EQ(server().sql("SELECT string_agg(slot_name, ',') FROM pg_replication_slots"), "tram");
}

/// As the Java relay confirms: whatever it has received, sent or not.
TEST_F(PostgresTakeover, loses_nothing_of_an_old_relay_that_confirmed_ahead_of_its_broker) {
  config_.rows_again = 250'000;
  prepare();
  old_relay_catches_up();
  for (int i = 1; i <= 20; ++i) insert("unsent " + std::to_string(100 + i));
  old_relay_catches_up();
  EXPECT_EQ(takeover_run(config_, clock_).step, copied_only);
  insert("new");
  auto const all = relayed(21);
  for (int i = 1; i <= 20; ++i) {
    auto const id = "unsent " + std::to_string(100 + i);
    EXPECT_NE(std::ranges::find(all, id), all.end()) << id << " is lost";
  }
  EXPECT_NE(std::ranges::find(all, "new"), all.end());
}

/// All of them may have been on their way.
TEST_F(PostgresTakeover, publishes_again_every_row_since_an_old_transaction_began) {
  config_.rows_again = 5;
  prepare();
  old_relay_catches_up();
  auto const old = connect();
  run(old, "BEGIN");
  run(old, "SELECT pg_current_xact_id()");
  for (int i = 1; i <= 20; ++i) insert(std::to_string(100 + i));
  server().sql("CHECKPOINT");
  old_relay_catches_up();
  takeover_run(config_, clock_);
  run(old, "ROLLBACK");
  auto const all = relayed(20);
  EXPECT_EQ(all.size(), 20U);
  EXPECT_NE(std::ranges::find(all, "120"), all.end());
}

TEST_F(PostgresTakeover, publishes_again_no_more_rows_than_it_is_told) {
  config_.rows_again = 5;
  for (int i = 1; i <= 20; ++i) insert(std::to_string(100 + i));
  prepare();
  old_relay_catches_up();
  EXPECT_TRUE(eventually([&] {
    // The old slot's horizon follows its position with the server's own snapshots.
    server().sql("CHECKPOINT");
    old_relay_catches_up();
    return server().sql("SELECT age(catalog_xmin) < (SELECT min(age(xmin)) FROM "
                        "eventuate.message) FROM pg_replication_slots") == "t";
  }));
  takeover_run(config_, clock_);
  insert("new");
  auto const all = relayed(6);
  EXPECT_LE(all.size(), 7U);  // "new" comes from the table, and from the log.
  EXPECT_NE(std::ranges::find(all, "120"), all.end());
  EXPECT_EQ(std::ranges::find(all, "115"), all.end());
}

TEST_F(PostgresTakeover, takes_no_slot_that_happens_to_have_the_name_for_a_copy) {
  prepare();
  old_relay_catches_up();
  server().sql("SELECT pg_create_logical_replication_slot('tram', 'pgoutput')");
  EXPECT_EQ(step(), slot_in_the_way);
  auto const text = refusal(takeover_drop_old_slot);
  EXPECT_NE(text.find("is no copy of the old one"), std::string::npos) << text;
  EXPECT_NE(text.find("SELECT pg_drop_replication_slot('tram')"), std::string::npos) << text;
  server().sql("SELECT pg_drop_replication_slot('tram')");
  EXPECT_EQ(step(), ready);
}

TEST_F(PostgresTakeover, keeps_the_old_slot_until_the_new_relay_has_published) {
  prepare();
  old_relay_catches_up();
  takeover_run(config_, clock_);
  auto const text = refusal(takeover_drop_old_slot);
  EXPECT_NE(text.find("it has confirmed nothing yet"), std::string::npos) << text;
  insert("new");
  relayed(1);
  EXPECT_EQ(step(), taken_over);
  EXPECT_EQ(takeover_drop_old_slot(config_, clock_).step, finished);
}

/// Its rows were never shown, and the copied slot shows none of them either.
TEST_F(PostgresTakeover, asks_about_an_heir_that_was_made_and_left_meanwhile) {
  prepare();
  old_relay_catches_up();
  server().sql("CREATE TABLE eventuate.heir () INHERITS (eventuate.message); INSERT INTO "
               "eventuate.heir VALUES ('of the heir', 'orders', '{}', 'p')");
  server().sql("ALTER TABLE eventuate.heir NO INHERIT eventuate.message");
  EXPECT_EQ(takeover_run(config_, clock_).step, copied_only);
  for (int answers = 0; answers < 2; ++answers) {
    auto const next = takeover_status(config_, clock_).next;
    auto const at = next.find("run: ");
    ASSERT_NE(at, std::string::npos) << next;
    server().sql(next.substr(at + 5));
  }
  EXPECT_EQ(takeover_status(config_, clock_).next.find("run: "), std::string::npos);
  insert("after");
  EXPECT_EQ(relayed(2), (Ids{"of the heir", "after"}));
}

TEST_F(PostgresTakeover, waits_for_transactions_that_are_older_than_the_publication) {
  auto const writer = connect();
  run(writer, "BEGIN");
  run(writer, "INSERT INTO eventuate.message VALUES ('old', 'orders', '{}', 'p')");
  EXPECT_EQ(prepare(), waiting_for_transactions);
  old_relay_catches_up();
  EXPECT_EQ(step(), waiting_for_transactions);
  EXPECT_NE(refusal(takeover_run)
                .find("it cannot run at step 'waiting for transactions'; wait: transactions that "
                      "began before"),
            std::string::npos);
  run(writer, "COMMIT");
  EXPECT_EQ(step(), waiting_for_old_relay);
  old_relay_catches_up();
  EXPECT_EQ(takeover_run(config_, clock_).step, copied_only);
  insert("new");
  EXPECT_EQ(relayed(1), Ids{"new"});
}

TEST_F(PostgresTakeover, a_transaction_that_spans_the_run_is_relayed_whole) {
  EXPECT_EQ(prepare(), waiting_for_old_relay);
  old_relay_catches_up();
  auto const writer = connect();
  run(writer, "BEGIN");
  run(writer, "INSERT INTO eventuate.message VALUES ('1', 'orders', '{}', 'p')");
  EXPECT_EQ(takeover_run(config_, clock_).step, copied_only);
  run(writer, "INSERT INTO eventuate.message VALUES ('2', 'orders', '{}', 'p')");
  run(writer, "COMMIT");
  EXPECT_EQ(relayed(2), (Ids{"1", "2"}));
}

TEST_F(PostgresTakeover, refuses_to_run_unprepared) {
  EXPECT_EQ(refusal(takeover_run), place() + "it cannot run at step 'not prepared'; leave the old "
                                             "relay running, and prepare the takeover");
}

TEST_F(PostgresTakeover, refuses_to_run_before_the_old_relay_has_passed_the_point) {
  prepare();
  auto const text = refusal(takeover_run);
  EXPECT_NE(text.find("it cannot run at step 'waiting for the old relay'; start the old relay "
                      "again: it has confirmed "),
            std::string::npos)
      << text;
}

TEST_F(PostgresTakeover, refuses_to_run_while_the_old_relay_reads) {
  prepare();
  old_relay_catches_up();
  auto const old_relay = old_relay_reading();
  EXPECT_EQ(step(), stop_old_relay);
  auto const text = refusal(takeover_run);
  EXPECT_NE(text.find("it cannot run at step 'stop the old relay'; stop the old relay (process "),
            std::string::npos)
      << text;
}

TEST_F(PostgresTakeover, preparing_again_changes_nothing) {
  prepare();
  auto const first = takeover_status(config_, clock_).prepared_at;
  EXPECT_TRUE(first);
  prepare();
  EXPECT_EQ(takeover_status(config_, clock_).prepared_at, first);
}

TEST_F(PostgresTakeover, a_publication_of_before_is_used_from_now_on) {
  server().sql("CREATE PUBLICATION tram FOR TABLE eventuate.message WITH (publish = 'insert')");
  EXPECT_EQ(step(), not_prepared);
  EXPECT_EQ(prepare(), waiting_for_old_relay);
}

TEST_F(PostgresTakeover, refuses_to_prepare_without_the_old_slot) {
  server().sql("SELECT pg_drop_replication_slot('eventuate_slot')");
  EXPECT_EQ(refusal(takeover_prepare),
            place() + "there is no such slot; name the one that the running relay reads (SELECT * "
                      "FROM pg_replication_slots)");
}

TEST_F(PostgresTakeover, refuses_to_prepare_when_the_new_slot_is_there) {
  server().sql("SELECT pg_create_logical_replication_slot('tram', 'pgoutput')");
  EXPECT_EQ(
      refusal(takeover_prepare),
      place() +
          "slot 'tram' is there already; look at the takeover's status, or name another new slot");
}

TEST_F(PostgresTakeover, refuses_a_publication_that_shows_something_else) {
  server().sql("CREATE PUBLICATION tram FOR TABLE eventuate.message WITH (publish = 'update')");
  EXPECT_EQ(refusal(takeover_prepare), place() + "publication 'tram' does not show inserts; run: "
                                                 "ALTER PUBLICATION \"tram\" SET (publish = "
                                                 "'insert')");
}

TEST_F(PostgresTakeover, refuses_a_slot_that_needs_no_takeover) {
  server().sql("SELECT pg_drop_replication_slot('eventuate_slot')");
  server().sql("SELECT pg_create_logical_replication_slot('eventuate_slot', 'pgoutput')");
  EXPECT_EQ(refusal(takeover_prepare),
            place() + "it is one for pgoutput already; let tram-cdc read it as it is");
}

TEST_F(PostgresTakeover, refuses_to_drop_the_old_slot_too_early) {
  prepare();
  auto const text = refusal(takeover_drop_old_slot);
  EXPECT_NE(text.find("the old slot cannot be dropped at step 'waiting for the old relay'"),
            std::string::npos)
      << text;
}

TEST_F(PostgresTakeover, refuses_to_drop_the_old_slot_while_it_is_read) {
  prepare();
  old_relay_catches_up();
  takeover_run(config_, clock_);
  insert("new");
  relayed(1);
  auto const old_relay = old_relay_reading();
  auto const text = refusal(takeover_drop_old_slot);
  EXPECT_NE(text.find("the old relay reads it again"), std::string::npos) << text;
}

}  // namespace
}  // namespace tram::testing
