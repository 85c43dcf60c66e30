#include "tram/schema/schema.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "outbox_file.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/sqlite/dialect.hpp"
#include "tram/sqlite/sqlite.hpp"

namespace {
using tram::Database;
using tram::Error;
using tram::Fault;
using tram::SchemaName;
using State = tram::SchemaStatus::State;
using tram::testing::RawConnection;
using tram::testing::TemporaryFolder;

struct SqliteSchema : ::testing::Test {
  TemporaryFolder folder;
  tram::SystemClock clock;
  tram::SystemRandom random;
  std::string path = (folder.path() / "orders.db").string();
  SchemaName schema;
  RawConnection raw{path};
  Database database = tram::sqlite::connect({.path = path}, {}, clock, random);

  std::string refusal(auto&& call) {
    try {
      call();
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::rejected);
      return error.what();
    }
    return "nothing was refused";
  }
};

TEST_F(SqliteSchema, is_absent_at_first_and_current_once_installed) {
  EXPECT_EQ(tram::schema_status(database, schema).state, State::absent);
  EXPECT_NE(refusal([&] { tram::require_schema(database, schema); }).find("tram schema install"),
            std::string::npos);
  tram::install_schema(database, schema);
  auto const status = tram::schema_status(database, schema);
  EXPECT_EQ(status.state, State::current);
  EXPECT_EQ(status.version, tram::schema_version);
  EXPECT_TRUE(status.findings.empty());
  tram::require_schema(database, schema);
}

TEST_F(SqliteSchema, is_the_same_whatever_schema_is_configured) {
  tram::install_schema(database, SchemaName{"eventuate"});
  tram::require_schema(database, SchemaName::none());
  tram::require_schema(database, SchemaName{"other"});
}

TEST_F(SqliteSchema, can_be_installed_again_without_touching_what_is_there) {
  tram::install_schema(database, schema);
  raw.insert("1");
  tram::install_schema(database, schema);
  EXPECT_EQ(raw.value("SELECT count(*) FROM message"), 1);
  EXPECT_EQ(raw.value("SELECT count(*) FROM tram_schema"), 1);
}

TEST_F(SqliteSchema, is_installed_once_by_processes_that_start_together) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { tram::install_schema(database, schema); });
  threads.clear();
  EXPECT_EQ(raw.value("SELECT count(*) FROM tram_schema"), 1);
}

TEST_F(SqliteSchema, gives_no_number_of_the_outbox_twice) {
  tram::install_schema(database, schema);
  raw.insert("1");
  raw.run("DELETE FROM message");
  raw.insert("2");
  EXPECT_EQ(raw.value("SELECT seq FROM message"), 2);
}

TEST_F(SqliteSchema, refuses_tables_of_somebody_else_and_changes_nothing) {
  raw.run("CREATE TABLE message (id INTEGER, text TEXT)");
  EXPECT_EQ(tram::schema_status(database, schema).state, State::foreign);
  auto const what = refusal([&] { tram::install_schema(database, schema); });
  EXPECT_NE(what.find("table message has no column 'destination'"), std::string::npos) << what;
  EXPECT_EQ(raw.value("SELECT count(*) FROM sqlite_master WHERE name LIKE 'tram%'"), 0);
}

TEST_F(SqliteSchema, refuses_tables_of_a_newer_release) {
  tram::install_schema(database, schema);
  raw.run("UPDATE tram_schema SET version = version + 1");
  EXPECT_EQ(tram::schema_status(database, schema).state, State::newer);
  EXPECT_NE(refusal([&] { tram::install_schema(database, schema); }).find("use a newer release"),
            std::string::npos);
  EXPECT_NE(refusal([&] { tram::require_schema(database, schema); }).find("use a newer release"),
            std::string::npos);
}

TEST_F(SqliteSchema, is_behind_when_a_table_is_missing_and_is_completed_by_an_installation) {
  tram::install_schema(database, schema);
  raw.run("DROP TABLE tram_relay_held");
  auto const status = tram::schema_status(database, schema);
  EXPECT_EQ(status.state, State::behind);
  EXPECT_EQ(status.findings, std::vector<std::string>{"table tram_relay_held is missing"});
  EXPECT_NE(refusal([&] { tram::require_schema(database, schema); }).find("tram_relay_held"),
            std::string::npos);
  tram::install_schema(database, schema);
  EXPECT_EQ(tram::schema_status(database, schema).state, State::current);
}

TEST_F(SqliteSchema, is_printed_as_statements_that_install_it) {
  raw.run(tram::print_schema(tram::sqlite::dialect, schema));
  EXPECT_EQ(tram::schema_status(database, schema).state, State::current);
}

}  // namespace
