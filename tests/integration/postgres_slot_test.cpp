#include <libpq-fe.h>

#include <algorithm>
#include <memory>
#include <string>

#include "postgres_relay_world.hpp"
#include "tram/base/error.hpp"
#include "tram/postgres/outbox_check.hpp"

namespace tram::testing {
namespace {

using Connected = std::unique_ptr<PGconn, void (*)(PGconn*)>;

/// How a slot comes into the world, and who holds it.
class PostgresSlot : public PostgresRelay {
 protected:
  static Connected connect(std::string const& more = "") {
    return {PQconnectdb((server().connection() + more).c_str()), PQfinish};
  }
  static void run(Connected const& connection, std::string const& sql) {
    PQclear(PQexec(connection.get(), sql.c_str()));
  }
  bool says(std::string const& text) {
    return eventually([&] {
      auto const now = relay_->readiness();
      return !now.ready && now.reason.find(text) != std::string::npos;
    });
  }
  /// While a transaction is open, so that the slot cannot be made yet.
  void begin_to_skip_rows() {
    source_config_.new_slot = NewSlot::skip_existing_rows;
    begin();
    EXPECT_TRUE(says("it waits for the transaction of process")) << relay_->readiness().reason;
  }
  void expect_what_came_meanwhile_when_ended(Connected const& old) {
    run(old, "COMMIT");
    EXPECT_TRUE(published(1)) << "it lies before the slot, and no log shows it";
    insert("after", "k");
    EXPECT_TRUE(published(2));
    stop();
    EXPECT_EQ(landed(), (Texts{"meanwhile", "after"}));
  }
  bool ready() {
    return eventually([&] { return relay_->readiness().ready; });
  }
  static std::string slots() {
    return server().sql("SELECT string_agg(slot_name, ',') FROM pg_replication_slots");
  }
  /// Of the check, the good ones or the others.
  std::string findings(bool good) {
    source_config_.connection = server().connection();
    std::string all;
    for (auto const& finding : postgres::check_outbox(source_config_, clock_, random_)) {
      if (finding.good == good) all += finding.subject + ": " + finding.text + "\n";
    }
    return all;
  }
};

TEST_F(PostgresSlot,
       is_made_when_an_old_transaction_has_ended_and_what_came_meanwhile_is_published) {
  server().sql("CREATE TABLE IF NOT EXISTS elsewhere (id int)");
  auto const old = connect(" application_name=report");
  run(old, "BEGIN");
  run(old, "INSERT INTO elsewhere VALUES (1)");
  begin();
  EXPECT_TRUE(says("it waits for the transaction of process " +
                   std::to_string(PQbackendPID(old.get())) + " (application 'report'"))
      << relay_->readiness().reason;
  insert("1", "k");
  insert("2", "k");
  EXPECT_FALSE(relay_->readiness().ready);
  run(old, "COMMIT");
  EXPECT_TRUE(published(2));
  EXPECT_TRUE(ready()) << relay_->readiness().reason;
  EXPECT_EQ(slots(), "tram");
  insert("3", "k");
  EXPECT_TRUE(published(3));
  stop();
  EXPECT_EQ(landed(), (Texts{"1", "2", "3"}));
}

TEST_F(PostgresSlot, names_the_prepared_transaction_that_keeps_it_from_being_made) {
  server().sql("CREATE TABLE IF NOT EXISTS elsewhere (id int)");
  auto const old = connect();
  run(old, "BEGIN");
  run(old, "INSERT INTO elsewhere VALUES (1)");
  run(old, "PREPARE TRANSACTION 'forgotten'");
  begin();
  EXPECT_TRUE(says("it waits for prepared transaction 'forgotten'")) << relay_->readiness().reason;
  run(old, "ROLLBACK PREPARED 'forgotten'");
  EXPECT_TRUE(ready()) << relay_->readiness().reason;
}

TEST_F(PostgresSlot, of_two_relays_one_makes_it_and_the_other_stands_by) {
  start();
  auto const other = postgres::change_source(source_config_, clock_);
  EXPECT_TRUE(eventually([&] {
    EXPECT_TRUE(other->read(100).rows.empty());
    return other->status().standby;
  })) << other->status().trouble;
}

TEST_F(PostgresSlot, a_holder_that_publishes_nothing_is_no_reason_to_be_ready) {
  start();
  stop();
  auto const holder = connect(" replication=database application_name=forgotten");
  run(holder, "START_REPLICATION SLOT tram LOGICAL 0/0 (proto_version '1', publication_names "
              "'tram')");
  insert("1", "k");
  begin();
  EXPECT_TRUE(says("process " + std::to_string(PQbackendPID(holder.get())) +
                   " of the server ('forgotten' of role postgres)"))
      << relay_->readiness().reason;
  // It stays so, and the remedy is named.
  EXPECT_TRUE(says("nobody publishes; put that one right, or end it: SELECT pg_terminate_backend("))
      << relay_->readiness().reason;
  server().sql("SELECT pg_terminate_backend(" + std::to_string(PQbackendPID(holder.get())) + ")");
  EXPECT_TRUE(published(1));
  EXPECT_TRUE(ready()) << relay_->readiness().reason;
}

TEST_F(PostgresSlot, skips_what_was_there_before_it_was_wanted_and_nothing_that_came_meanwhile) {
  server().sql("CREATE TABLE IF NOT EXISTS elsewhere (id int)");
  auto const old = connect();
  run(old, "BEGIN");
  run(old, "INSERT INTO elsewhere VALUES (1)");
  insert("before", "k");
  begin_to_skip_rows();
  insert("meanwhile", "k");
  expect_what_came_meanwhile_when_ended(old);
}

/// Numbers of savepoints are in no snapshot: only the log tells to which transaction they belong.
TEST_F(PostgresSlot, skips_no_row_of_a_savepoint_that_came_meanwhile) {
  auto const old = connect();
  run(old, "BEGIN");
  run(old, "SELECT pg_current_xact_id()");
  run(old, "SAVEPOINT a");
  run(old, "INSERT INTO eventuate.message (id, destination, headers, payload, creation_time) "
           "VALUES ('meanwhile', 'orders', '{\"ID\":\"meanwhile\",\"PARTITION_ID\":\"k\"}', "
           "'meanwhile', 1000)");
  run(old, "RELEASE a");
  insert("before", "k");
  begin_to_skip_rows();
  expect_what_came_meanwhile_when_ended(old);
}

TEST_F(PostgresSlot, that_is_new_begins_with_the_rows_of_the_table_where_it_is_told_so) {
  for (int i = 1; i <= 50; ++i) insert("old " + std::to_string(100 + i), "k");
  source_config_.new_slot = NewSlot::publish_existing_rows;
  start();
  EXPECT_TRUE(published(50));
  insert("new", "k");
  EXPECT_TRUE(published(51));
  stop();
  // Each once, in the order of their ids, and then the log.
  ASSERT_EQ(broker_.landed.size(), 51U);
  EXPECT_EQ(landed().front(), "old 101");
  EXPECT_EQ(landed().back(), "new");
  // The slot is there now: nothing comes again.
  start();
  insert("newer", "k");
  EXPECT_TRUE(published(1));
  stop();
  EXPECT_EQ(broker_.landed.size(), 52U);
}

TEST_F(PostgresSlot, is_not_there_before_the_rows_of_the_table_are_published) {
  for (int i = 1; i <= 30; ++i) insert(std::to_string(100 + i), "k");
  source_config_.new_slot = NewSlot::publish_existing_rows;
  broker_.lands_at_once = false;
  begin();
  EXPECT_TRUE(eventually([&] { return relay_->status().in_flight == 30; }));
  EXPECT_EQ(slots(), "tram_new");
  // It dies on the way: the next one begins anew, with nothing passed over.
  stop();
  EXPECT_TRUE(eventually([&] { return slots().empty(); }));
  insert("later", "k");
  broker_.lands_at_once = true;
  start();
  EXPECT_TRUE(published(31));
  stop();
  EXPECT_EQ(slots(), "tram");
  auto const all = first_occurrences("k");
  EXPECT_EQ(all.size(), 31U);
}

/// The log shows all rows to everybody, but those of before are read from the table.
TEST_F(PostgresSlot, is_not_made_for_a_role_from_which_rows_are_hidden) {
  server().sql(
      "DROP ROLE IF EXISTS relay; CREATE ROLE relay LOGIN REPLICATION; GRANT USAGE ON "
      "SCHEMA eventuate TO relay; GRANT SELECT ON ALL TABLES IN SCHEMA eventuate TO relay; "
      "CREATE PUBLICATION tram FOR TABLE eventuate.message; ALTER TABLE eventuate.message "
      "ENABLE ROW LEVEL SECURITY");
  insert("1", "k");
  source_config_.connection = server().connection() + " user=relay";
  source_config_.new_slot = NewSlot::publish_existing_rows;
  auto const reader = postgres::change_source(source_config_, clock_);
  std::string refusal;
  try {
    reader->read(100);
  } catch (Error const& error) { refusal = error.what(); }
  EXPECT_NE(
      refusal.find("row-level security hides rows of \"eventuate\".\"message\" from role relay, "
                   "which reads them from the table where the log does not show them; run: "
                   "ALTER ROLE relay BYPASSRLS"),
      std::string::npos)
      << refusal;
  std::string found;
  for (auto const& finding : postgres::check_outbox(source_config_, clock_, random_)) {
    if (!finding.good) found += finding.text;
  }
  EXPECT_NE(found.find("ALTER ROLE relay BYPASSRLS"), std::string::npos) << found;
  server().sql("ALTER ROLE relay BYPASSRLS");
  std::vector<OutboxRow> rows;
  EXPECT_TRUE(eventually([&] {
    for (auto& row : reader->read(100).rows) rows.push_back(std::move(row));
    return !rows.empty();
  }));
  server().sql("DROP OWNED BY relay");
}

TEST_F(PostgresSlot, is_what_the_check_recommends) {
  insert("1", "k");
  postgres::ChangeSourceConfig const config{.connection = server().connection()};
  auto const text = [&](postgres::ChangeSourceConfig const& wanted) {
    std::string all;
    for (auto const& finding : postgres::check_outbox(wanted, clock_, random_)) {
      if (!finding.good) all += finding.subject + ": " + finding.text;
    }
    return all;
  };
  EXPECT_NE(text(config).find("--new-slot publish_existing_rows"), std::string::npos)
      << text(config);
  auto wanted = config;
  wanted.new_slot = NewSlot::publish_existing_rows;
  EXPECT_EQ(text(wanted), "");
}

TEST_F(PostgresSlot, has_a_name_that_the_server_takes_for_the_check_and_the_relay_alike) {
  server().sql("DELETE FROM eventuate.message");
  for (std::string const name : {"", "Tram", "a-b", "a b", "a\"b", "é"}) {
    source_config_.slot = name;
    EXPECT_NE(findings(false).find("'" + name + "' is no name of a slot"), std::string::npos)
        << name;
    EXPECT_THROW(postgres::change_source(source_config_, clock_), Error) << name;
    EXPECT_THROW(
        server().sql("SELECT pg_create_logical_replication_slot('" + name + "', 'pgoutput')"),
        std::runtime_error)
        << name;
  }
  source_config_.slot = std::string(63, 'a');
  EXPECT_EQ(findings(false), "");
}

/// As the Java relay's is: the outbox is empty since that one publishes it.
TEST_F(PostgresSlot, is_not_made_beside_one_that_another_relay_reads) {
  server().sql("SELECT pg_create_logical_replication_slot('eventuate_slot', 'test_decoding')");
  auto const other = connect(" replication=database");
  run(other, "START_REPLICATION SLOT eventuate_slot LOGICAL 0/0");
  begin();
  EXPECT_TRUE(says("'eventuate_slot' (plugin test_decoding, process " +
                   std::to_string(PQbackendPID(other.get())) + "); take over from that relay"))
      << relay_->readiness().reason;
  EXPECT_EQ(slots(), "eventuate_slot");
  stop();
  EXPECT_NE(
      findings(false).find("other readers: other slots are being read, maybe by another relay"),
      std::string::npos)
      << findings(false);
  // Somebody says what the new one begins with, and so knows of that reader.
  source_config_.new_slot = NewSlot::skip_existing_rows;
  start();
  EXPECT_EQ(findings(false), "");
  EXPECT_NE(findings(true).find("'eventuate_slot'"), std::string::npos) << findings(true);
}

TEST_F(PostgresSlot, is_made_beside_one_that_is_read_as_it_is_and_the_check_names_that_one) {
  server().sql("DROP PUBLICATION IF EXISTS beside");
  server().sql("CREATE PUBLICATION beside");
  server().sql("SELECT pg_create_logical_replication_slot('beside', 'pgoutput')");
  auto const other = connect(" replication=database");
  run(other, "START_REPLICATION SLOT beside LOGICAL 0/0 (proto_version '1', publication_names "
             "'beside')");
  start();
  EXPECT_EQ(findings(false), "");
  EXPECT_NE(findings(true).find("other readers: other slots are being read: 'beside' (plugin"),
            std::string::npos)
      << findings(true);
}

/// Its log shows what is prepared, and the commit without the rows.
TEST_F(PostgresSlot, that_shows_prepared_transactions_is_refused_and_the_remedy_loses_nothing) {
  start();
  stop();
  server().sql("SELECT pg_drop_replication_slot('tram'); SELECT "
               "pg_create_logical_replication_slot('tram', 'pgoutput', false, true)");
  insert("1", "k");
  auto const other = connect();
  run(other, "BEGIN");
  run(other, "INSERT INTO eventuate.message (id, destination, headers, payload) VALUES ('2', "
             "'orders', '{\"ID\":\"2\",\"PARTITION_ID\":\"k\"}', '2')");
  run(other, "PREPARE TRANSACTION 'second'");
  auto const found = findings(false);
  EXPECT_NE(found.find("slot: 'tram' was made with two_phase"), std::string::npos) << found;
  begin();
  EXPECT_TRUE(says("slot 'tram' was made with two_phase")) << relay_->readiness().reason;
  server().sql(remedy(relay_->readiness().reason));
  EXPECT_EQ(slots(), "tram");
  // Twice, since others made the slot.
  EXPECT_TRUE(published(2)) << relay_->readiness().reason;
  run(other, "COMMIT PREPARED 'second'");
  EXPECT_TRUE(published(3)) << relay_->readiness().reason;
  EXPECT_TRUE(ready()) << relay_->readiness().reason;
  stop();
  EXPECT_EQ(first_occurrences("k"), (Texts{"1", "2"}));
}

TEST_F(PostgresSlot, that_another_made_meanwhile_is_not_dropped) {
  auto const old = connect();
  run(old, "BEGIN");
  run(old, "SELECT pg_current_xact_id()");
  begin();
  EXPECT_TRUE(says("it waits for the transaction")) << relay_->readiness().reason;
  server().sql("SELECT pg_create_physical_replication_slot('tram')");
  run(old, "COMMIT");
  EXPECT_TRUE(says("slot 'tram' belongs to database ''")) << relay_->readiness().reason;
  EXPECT_EQ(slots(), "tram");
}

TEST_F(PostgresSlot, is_made_also_when_no_connection_is_left_to_find_out_what_it_waits_for) {
  auto const old = connect();
  run(old, "BEGIN");
  run(old, "SELECT pg_current_xact_id()");
  begin();
  EXPECT_TRUE(says("it waits for the transaction")) << relay_->readiness().reason;
  auto const maker = server().sql("SELECT active_pid FROM pg_replication_slots");
  server().sql("ALTER DATABASE postgres ALLOW_CONNECTIONS false", "template1");
  EXPECT_TRUE(says("it waits for one (see pg_stat_activity")) << relay_->readiness().reason;
  server().sql("ALTER DATABASE postgres ALLOW_CONNECTIONS true", "template1");
  EXPECT_TRUE(says("it waits for the transaction")) << relay_->readiness().reason;
  EXPECT_EQ(server().sql("SELECT active_pid FROM pg_replication_slots"), maker);
  run(old, "COMMIT");
  EXPECT_TRUE(ready()) << relay_->readiness().reason;
}

}  // namespace
}  // namespace tram::testing
