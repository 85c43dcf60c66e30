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
  static void insert_into(std::string const& table, std::string const& id) {
    server().sql(
        "INSERT INTO " + table + " (id, destination, headers, payload, creation_time) VALUES ('" +
        id + "', 'orders', '{\"ID\":\"" + id + "\",\"PARTITION_ID\":\"k\"}', '" + id + "', 1000)");
  }
  static void run_each(std::string const& statements) {
    std::size_t from = 0;
    while (from < statements.size()) {
      auto const end = std::min(statements.find(';', from), statements.size());
      server().sql(statements.substr(from, end - from));
      from = end + 1;
    }
  }
  /// The reason's command.
  static std::string remedy(std::string const& reason) {
    auto const at = reason.find("run: ");
    return at == std::string::npos ? "" : reason.substr(at + 5);
  }
  static std::string rows(std::string const& ids) {
    return server().sql("SELECT count(*) FROM eventuate.message WHERE id LIKE '" + ids + "%'");
  }
  void expect_landed(Texts const& wanted) {
    Texts landed;
    for (auto const& record : broker_.landed) landed.push_back(payload_of(record));
    for (auto const& each : wanted) {
      EXPECT_NE(std::ranges::find(landed, each), landed.end()) << each << " is not published";
    }
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
    server().sql(remedy(reason));
  }
  EXPECT_TRUE(published(4)) << relay_->readiness().reason;
  EXPECT_TRUE(eventually([&] { return relay_->readiness().ready; })) << relay_->readiness().reason;
  insert_into(silence.table, "after");
  EXPECT_TRUE(published(5));
  // Goes on to do its work, retention too.
  EXPECT_TRUE(eventually([&] { return rows("") == "0"; })) << rows("");
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
  };
}

INSTANTIATE_TEST_SUITE_P(Silence, PostgresSilentLogOf, ::testing::ValuesIn(silences()),
                         [](auto const& silence) { return silence.param.name; });

}  // namespace
}  // namespace tram::testing
