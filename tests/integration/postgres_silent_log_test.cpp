#include <algorithm>
#include <ostream>
#include <string>

#include "postgres_relay_world.hpp"

namespace tram::testing {
namespace {

/// What keeps the log from showing a row of the outbox, done to a relay at work.
struct Silence {
  std::string name;
  std::string before{};
  std::string sql;
  /// The table that services write to then.
  std::string table{"eventuate.message"};
  std::string and_back{};
  friend std::ostream& operator<<(std::ostream& out, Silence const& silence) {
    return out << silence.name;
  }
};

class PostgresSilentLog : public PostgresRelay {
 protected:
  ~PostgresSilentLog() override { stop(); }

  static void insert_into(std::string const& table, std::string const& id) {
    server().sql(
        "INSERT INTO " + table + " (id, destination, headers, payload, creation_time) VALUES ('" +
        id + "', 'orders', '{\"ID\":\"" + id + "\",\"PARTITION_ID\":\"k\"}', '" + id + "', 1000)");
  }
  std::unique_ptr<OutboxRetention> retention_{postgres::outbox_retention(database_, schema_, 1h)};
};

class PostgresSilentLogOf : public PostgresSilentLog,
                            public ::testing::WithParamInterface<Silence> {};

TEST_P(PostgresSilentLogOf, is_noticed_and_nothing_is_lost) {
  auto const& silence = GetParam();
  run_each(silence.before);
  start(retention_.get());
  insert_into("eventuate.message", "before");
  ASSERT_TRUE(published(1));
  run_each(silence.sql);
  for (auto const* const id : {"hidden 1", "hidden 2", "hidden 3"}) insert_into(silence.table, id);
  run_each(silence.and_back);

  std::string reason;
  ASSERT_TRUE(eventually([&] {
    auto const now = relay_->readiness().reason;
    if (now.find("run: ") != std::string::npos) reason = now;
    return !reason.empty() || relay_->status().counters.rows_published >= 4;
  })) << relay_->readiness().reason;
  if (!reason.empty()) {
    // Nobody has published them, so nobody removes them.
    EXPECT_EQ(rows("hidden"), "3");
    if (silence.and_back.empty()) server().sql(remedy(reason));
  }
  EXPECT_TRUE(published(4)) << relay_->readiness().reason;
  EXPECT_TRUE(eventually([&] { return relay_->readiness().ready; })) << relay_->readiness().reason;
  insert_into(silence.table, "after");
  EXPECT_TRUE(published(5));
  // Goes on to do its work, retention too.
  EXPECT_TRUE(eventually([&] { return rows("") == "0"; })) << rows("");
  // What the log showed in part is no row that nobody can publish.
  EXPECT_EQ(server().sql("SELECT count(*) FROM eventuate.tram_relay_held"), "0");
  stop();
  expect_landed({"before", "hidden 1", "hidden 2", "hidden 3", "after"});
}

constexpr auto partitioned =
    "ALTER TABLE eventuate.message RENAME TO plain;"
    "CREATE TABLE eventuate.message (LIKE eventuate.plain INCLUDING DEFAULTS) PARTITION BY RANGE "
    "(creation_time); DROP TABLE eventuate.plain;"
    "CREATE TABLE eventuate.message_1 PARTITION OF eventuate.message FOR VALUES FROM (0) TO (2000)";

std::vector<Silence> silences() {
  return {
      {.name = "made_anew",
       .sql = "ALTER TABLE eventuate.message RENAME TO message_old; CREATE TABLE eventuate.message "
              "(LIKE eventuate.message_old INCLUDING ALL)"},
      {.name = "moved_to_another_schema",
       .sql = "DROP SCHEMA IF EXISTS attic CASCADE; CREATE SCHEMA attic; ALTER TABLE "
              "eventuate.message SET SCHEMA attic; CREATE TABLE eventuate.message (LIKE "
              "attic.message INCLUDING ALL)"},
      {.name = "taken_out_of_the_publication",
       .sql = "ALTER PUBLICATION tram DROP TABLE eventuate.message"},
      {.name = "no_inserts", .sql = "ALTER PUBLICATION tram SET (publish = 'update')"},
      {.name = "a_row_filter",
       .sql = "ALTER PUBLICATION tram SET TABLE eventuate.message WHERE (destination = 'none')"},
      {.name = "a_column_list",
       .sql = "ALTER PUBLICATION tram SET TABLE eventuate.message (id, destination)"},
      {.name = "the_publication_dropped", .sql = "DROP PUBLICATION tram"},
      {.name = "a_moment",
       .sql = "ALTER PUBLICATION tram SET (publish = 'update')",
       .and_back = "ALTER PUBLICATION tram SET (publish = 'insert')"},
      {.name = "a_schema_taken_out_for_a_moment",
       .before = "CREATE PUBLICATION tram FOR TABLES IN SCHEMA eventuate WITH (publish = 'insert')",
       .sql = "ALTER PUBLICATION tram DROP TABLES IN SCHEMA eventuate",
       .and_back = "ALTER PUBLICATION tram ADD TABLES IN SCHEMA eventuate"},
      {.name = "an_heir",
       .sql = "CREATE TABLE eventuate.message_heir () INHERITS (eventuate.message)",
       .table = "eventuate.message_heir"},
      {.name = "not_logged",
       .before = "CREATE PUBLICATION tram FOR ALL TABLES",
       .sql = "ALTER TABLE eventuate.message SET UNLOGGED"},
      {.name = "partitioned_from_the_start", .before = partitioned, .sql = ""},
      {.name = "partitioned_and_shown_by_partition",
       .before = std::string{partitioned} +
                 "; CREATE PUBLICATION tram FOR TABLE eventuate.message WITH (publish = 'insert')",
       .sql = ""},
      {.name = "a_new_partition_shown_by_partition",
       .before = std::string{partitioned} +
                 "; CREATE PUBLICATION tram FOR TABLE eventuate.message WITH (publish = 'insert')",
       .sql = "ALTER TABLE eventuate.message DETACH PARTITION eventuate.message_1; CREATE TABLE "
              "eventuate.message_2 PARTITION OF eventuate.message FOR VALUES FROM (0) TO (3000)"},
      {.name = "a_partition_attached_with_rows",
       .before = std::string{partitioned} +
                 "; CREATE TABLE eventuate.message_2 (LIKE eventuate.message INCLUDING DEFAULTS)",
       .sql = "ALTER TABLE eventuate.message DETACH PARTITION eventuate.message_1",
       .table = "eventuate.message_2",
       .and_back = "ALTER TABLE eventuate.message ATTACH PARTITION eventuate.message_2 FOR VALUES "
                   "FROM (0) TO (4000)"},
      {.name = "one_partition_published",
       .before = std::string{partitioned},
       .sql = "CREATE TABLE eventuate.message_2 PARTITION OF eventuate.message DEFAULT; ALTER "
              "PUBLICATION tram SET TABLE eventuate.message_2"},
      {.name = "part_of_a_larger_table",
       .sql =
           "CREATE TABLE eventuate.all_messages (LIKE eventuate.message INCLUDING DEFAULTS) "
           "PARTITION BY RANGE (creation_time); ALTER TABLE eventuate.message ALTER published "
           "DROP NOT NULL; ALTER TABLE eventuate.all_messages ATTACH PARTITION eventuate.message "
           "DEFAULT; ALTER PUBLICATION tram SET TABLE eventuate.all_messages; ALTER PUBLICATION "
           "tram SET (publish_via_partition_root = true)"},
      {.name = "all_tables_by_root",
       .before = std::string{partitioned} +
                 "; CREATE PUBLICATION tram FOR ALL TABLES WITH (publish "
                 "= 'insert', publish_via_partition_root = true)",
       .sql =
           "CREATE TABLE eventuate.message_2 PARTITION OF eventuate.message DEFAULT PARTITION BY "
           "RANGE (creation_time); ALTER TABLE eventuate.message DETACH PARTITION "
           "eventuate.message_1; CREATE TABLE eventuate.message_3 PARTITION OF "
           "eventuate.message_2 DEFAULT"},
      {.name = "out_of_the_outbox_and_back",
       .before = std::string{partitioned} +
                 "; CREATE PUBLICATION tram FOR TABLE eventuate.message WITH (publish = 'insert')",
       .sql = "ALTER TABLE eventuate.message DETACH PARTITION eventuate.message_1",
       .table = "eventuate.message_1",
       .and_back = "ALTER TABLE eventuate.message ATTACH PARTITION eventuate.message_1 FOR VALUES "
                   "FROM (0) TO (4000)"},
      {.name = "renamed_and_back",
       .sql = "ALTER TABLE eventuate.message RENAME TO away; DROP PUBLICATION tram",
       .table = "eventuate.away",
       .and_back =
           "ALTER TABLE eventuate.away RENAME TO message; CREATE VIEW eventuate.away AS SELECT * "
           "FROM eventuate.message"},
      {.name = "redirected_by_a_trigger",
       .sql = "CREATE TABLE eventuate.message_heir () INHERITS (eventuate.message);"
              "CREATE FUNCTION eventuate.redirect() RETURNS trigger LANGUAGE plpgsql AS "
              "'BEGIN INSERT INTO eventuate.message_heir VALUES (NEW.*)\\; RETURN NULL\\; END';"
              "CREATE TRIGGER redirect BEFORE INSERT ON eventuate.message FOR EACH ROW EXECUTE "
              "FUNCTION eventuate.redirect()"},
      {.name = "redirected_by_a_rule",
       .sql = "CREATE TABLE eventuate.message_heir () INHERITS (eventuate.message);"
              "CREATE RULE redirect AS ON INSERT TO eventuate.message DO INSTEAD INSERT INTO "
              "eventuate.message_heir VALUES (NEW.*)"},
      {.name = "unlogged_for_a_moment",
       .before = "CREATE PUBLICATION tram FOR ALL TABLES",
       .sql = "ALTER TABLE eventuate.message SET UNLOGGED",
       .and_back = "ALTER TABLE eventuate.message SET LOGGED"},
      {.name = "another_publication_of_that_name",
       .before =
           "CREATE TABLE eventuate.other (id int); CREATE PUBLICATION tram FOR TABLE "
           "eventuate.message; DROP PUBLICATION IF EXISTS other; CREATE PUBLICATION other FOR "
           "TABLE eventuate.other",
       .sql = "ALTER PUBLICATION tram RENAME TO away\\; ALTER PUBLICATION other RENAME TO tram",
       .and_back =
           "ALTER PUBLICATION tram RENAME TO other\\; ALTER PUBLICATION away RENAME TO tram"},
      {.name = "the_publication_dropped_and_made_anew_without_it",
       .sql = "CREATE TABLE eventuate.other (id int); DROP PUBLICATION tram\\; CREATE PUBLICATION "
              "tram FOR TABLE eventuate.other"},
      {.name = "a_column_list_for_a_moment",
       .sql = "ALTER PUBLICATION tram SET TABLE eventuate.message (id, destination, headers)",
       .and_back = "ALTER PUBLICATION tram SET TABLE eventuate.message"},
      {.name = "another_type",
       .sql = "ALTER TABLE eventuate.message ALTER payload TYPE varchar(5000)"},
      {.name = "another_replica_identity",
       .sql = "ALTER TABLE eventuate.message REPLICA IDENTITY NOTHING"},
      {.name = "another_schema_name",
       .sql = "DROP SCHEMA IF EXISTS attic CASCADE; ALTER SCHEMA eventuate RENAME TO attic",
       .table = "attic.message",
       .and_back = "ALTER SCHEMA attic RENAME TO eventuate; CREATE SCHEMA attic; CREATE VIEW "
                   "attic.message AS SELECT * FROM eventuate.message"},
  };
}

class PostgresForeignPart : public PostgresSilentLog {
 protected:
  PostgresForeignPart() {
    run_each(
        "CREATE EXTENSION IF NOT EXISTS postgres_fdw; DROP TABLE IF EXISTS far; CREATE TABLE far "
        "(LIKE eventuate.message INCLUDING DEFAULTS); DROP SERVER IF EXISTS loop CASCADE; DO $$ "
        "BEGIN EXECUTE format('CREATE SERVER loop FOREIGN DATA WRAPPER postgres_fdw OPTIONS "
        "(dbname ''postgres'', host ''127.0.0.1'', port %L)', current_setting('port'))\\; END $$; "
        "CREATE USER MAPPING FOR CURRENT_USER SERVER loop OPTIONS (user 'postgres', "
        "password_required 'false')");
  }
  bool is_told() {
    return eventually([&] {
      auto const reason = relay_->readiness().reason;
      return reason.find("the log shows no row of \"eventuate\".\"far_away\", which is a foreign "
                         "table") != std::string::npos;
    });
  }
  void do_as_told() {
    server().sql(remedy(relay_->readiness().reason));
    EXPECT_TRUE(eventually([&] { return relay_->readiness().ready; }))
        << relay_->readiness().reason;
  }
  static constexpr auto of_far = " SERVER loop OPTIONS (schema_name 'public', table_name 'far')";
};

TEST_F(PostgresForeignPart, that_is_an_heir_is_told) {
  start();
  server().sql(
      std::string{"CREATE FOREIGN TABLE eventuate.far_away () INHERITS (eventuate.message)"} +
      of_far);
  EXPECT_TRUE(is_told()) << relay_->readiness().reason;
  do_as_told();
}

TEST_F(PostgresForeignPart, that_is_a_partition_is_told_and_nothing_of_it_is_removed) {
  run_each(partitioned);
  start(retention_.get());
  insert_into("eventuate.message", "before");
  ASSERT_TRUE(published(1));
  run_each("ALTER TABLE eventuate.message DETACH PARTITION eventuate.message_1; CREATE FOREIGN "
           "TABLE eventuate.far_away PARTITION OF eventuate.message FOR VALUES FROM (0) TO (2000)" +
           std::string{of_far});
  insert_into("eventuate.message", "hidden");
  EXPECT_TRUE(is_told()) << relay_->readiness().reason;
  EXPECT_EQ(rows("hidden"), "1");
  do_as_told();
  run_each("ALTER TABLE eventuate.message ATTACH PARTITION eventuate.message_1 FOR VALUES FROM (0) "
           "TO (2000); INSERT INTO eventuate.message SELECT * FROM eventuate.far_away");
  EXPECT_TRUE(published(2)) << relay_->readiness().reason;
  stop();
  expect_landed({"before", "hidden"});
}

/// The server compiles what seems costly, which questions to a catalog of thousands of tables do.
TEST_F(PostgresSilentLog, is_looked_for_without_having_the_question_compiled) {
  server().sql("DROP ROLE IF EXISTS compiling; CREATE ROLE compiling SUPERUSER LOGIN REPLICATION; "
               "ALTER ROLE compiling SET jit = on; ALTER ROLE compiling SET jit_above_cost = 0; "
               "ALTER ROLE compiling SET "
               "jit_dump_bitcode = on");
  source_config_.connection = server().connection() + " user=compiling";
  auto const compiled = [] {
    return server().sql("SELECT count(*) FROM pg_ls_dir('.') AS file WHERE file LIKE '%.bc'");
  };
  auto const before = compiled();
  start();
  for (auto const* const id : {"1", "2", "3"}) insert(id, "k");
  EXPECT_TRUE(published(3));
  insert_into("eventuate.message", "hidden");
  server().sql("ALTER PUBLICATION tram SET (publish = 'update')");
  EXPECT_TRUE(eventually([&] { return !relay_->readiness().ready; }));
  stop();
  EXPECT_EQ(compiled(), before);
}

/// Older than all that the slot still knows of.
TEST_F(PostgresSilentLog, shows_no_row_of_a_table_that_joins_with_rows_of_long_ago) {
  run_each(std::string{partitioned} +
           "; CREATE TABLE eventuate.message_2 (LIKE eventuate.message INCLUDING DEFAULTS)");
  server().sql("INSERT INTO eventuate.message_2 VALUES ('old', 'orders', '{\"ID\":\"old\"}', "
               "'old', 0, 0, 2500)");
  start();
  insert_into("eventuate.message", "before");
  ASSERT_TRUE(published(1));
  stop();
  // Whatever the horizon was when the row was written, it is beyond it now.
  server().sql("CHECKPOINT");
  start();
  insert_into("eventuate.message", "between");
  ASSERT_TRUE(published(1));
  run_each("ALTER TABLE eventuate.message ATTACH PARTITION eventuate.message_2 FOR VALUES FROM "
           "(2000) TO (4000)");
  EXPECT_TRUE(published(2)) << relay_->readiness().reason;
  stop();
  expect_landed({"before", "between", "old"});
}

INSTANTIATE_TEST_SUITE_P(Silence, PostgresSilentLogOf, ::testing::ValuesIn(silences()),
                         [](auto const& silence) { return silence.param.name; });

}  // namespace
}  // namespace tram::testing
