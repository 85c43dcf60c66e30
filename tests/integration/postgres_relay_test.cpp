#include "postgres_relay_world.hpp"

namespace tram::testing {
namespace {

TEST_F(PostgresRelay, publishes_in_order_and_is_ready_again_when_all_is_out) {
  start();
  for (int i = 1; i <= 50; ++i) insert(std::to_string(i), i % 2 == 0 ? "even" : "odd");
  EXPECT_TRUE(published(50));
  EXPECT_TRUE(eventually([&] { return relay_->readiness().ready; })) << relay_->readiness().reason;
  stop();
  EXPECT_EQ(first_occurrences("odd").size(), 25U);
  EXPECT_EQ(first_occurrences("even").front(), "2");
  EXPECT_EQ(broker_.landed.size(), 50U);
}

TEST_F(PostgresRelay, loses_nothing_and_keeps_the_order_while_the_server_crashes) {
  start();
  Texts committed;
  for (int crash = 0; crash < 3; ++crash) {
    for (int i = 0; i < 20; ++i) {
      committed.push_back(std::to_string(100 * crash + i));
      insert(committed.back(), "k");
    }
    server().stop("immediate");
    EXPECT_TRUE(eventually([&] { return !relay_->readiness().ready; }));
    server().start();
  }
  insert("last", "k");
  committed.emplace_back("last");
  EXPECT_TRUE(published(committed.size()));
  EXPECT_TRUE(eventually([&] { return relay_->readiness().ready; })) << relay_->readiness().reason;
  stop();
  EXPECT_EQ(first_occurrences("k"), committed);
}

TEST_F(PostgresRelay, holds_poison_rows_with_their_key_and_replays_them_on_request) {
  // Broken for the Java relay, which dies or loses the rows behind them.
  start();
  server().sql("BEGIN; "
               "INSERT INTO eventuate.message (id, destination, headers, payload) VALUES "
               "('1', 'orders', '{\"ID\":\"1\",\"PARTITION_ID\":\"k\"}', '1'), "
               "('2', 'not a topic', '{\"ID\":\"2\"}', '2'), ('3', 'orders', 'no object', '3'), "
               "('4', 'orders', '{\"ID\":\"4\",\"PARTITION_ID\":7}', '4'), "
               "('5', 'orders', '{\"ID\":\"5\",\"PARTITION_ID\":\"k\"}', '5'); COMMIT");
  EXPECT_TRUE(published(3));
  EXPECT_TRUE(eventually([&] { return relay_->status().held_rows == 2; }));
  EXPECT_TRUE(eventually([&] { return relay_->readiness().ready; })) << relay_->readiness().reason;
  EXPECT_EQ(
      server().sql("SELECT string_agg(row_id, ',' ORDER BY id) FROM eventuate.tram_relay_held"),
      "2,3");
  server().sql("UPDATE eventuate.tram_relay_held SET headers = '{\"ID\":\"3\"}', retry_requested = "
               "1 WHERE row_id = '3'");
  EXPECT_TRUE(published(4));
  EXPECT_TRUE(eventually([&] { return relay_->status().held_rows == 1; }));
  stop();
  EXPECT_EQ(broker_.landed_keys_and_ids(), (Texts{"k:1", "7:4", "k:5", "3:3"}));
}

TEST_F(PostgresRelay, goes_on_behind_the_confirmed_position_when_it_is_started_again) {
  start();
  for (int i = 1; i <= 10; ++i) insert(std::to_string(i), "k");
  EXPECT_TRUE(published(10));
  stop();
  for (int i = 11; i <= 20; ++i) insert(std::to_string(i), "k");
  start();
  EXPECT_TRUE(published(10));
  stop();
  EXPECT_EQ(broker_.landed.size(), 20U);
}

TEST_F(PostgresRelay, removes_old_rows_only_when_they_are_published) {
  broker_.lands_at_once = false;
  auto const retention = postgres::outbox_retention(database_, schema_, 1h);
  server().sql("CREATE TABLE IF NOT EXISTS other (id int)");
  start(retention.get());
  for (int i = 1; i <= 5; ++i) insert(std::to_string(i), "k");
  server().sql(
      "INSERT INTO eventuate.message (id, destination, headers, payload, creation_time) VALUES "
      "('young', 'orders', '{\"ID\":\"young\"}', 'y', 4000000000000)");
  EXPECT_TRUE(eventually([&] { return relay_->status().in_flight == 6; }));
  stop();
  EXPECT_EQ(server().sql("SELECT count(*) FROM eventuate.message"), "6");
  broker_.lands_at_once = true;
  start(retention.get());
  EXPECT_TRUE(published(6));
  EXPECT_TRUE(eventually([&] {
    // The log goes on, as it does where services work.
    server().sql("INSERT INTO other VALUES (1)");
    return relay_->status().counters.rows_removed == 5;
  }));
  EXPECT_EQ(server().sql("SELECT id FROM eventuate.message"), "young");
}

TEST_F(PostgresRelay, removes_old_rows_behind_any_number_that_were_stamped_ahead) {
  auto const retention = postgres::outbox_retention(database_, schema_, 1h);
  server().sql(
      "INSERT INTO eventuate.message (id, destination, headers, payload, creation_time) "
      "SELECT 'a' || i, 'orders', '{}', '', 4102444800000 FROM generate_series(1, 1500) i");
  insert("old", "k");
  server().sql("CREATE PUBLICATION tram FOR TABLE eventuate.message WITH (publish = 'insert')");
  constexpr LogPosition everything{std::numeric_limits<std::int64_t>::max()};
  EXPECT_EQ(retention->remove_some(everything), 1U);
  EXPECT_EQ(server().sql("SELECT count(*) FROM eventuate.message WHERE id = 'old'"), "0");
}

TEST_F(PostgresRelay, does_not_remove_a_row_that_commits_after_the_mark) {
  auto const retention = postgres::outbox_retention(database_, schema_, 0ms);
  auto writer = postgres::connect({.connection = server().connection()}, {}, clock_, random_);
  constexpr LogPosition everything{std::numeric_limits<std::int64_t>::max()};
  // Nothing is removed where nothing shows the outbox to a relay.
  insert("before", "k");
  EXPECT_EQ(retention->remove_some(everything), 0U);
  EXPECT_EQ(retention->remove_some(everything), 0U);
  server().sql("CREATE PUBLICATION tram FOR TABLE eventuate.message WITH (publish = 'insert')");
  writer.transact([&](Transaction& tx) {
    tx.execute("INSERT INTO eventuate.message (id, destination, headers, payload, creation_time) "
               "VALUES ('late', 'orders', '{}', '', 1)");
    // The first call reaches its own mark at once, since all is said to be confirmed.
    EXPECT_EQ(retention->remove_some(everything), 1U);
  });
  // Committed now, behind the mark in force: the row stays although it is old.
  EXPECT_EQ(server().sql("SELECT id FROM eventuate.message"), "late");
  // Nothing is confirmed since, so the next mark is not reached; and that one was set while the row
  // was uncommitted.
  EXPECT_EQ(retention->remove_some(LogPosition{}), 0U);
  EXPECT_EQ(retention->remove_some(everything), 0U);
  EXPECT_EQ(retention->remove_some(everything), 1U);
}

TEST_F(SteppedPostgresRelay, publishes_a_large_transaction_through_a_slow_broker) {
  server().sql("ALTER SYSTEM SET wal_sender_timeout = '300ms'");
  server().sql("SELECT pg_reload_conf()");
  options_.window = 50;
  make();
  insert_one_transaction(1500);
  int rounds = 0;
  int producers = 0;
  EXPECT_TRUE(eventually([&] {
    step_for(100ms);
    broker_.land(50);
    if (++rounds % 8 == 0) {
      server().sql("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots");
    }
    if (rounds % 10 == 0) {
      broker_.break_producer(50);
      ++producers;
    }
    relay_->step();
    return relay_->status().caught_up && rounds > 20;
  }));
  server().sql("ALTER SYSTEM RESET wal_sender_timeout");
  server().sql("SELECT pg_reload_conf()");
  EXPECT_EQ(first_occurrences("k").size(), 1500U);
  EXPECT_LE(broker_.landed.size(), 1500U + 50U * static_cast<std::size_t>(producers));
}

}  // namespace
}  // namespace tram::testing
