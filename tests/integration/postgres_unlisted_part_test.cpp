#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "left_part_world.hpp"
#include "tram/postgres/outbox_source.hpp"

namespace tram::testing {
namespace {

class PostgresUnlistedPartOf : public PostgresLeftPart,
                               public ::testing::WithParamInterface<Absence> {};

/// The log shows nothing of a table that the publication never listed.
TEST_P(PostgresUnlistedPartOf, is_published_all_the_same) { live_through(GetParam()); }

class PostgresUnlistedPart : public PostgresLeftPart {
 protected:
  /// A relay has published, and has stopped.
  void publish_and_stop(std::string const& before = "") {
    remove_attic();
    run_each(before);
    start();
    insert_into("eventuate.message", "before");
    ASSERT_TRUE(published(1));
    ASSERT_TRUE(all_published(" at first"));
    stop();
  }
  /// Of a relay that is not ready.
  std::string asked() {
    std::string statement;
    EXPECT_TRUE(eventually([&] {
      statement = remedy(relay_->readiness().reason);
      return !statement.empty();
    })) << relay_->readiness().reason;
    return statement;
  }
  /// Also over one more start.
  void expect_no_question() {
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(told_by_check("tables in doubt"), "");
      start();
      EXPECT_TRUE(all_published(std::to_string(i)));
      EXPECT_EQ(relay_->status().counters.source_errors, 0U);
      stop();
    }
  }
};

constexpr auto made_heir = "CREATE TABLE eventuate.heir () INHERITS (eventuate.message);";
constexpr auto left_heir = "ALTER TABLE eventuate.heir NO INHERIT eventuate.message;";
constexpr auto like_the_outbox =
    "CREATE TABLE eventuate.heir (LIKE eventuate.message INCLUDING ALL);";
constexpr auto joined_heir = "ALTER TABLE eventuate.heir INHERIT eventuate.message;";
constexpr auto of_other_service =
    "CREATE SCHEMA attic; CREATE TABLE attic.message (LIKE eventuate.message INCLUDING DEFAULTS) "
    "PARTITION BY RANGE (creation_time); CREATE TABLE attic.message_1 PARTITION OF attic.message "
    "FOR VALUES FROM (0) TO (2000);";

std::vector<Absence> unlisted() {
  auto const by_name = all({partitioned, "CREATE PUBLICATION tram FOR TABLE eventuate.message_1;"});
  auto const free_range =
      all({by_name.c_str(), "CREATE TABLE eventuate.heir (LIKE eventuate.message);"});
  return {
      {.name = "heir", .first = made_heir, .then = left_heir, .table = "eventuate.heir"},
      {.name = "heir_renamed",
       .first = made_heir,
       .then = all({left_heir, "ALTER TABLE eventuate.heir RENAME TO gone"}),
       .table = "eventuate.heir"},
      {.name = "heir_moved",
       .first = made_heir,
       .then = all({left_heir, "CREATE SCHEMA attic; ALTER TABLE eventuate.heir SET SCHEMA attic"}),
       .table = "eventuate.heir"},
      {.name = "heir_of_an_heir",
       .first = all({made_heir, "CREATE TABLE eventuate.grandchild () INHERITS (eventuate.heir)"}),
       .then = left_heir,
       .table = "eventuate.grandchild"},
      {.name = "heir_of_an_heir_that_left_both",
       .first = all({made_heir, "CREATE TABLE eventuate.grandchild () INHERITS (eventuate.heir)"}),
       .then = all({left_heir, "ALTER TABLE eventuate.grandchild NO INHERIT eventuate.heir;"
                               "DROP TABLE eventuate.heir"}),
       .table = "eventuate.grandchild"},
      {.name = "heir_with_more_columns",
       .first = "CREATE TABLE eventuate.heir (more text) INHERITS (eventuate.message)",
       .then = left_heir,
       .table = "eventuate.heir"},
      {.name = "filled_before_it_joined",
       .first = like_the_outbox,
       .then = all({joined_heir, left_heir}),
       .table = "eventuate.heir"},
      {.name = "made_long_before_it_joined",
       .before = like_the_outbox,
       .then = all({joined_heir, left_heir}),
       .table = "eventuate.heir"},
      {.name = "joined_and_left_twice",
       .first = made_heir,
       .then = all({left_heir, joined_heir, left_heir}),
       .table = "eventuate.heir"},
      {.name = "part_of_a_new_archive",
       .first = made_heir,
       .then = all({"CREATE TABLE eventuate.archive (LIKE eventuate.message INCLUDING ALL);",
                    left_heir, "ALTER TABLE eventuate.heir INHERIT eventuate.archive"}),
       .table = "eventuate.heir"},
      {.name = "partition",
       .before = by_name,
       .first = "ALTER TABLE eventuate.message DETACH PARTITION eventuate.message_1;"
                "CREATE TABLE eventuate.message_2 PARTITION OF eventuate.message DEFAULT",
       .then = "ALTER TABLE eventuate.message DETACH PARTITION eventuate.message_2;"
               "ALTER TABLE eventuate.message ATTACH PARTITION eventuate.message_1 DEFAULT",
       .table = "eventuate.message"},
      {.name = "partition_of_a_partition",
       .before = by_name,
       .first =
           all({detach, "CREATE TABLE eventuate.message_2 PARTITION OF eventuate.message DEFAULT "
                        "PARTITION BY RANGE (creation_time); CREATE TABLE eventuate.message_21 "
                        "PARTITION OF eventuate.message_2 DEFAULT"}),
       .then = "ALTER TABLE eventuate.message DETACH PARTITION eventuate.message_2;"
               "ALTER TABLE eventuate.message ATTACH PARTITION eventuate.message_1 DEFAULT"},
      {.name = "partition_filled_before_it_was_attached",
       .before = free_range,
       .then = all({detach, "ALTER TABLE eventuate.message ATTACH PARTITION eventuate.heir DEFAULT;"
                            "ALTER TABLE eventuate.message DETACH PARTITION eventuate.heir;"
                            "ALTER TABLE eventuate.message ATTACH PARTITION eventuate.message_1 "
                            "DEFAULT"}),
       .table = "eventuate.heir"},
      {.name = "without_memory",
       .first = all({"DROP TABLE eventuate.tram_relay_position;", made_heir}),
       .then = left_heir,
       .table = "eventuate.heir"},
      {.name = "shown_partition_without_memory",
       .before = shown_by_partition(),
       .first = "DROP TABLE eventuate.tram_relay_position",
       .then = all({detach, next_partition})},
      {.name = "dropped_partition_without_memory",
       .before = shown_by_partition(),
       .first = "DROP TABLE eventuate.tram_relay_position",
       .then = all({detach, "DROP TABLE eventuate.message_1;", next_partition})},
      {.name = "with_all_positions_set_back",
       .before = shown_by_partition(),
       .then =
           all({detach, next_partition, "UPDATE eventuate.tram_relay_position SET position = 0"})},
      {.name = "dropped_with_all_positions_set_back",
       .before = shown_by_partition(),
       .then = all({detach, "DROP TABLE eventuate.message_1;", next_partition,
                    "UPDATE eventuate.tram_relay_position SET position = 0"})},
  };
}

INSTANTIATE_TEST_SUITE_P(Absence, PostgresUnlistedPartOf, ::testing::ValuesIn(unlisted()),
                         [](auto const& absence) { return absence.param.name; });

TEST_F(PostgresUnlistedPart, is_asked_about_under_a_running_relay) {
  start();
  insert_into("eventuate.message", "before");
  ASSERT_TRUE(published(1));
  server().sql("BEGIN; CREATE TABLE eventuate.heir () INHERITS (eventuate.message); INSERT INTO "
               "eventuate.heir (id, destination, headers, payload, creation_time) VALUES "
               "('hidden', 'orders', '{\"ID\":\"hidden\",\"PARTITION_ID\":\"k\"}', 'hidden', 1); "
               "ALTER TABLE eventuate.heir NO INHERIT eventuate.message; COMMIT");
  server().sql(asked());
  EXPECT_TRUE(published(2)) << relay_->readiness().reason;
  EXPECT_TRUE(all_published());
  stop();
  EXPECT_EQ(times("hidden"), 1);
}

/// What a relay knew of it before is no answer.
TEST_F(PostgresUnlistedPart, is_asked_about_when_it_came_back_and_left_again) {
  publish_and_stop(heir);
  run_each("ALTER TABLE eventuate.message_heir NO INHERIT eventuate.message");
  start();
  ASSERT_TRUE(all_published(" in between"));
  stop();
  run_each("ALTER PUBLICATION tram DROP TABLE eventuate.message_heir; ALTER TABLE "
           "eventuate.message_heir INHERIT eventuate.message");
  insert_into("eventuate.message_heir", "hidden");
  run_each("ALTER TABLE eventuate.message_heir NO INHERIT eventuate.message");
  EXPECT_NE(told_by_check("tables in doubt").find("message_heir"), std::string::npos);
  begin();
  server().sql(asked());
  EXPECT_TRUE(all_published());
  stop();
  EXPECT_EQ(times("hidden"), 1);
}

TEST_F(PostgresUnlistedPart, is_passed_over_when_an_operator_says_so) {
  publish_and_stop();
  run_each(made_heir);
  insert_into("eventuate.heir", "unwanted");
  run_each(left_heir);
  begin();
  auto statement = asked();
  std::string const number{"9223372036854775807"};
  ASSERT_NE(statement.find(number), std::string::npos) << statement;
  server().sql(statement.replace(statement.find(number), number.size(), "0"));
  EXPECT_TRUE(eventually([&] { return relay_->readiness().ready; })) << relay_->readiness().reason;
  stop();
  expect_no_question();
  EXPECT_EQ(times("unwanted"), 0);
}

/// They look like parts, and are none.
TEST_F(PostgresUnlistedPart, is_no_copy_of_the_outbox) {
  publish_and_stop();
  run_each("CREATE TABLE eventuate.backup AS SELECT * FROM eventuate.message; CREATE TABLE "
           "eventuate.copy (LIKE eventuate.message INCLUDING ALL); INSERT INTO eventuate.copy "
           "SELECT * FROM eventuate.message; ALTER TABLE eventuate.backup ADD PRIMARY KEY (id), "
           "ALTER destination SET NOT NULL; ALTER TABLE eventuate.backup RENAME TO other; ALTER "
           "TABLE eventuate.copy OWNER TO postgres; VACUUM FULL eventuate.copy; ANALYZE");
  expect_no_question();
}

TEST_F(PostgresUnlistedPart, is_no_part_of_the_outbox_of_another_service) {
  publish_and_stop(of_other_service);
  run_each("CREATE TABLE attic.message_2 (LIKE attic.message INCLUDING ALL)");
  insert_into("attic.message_1", "of another");
  insert_into("attic.message_2", "of another");
  run_each("ALTER TABLE attic.message DETACH PARTITION attic.message_1; ALTER TABLE attic.message "
           "ATTACH PARTITION attic.message_2 DEFAULT");
  expect_no_question();
  EXPECT_EQ(times("of another"), 0);
}

TEST_F(PostgresUnlistedPart, is_no_outbox_of_another_service_that_gets_partitions) {
  publish_and_stop("CREATE SCHEMA attic; CREATE TABLE attic.message (LIKE eventuate.message "
                   "INCLUDING DEFAULTS)");
  insert_into("attic.message", "of another");
  start();
  run_each("ALTER TABLE attic.message RENAME TO message_1; CREATE TABLE attic.message (LIKE "
           "attic.message_1 INCLUDING DEFAULTS) PARTITION BY RANGE (creation_time); ALTER TABLE "
           "attic.message ATTACH PARTITION attic.message_1 DEFAULT");
  EXPECT_TRUE(all_published(" of all"));
  EXPECT_EQ(relay_->status().counters.source_errors, 0U);
  stop();
  expect_no_question();
}

TEST_F(PostgresUnlistedPart, is_in_no_doubt_when_its_columns_are_altered_behind_its_leaving) {
  publish_and_stop(shown_by_partition());
  start();
  run_each(all({detach, next_partition}));
  ASSERT_TRUE(all_published(" behind"));
  stop();
  run_each("ALTER TABLE eventuate.message_1 ALTER payload SET STORAGE EXTERNAL");
  expect_no_question();
}

/// Somebody wrote into the relay's table.
TEST_F(PostgresUnlistedPart, is_none_whose_number_no_table_can_have) {
  publish_and_stop();
  run_each(
      "INSERT INTO eventuate.tram_relay_position (relay, position) SELECT relay || more, 5 "
      "FROM eventuate.tram_relay_position, (VALUES ('000000'), ('x'), (' ')) AS written (more) "
      "WHERE relay LIKE '%1@%'");
  ASSERT_GE(server().sql("SELECT count(*) FROM eventuate.tram_relay_position WHERE relay ~ "
                         "'#(part|root)1@[0-9]+ [0-9]{11,}$'"),
            "1");
  expect_no_question();
}

TEST_F(PostgresUnlistedPart, is_in_no_doubt_when_it_is_empty) {
  publish_and_stop();
  run_each(made_heir);
  insert_into("eventuate.heir", "removed");
  run_each(all({left_heir, "TRUNCATE eventuate.heir"}));
  expect_no_question();
}

/// Its rows may be published already, and nobody can tell.
TEST_F(PostgresUnlistedPart, is_read_once) {
  publish_and_stop();
  run_each(made_heir);
  insert_into("eventuate.heir", "hidden");
  run_each(left_heir);
  EXPECT_NE(told_by_check("tables in doubt").find("heir"), std::string::npos);
  server().sql(remedy(told_by_check("tables in doubt")));
  EXPECT_EQ(told_by_check("tables in doubt"), "");
  start();
  EXPECT_TRUE(all_published());
  stop();
  server().sql("UPDATE eventuate.tram_relay_position SET position = 0 WHERE relay NOT LIKE '%#%'");
  expect_no_question();
  EXPECT_EQ(times("hidden"), 1);
}

class PostgresLimitedRole : public PostgresUnlistedPart {
 protected:
  PostgresLimitedRole() {
    server().sql("DROP ROLE IF EXISTS limited");
    server().sql("CREATE ROLE limited LOGIN REPLICATION; GRANT USAGE ON SCHEMA eventuate TO "
                 "limited; GRANT SELECT ON eventuate.message, eventuate.tram_schema TO limited; "
                 "GRANT SELECT, INSERT, UPDATE, DELETE ON eventuate.tram_relay_held TO limited");
    source_config_.connection = server().connection();
    source_config_.connection.replace(source_config_.connection.find("user=postgres"), 13,
                                      "user=limited");
    run_each("CREATE PUBLICATION tram FOR TABLE eventuate.message");
  }
  ~PostgresLimitedRole() override {
    stop();
    server().sql("DROP OWNED BY limited; DROP ROLE limited");
  }
};

/// Neither the memory nor the table may be read at first.
TEST_F(PostgresLimitedRole, is_told_the_grants_that_it_needs) {
  publish_and_stop();
  run_each(made_heir);
  insert_into("eventuate.heir", "hidden");
  run_each(left_heir);
  EXPECT_NE(told_by_check("tables in doubt").find("GRANT SELECT, INSERT, UPDATE ON"),
            std::string::npos);
  come_back(1);
  EXPECT_TRUE(all_published());
  stop();
  EXPECT_EQ(times("hidden"), 1);
}

TEST_F(PostgresLimitedRole, is_told_the_grant_for_a_part_that_left) {
  server().sql("GRANT SELECT, INSERT, UPDATE ON eventuate.tram_relay_position TO limited");
  publish_and_stop(all({made_heir, "ALTER PUBLICATION tram ADD TABLE eventuate.heir"}));
  insert_into("eventuate.heir", "hidden");
  run_each(left_heir);
  come_back(1);
  EXPECT_TRUE(all_published());
  stop();
  EXPECT_GE(times("hidden"), 1);
}

TEST_F(PostgresUnlistedPart, is_said_to_be_asked_about_where_nothing_can_be_remembered) {
  source_config_.connection = server().connection();
  auto const told = [&]() -> std::string {
    for (auto const& finding : postgres::outbox_source(source_config_, clock_, random_)
                                   ->privileges(database_, OutboxRemoval::off)
                                   .findings) {
      if (finding.text.find("run: ") != std::string::npos) return finding.text;
    }
    return "";
  };
  EXPECT_EQ(remedy(told()), "");
  server().sql("DROP TABLE eventuate.tram_relay_position");
  server().sql(remedy(told()));
  EXPECT_EQ(remedy(told()), "");
}

class PostgresNewSlotOf : public PostgresUnlistedPart {
 protected:
  void lose_slot() {
    server().sql("SELECT pg_drop_replication_slot('tram')");
    source_config_.new_slot = NewSlot::publish_existing_rows;
  }
};

TEST_F(PostgresNewSlotOf, a_lost_one_reads_parts_that_left) {
  publish_and_stop(shown_by_partition());
  insert_into("eventuate.message", "hidden");
  run_each(all({detach, next_partition}));
  lose_slot();
  start();
  EXPECT_TRUE(all_published());
  stop();
  EXPECT_GE(times("hidden"), 1);
}

TEST_F(PostgresNewSlotOf, a_lost_one_reads_parts_that_left_under_a_relay_that_was_behind) {
  publish_and_stop(shown_by_partition());
  broker_.lands_at_once = false;
  start();
  insert_into("eventuate.message", "hidden");
  run_each(detach);
  ASSERT_TRUE(eventually([&] {
    return server().sql("SELECT count(*) FROM eventuate.tram_relay_position WHERE relay LIKE "
                        "'%#part1@%' AND position < 9223372036854775807") == "1";
  })) << relay_->readiness().reason;
  stop();
  run_each(next_partition);
  broker_.lands_at_once = true;
  lose_slot();
  start();
  EXPECT_TRUE(all_published());
  stop();
  EXPECT_GE(times("hidden"), 1);
}

TEST_F(PostgresNewSlotOf, a_lost_one_asks_about_unlisted_parts) {
  publish_and_stop();
  run_each(made_heir);
  insert_into("eventuate.heir", "hidden");
  run_each(left_heir);
  lose_slot();
  EXPECT_NE(told_by_check("tables in doubt").find("heir"), std::string::npos);
  come_back(1);
  EXPECT_TRUE(all_published());
  stop();
  EXPECT_GE(times("hidden"), 1);
  EXPECT_LE(times("hidden"), 2);
}

TEST_F(PostgresNewSlotOf, a_lost_one_names_unlisted_parts_without_memory) {
  publish_and_stop();
  run_each(made_heir);
  insert_into("eventuate.heir", "hidden");
  run_each(all({left_heir, "TRUNCATE eventuate.tram_relay_position"}));
  lose_slot();
  begin();
  auto const statement = asked();
  EXPECT_TRUE(eventually([&] { return relay_->readiness().ready; })) << relay_->readiness().reason;
  stop();
  server().sql(statement);
  start();
  EXPECT_TRUE(all_published());
  stop();
  EXPECT_GE(times("hidden"), 1);
}

/// The outbox is empty, and yet not all of it is published.
TEST_F(PostgresNewSlotOf, a_lost_one_is_refused_while_parts_that_left_hold_rows) {
  publish_and_stop(shown_by_partition());
  insert_into("eventuate.message", "hidden");
  run_each(all({detach, next_partition}));
  lose_slot();
  source_config_.new_slot = NewSlot::for_empty_outbox;
  EXPECT_NE(told_by_check("replication slot").find("message_1"), std::string::npos);
  begin();
  EXPECT_TRUE(eventually([&] {
    return relay_->readiness().reason.find("publish_existing_rows") != std::string::npos;
  })) << relay_->readiness().reason;
  EXPECT_NE(relay_->readiness().reason.find("message_1"), std::string::npos);
}

}  // namespace
}  // namespace tram::testing
