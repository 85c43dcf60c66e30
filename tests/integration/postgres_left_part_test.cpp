#include <libpq-fe.h>

#include <memory>
#include <string>

#include "left_part_world.hpp"

namespace tram::testing {
namespace {

class SteppedLeftPart : public SteppedPostgresRelay {};

class PostgresLeftPartOf : public PostgresLeftPart,
                           public ::testing::WithParamInterface<Absence> {};

TEST_P(PostgresLeftPartOf, is_published_all_the_same) { live_through(GetParam()); }

TEST_F(PostgresLeftPart, is_asked_about_when_one_transaction_made_filled_and_detached_it) {
  run_each(shown_by_partition());
  start();
  insert_into("eventuate.message", "before");
  ASSERT_TRUE(published(1));
  server().sql("BEGIN; CREATE TABLE eventuate.message_2 PARTITION OF eventuate.message FOR VALUES "
               "FROM (2000) TO (3000); INSERT INTO eventuate.message (id, destination, headers, "
               "payload, creation_time) VALUES ('hidden', 'orders', "
               "'{\"ID\":\"hidden\",\"PARTITION_ID\":\"k\"}', 'hidden', 2500); ALTER TABLE "
               "eventuate.message DETACH PARTITION eventuate.message_2; COMMIT");
  std::string statement;
  EXPECT_TRUE(eventually([&] {
    statement = remedy(relay_->readiness().reason);
    return !statement.empty();
  })) << relay_->readiness().reason;
  server().sql(statement);
  EXPECT_TRUE(published(2)) << relay_->readiness().reason;
  EXPECT_TRUE(all_published());
  stop();
  EXPECT_GE(times("hidden"), 1);
}

/// The partition that holds the rows joined its own parent long before.
TEST_F(PostgresLeftPart, is_read_whole_when_it_joins_with_partitions_of_its_own) {
  run_each(shown_by_partition());
  run_each("CREATE TABLE eventuate.tree (LIKE eventuate.message INCLUDING DEFAULTS) PARTITION BY "
           "RANGE (creation_time); CREATE TABLE eventuate.tree_1 PARTITION OF eventuate.tree "
           "DEFAULT");
  insert_into("eventuate.tree", "old");
  start();
  insert_into("eventuate.message", "before");
  ASSERT_TRUE(published(1));
  EXPECT_TRUE(all_published());
  stop();
  run_each(all({detach, "ALTER TABLE eventuate.message ATTACH PARTITION eventuate.tree DEFAULT"}));
  begin();
  EXPECT_TRUE(all_published(" joining")) << relay_->readiness().reason;
  stop();
  EXPECT_EQ(times("old"), 1);
}

/// What was stored before is read.
TEST_F(PostgresLeftPart, is_published_though_the_database_became_read_only) {
  run_each(shown_by_partition());
  start();
  insert_into("eventuate.message", "before");
  ASSERT_TRUE(published(1));
  stop();
  insert_into("eventuate.message", "hidden");
  run_each(all({detach, next_partition}));
  server().sql("ALTER ROLE postgres SET default_transaction_read_only = on");
  begin();
  EXPECT_TRUE(published(1)) << relay_->readiness().reason;
  stop();
  EXPECT_GE(times("hidden"), 1);
  server().sql("BEGIN READ WRITE; ALTER ROLE postgres RESET default_transaction_read_only; COMMIT");
}

TEST_F(PostgresLeftPart, names_what_ends_a_detachment_that_was_interrupted) {
  using Connection = std::unique_ptr<PGconn, void (*)(PGconn*)>;
  auto const connect = [] {
    return Connection{PQconnectdb(server().connection().c_str()), PQfinish};
  };
  auto const run = [](Connection const& connection, char const* sql) {
    PQclear(PQexec(connection.get(), sql));
  };
  run_each(shown_by_partition());
  start();
  insert_into("eventuate.message", "before");
  ASSERT_TRUE(published(1));
  auto looker = connect();
  run(looker, "BEGIN ISOLATION LEVEL REPEATABLE READ");
  run(looker, "SELECT count(*) FROM eventuate.message");
  auto const detacher = connect();
  run(detacher, "SET statement_timeout = '300ms'");
  run(detacher, "ALTER TABLE eventuate.message DETACH PARTITION eventuate.message_1 CONCURRENTLY");
  EXPECT_TRUE(eventually([&] {
    return relay_->readiness().reason.find("FINALIZE") != std::string::npos;
  })) << relay_->readiness().reason;
  auto const statement = remedy(relay_->readiness().reason);
  looker.reset();
  server().sql(statement);
  run_each(next_partition);
  EXPECT_TRUE(eventually([&] { return relay_->readiness().ready; })) << relay_->readiness().reason;
  EXPECT_TRUE(all_published());
}

TEST_F(PostgresLeftPart, is_told_when_it_was_dropped_while_no_relay_ran) {
  run_each(shown_by_partition());
  start();
  insert_into("eventuate.message", "before");
  ASSERT_TRUE(published(1));
  stop();
  insert_into("eventuate.message", "hidden");
  EXPECT_EQ(told_by_check(), "");
  run_each(all({"DROP TABLE eventuate.message_1;", next_partition}));
  EXPECT_NE(told_by_check().find("(dropped)"), std::string::npos) << told_by_check();
  begin();
  EXPECT_TRUE(eventually([&] {
    return relay_->readiness().reason.find("was dropped while no relay") != std::string::npos;
  }));
  EXPECT_TRUE(published(1));
  EXPECT_TRUE(all_published());
  stop();
  EXPECT_GE(times("hidden"), 1);
  // Once.
  start();
  insert_into("eventuate.message", "later");
  EXPECT_TRUE(published(1));
  EXPECT_EQ(relay_->status().counters.source_errors, 0U);
}

TEST_F(PostgresLeftPart, is_no_news_when_it_left_under_a_running_relay) {
  run_each(shown_by_partition());
  start();
  insert_into("eventuate.message", "before");
  ASSERT_TRUE(published(1));
  run_each(all({"DROP TABLE eventuate.message_1;", next_partition}));
  EXPECT_TRUE(all_published());
  stop();
  start();
  insert_into("eventuate.message", "later");
  EXPECT_TRUE(published(1));
  EXPECT_EQ(relay_->status().counters.source_errors, 0U);
}

/// The relay reads again what its broker did not take.
TEST_F(SteppedLeftPart, is_published_when_it_left_before_the_relay_reads_again) {
  run_each(shown_by_partition());
  make();
  insert_into("eventuate.message", "hidden");
  ASSERT_TRUE(eventually([&] { return relay_->step(), broker_.in_flight() == 1; }));
  run_each(detach);
  step_for(300ms);
  broker_.break_producer(0);
  broker_.lands_at_once = true;
  EXPECT_TRUE(eventually([&] {
    relay_->step();
    return relay_->status().counters.rows_published == 1;
  })) << relay_->readiness().reason;
}

/// The operator knows what it is.
TEST_F(PostgresLeftPart, is_passed_over_when_an_operator_says_so) {
  run_each(shown_by_partition());
  start();
  insert_into("eventuate.message", "before");
  ASSERT_TRUE(published(1));
  stop();
  run_each(made_meanwhile);
  insert_into("eventuate.message", "unwanted");
  run_each(all({"DROP TABLE eventuate.message_0;", next_partition}));
  begin();
  std::string statement;
  ASSERT_TRUE(eventually([&] {
    statement = remedy(relay_->readiness().reason);
    return !statement.empty() && relay_->status().counters.source_errors > 8;
  }));
  std::string const number{"9223372036854775807"};
  ASSERT_NE(statement.find(number), std::string::npos) << statement;
  server().sql(statement.replace(statement.find(number), number.size(), "0"));
  EXPECT_TRUE(eventually([&] { return relay_->readiness().ready; })) << relay_->readiness().reason;
  EXPECT_TRUE(all_published());
  stop();
  EXPECT_EQ(times("unwanted"), 0);
  EXPECT_LE(times("before"), 4) << "it comes again with each attempt";
}

/// Of another service in the same database.
TEST_F(PostgresLeftPart, is_no_other_outbox_that_the_publication_shows) {
  remove_attic();
  run_each("CREATE SCHEMA attic; CREATE TABLE attic.message (LIKE eventuate.message INCLUDING ALL);"
           "CREATE PUBLICATION tram FOR ALL TABLES");
  start();
  insert_into("attic.message", "of another");
  insert_into("eventuate.message", "before");
  ASSERT_TRUE(published(1));
  EXPECT_EQ(relay_->status().counters.source_errors, 0U);
  // Made, granted, renamed and indexed under a running relay.
  run_each("CREATE TABLE attic.new (LIKE eventuate.message INCLUDING ALL); GRANT SELECT ON "
           "attic.new TO PUBLIC; ALTER TABLE attic.new RENAME TO message_2; CREATE INDEX ON "
           "attic.message_2 (payload)");
  insert_into("attic.message_2", "of a third");
  EXPECT_TRUE(all_published());
  stop();
  server().sql("ALTER TABLE attic.message RENAME TO message_1");
  insert_into("attic.message_1", "of another 2");
  begin();
  EXPECT_TRUE(eventually([&] { return relay_->readiness().ready; })) << relay_->readiness().reason;
  EXPECT_TRUE(all_published(" of all"));
  stop();
  EXPECT_EQ(times("of another") + times("of a third") + times("of another 2"), 0);
}

std::vector<Absence> absences() {
  auto const before = shown_by_partition();
  auto const detached = all({detach, next_partition});
  return {
      {.name = "detached", .before = before, .then = detached},
      {.name = "detached_concurrently",
       .before = before,
       .then = all({"ALTER TABLE eventuate.message DETACH PARTITION eventuate.message_1 "
                    "CONCURRENTLY;",
                    next_partition})},
      {.name = "dropped",
       .before = before,
       .then = all({"DROP TABLE eventuate.message_1;", next_partition})},
      {.name = "emptied",
       .before = before,
       .then = all({detach, "TRUNCATE eventuate.message_1;", next_partition})},
      {.name = "detached_and_renamed",
       .before = before,
       .then = all({detach, "ALTER TABLE eventuate.message_1 RENAME TO gone;", next_partition})},
      {.name = "detached_and_moved",
       .before = before,
       .then =
           all({detach, "CREATE SCHEMA attic; ALTER TABLE eventuate.message_1 SET SCHEMA attic;",
                next_partition})},
      {.name = "renamed",
       .before = before,
       .then = "ALTER TABLE eventuate.message_1 RENAME TO other"},
      {.name = "moved",
       .before = before,
       .then = "CREATE SCHEMA attic; ALTER TABLE eventuate.message_1 SET SCHEMA attic"},
      {.name = "detached_of_all_tables",
       .before = all({partitioned, "CREATE PUBLICATION tram FOR ALL TABLES;"}),
       .then = detached},
      {.name = "detached_of_a_schema",
       .before = all({partitioned, "CREATE PUBLICATION tram FOR TABLES IN SCHEMA eventuate;"}),
       .then = detached},
      {.name = "named_by_itself",
       .before = all({partitioned, "CREATE PUBLICATION tram FOR TABLE eventuate.message_1;"}),
       .then = all({detached.c_str(), "ALTER PUBLICATION tram ADD TABLE eventuate.message_2"})},
      {.name = "named_by_itself_and_taken_out_behind_the_rows",
       .before = all({partitioned, "CREATE PUBLICATION tram FOR TABLE eventuate.message_1;"}),
       .then = all({"ALTER PUBLICATION tram DROP TABLE eventuate.message_1;", detached.c_str(),
                    "ALTER PUBLICATION tram ADD TABLE eventuate.message_2"})},
      {.name = "named_by_itself_and_taken_out_before_the_rows",
       .before = all({partitioned, "CREATE PUBLICATION tram FOR TABLE eventuate.message_1;"}),
       .first = "ALTER PUBLICATION tram DROP TABLE eventuate.message_1;",
       .then = all({detached.c_str(), "ALTER PUBLICATION tram ADD TABLE eventuate.message_2"})},
      {.name = "hidden_and_detached",
       .before = before,
       .first = "ALTER PUBLICATION tram SET (publish = 'update')",
       .then = all({detached.c_str(), "ALTER PUBLICATION tram SET (publish = 'insert')"})},
      {.name = "detached_behind_a_new_publication",
       .before = before,
       .then = all({"DROP PUBLICATION tram;", by_partition, detached.c_str()})},
      {.name = "detached_before_a_new_publication",
       .before = before,
       .then = all({detached.c_str(), "DROP PUBLICATION tram;", by_partition})},
      {.name = "detached_with_its_own_partitions",
       .before = all({partitioned, detach, "DROP TABLE eventuate.message_1;", with_own_partitions,
                      by_partition}),
       .then = detached},
      {.name = "part_of_another_table_since",
       .before = before,
       .then = all({"CREATE TABLE eventuate.archive (LIKE eventuate.message INCLUDING DEFAULTS) "
                    "PARTITION BY RANGE (creation_time);",
                    detach,
                    "ALTER TABLE eventuate.archive ATTACH PARTITION eventuate.message_1 DEFAULT;",
                    next_partition})},
      {.name = "the_whole_made_anew",
       .before = before,
       .then =
           all({"ALTER TABLE eventuate.message RENAME TO message_old;"
                "CREATE TABLE eventuate.message (LIKE eventuate.message_old INCLUDING DEFAULTS)"})},
      {.name = "the_whole_made_anew_while_hidden",
       .first = "DROP PUBLICATION tram",
       .then = all({"ALTER TABLE eventuate.message RENAME TO message_old;"
                    "CREATE TABLE eventuate.message (LIKE eventuate.message_old INCLUDING ALL);",
                    by_partition})},
      {.name = "the_whole_dropped_and_made_anew",
       .then = "CREATE TABLE eventuate.other (LIKE eventuate.message INCLUDING ALL); DROP TABLE "
               "eventuate.message; ALTER TABLE eventuate.other RENAME TO message"},
      {.name = "made_meanwhile_and_detached",
       .before = before,
       .first = made_meanwhile,
       .then = all({"ALTER TABLE eventuate.message DETACH PARTITION eventuate.message_0;",
                    next_partition})},
      {.name = "made_meanwhile_and_detached_concurrently",
       .before = before,
       .first = made_meanwhile,
       .then = all({"ALTER TABLE eventuate.message DETACH PARTITION eventuate.message_0 "
                    "CONCURRENTLY;",
                    next_partition})},
      {.name = "made_meanwhile_and_detached_and_renamed",
       .before = before,
       .first = made_meanwhile,
       .then =
           all({"DO $$ BEGIN ALTER TABLE eventuate.message DETACH PARTITION "
                "eventuate.message_0\\; ALTER TABLE eventuate.message_0 RENAME TO gone\\; END $$;",
                next_partition})},
      {.name = "made_meanwhile_and_dropped",
       .before = before,
       .first = made_meanwhile,
       .then = all({"DROP TABLE eventuate.message_0;", next_partition})},
      {.name = "made_meanwhile_with_its_own_partitions",
       .before = before,
       .first = all({detach, "CREATE TABLE eventuate.message_0 PARTITION OF eventuate.message FOR "
                             "VALUES FROM (0) TO (2000) PARTITION BY RANGE (creation_time);"
                             "CREATE TABLE eventuate.message_00 PARTITION OF eventuate.message_0 "
                             "DEFAULT"}),
       .then = all({"ALTER TABLE eventuate.message DETACH PARTITION eventuate.message_0;",
                    next_partition})},
      {.name = "made_meanwhile_and_the_whole_made_anew",
       .before = before,
       .first = made_meanwhile,
       .then = all({"ALTER TABLE eventuate.message RENAME TO message_old;"
                    "CREATE TABLE eventuate.message (LIKE eventuate.message_old INCLUDING "
                    "DEFAULTS)"})},
      {.name = "an_heir_made_meanwhile",
       .first = "CREATE TABLE eventuate.message_heir () INHERITS (eventuate.message); ALTER "
                "PUBLICATION tram ADD TABLE eventuate.message_heir",
       .then = "ALTER TABLE eventuate.message_heir NO INHERIT eventuate.message",
       .table = "eventuate.message_heir"},
      {.name = "read_by_an_older_release_before",
       .before = before,
       .first = forget_parts,
       .then = detached},
      {.name = "read_by_an_older_release_before_and_dropped",
       .before = before,
       .first = forget_parts,
       .then = all({"DROP TABLE eventuate.message_1;", next_partition})},
      {.name = "an_heir_no_more",
       .before = heir,
       .then = "ALTER TABLE eventuate.message_heir NO INHERIT eventuate.message",
       .table = "eventuate.message_heir"},
      {.name = "an_heir_dropped",
       .before = heir,
       .then = "DROP TABLE eventuate.message_heir",
       .table = "eventuate.message_heir"},
  };
}

INSTANTIATE_TEST_SUITE_P(Absence, PostgresLeftPartOf, ::testing::ValuesIn(absences()),
                         [](auto const& absence) { return absence.param.name; });

}  // namespace
}  // namespace tram::testing
