#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "tram/outbox/outbox_tables.hpp"
#include "tram/relay/relay_tables.hpp"
#include "tram/schema/schema.hpp"
#include "tram/subscriber/inbox.hpp"
#include "tram/subscriber/subscriber_tables.hpp"
#include "upgrade_suite.hpp"

/// What happens to tables of 0.1 when a later release gives a part its next versions.
namespace tram::testing {

using State = SchemaStatus::State;

/// Runs `work` in a process, and kills that when it has come far enough.
void kill_in_the_middle(auto const& work, auto const& has_come_far_enough) {
  pid_t const child = ::fork();
  if (child == 0) {
    work();
    ::_exit(0);
  }
  SystemClock clock;
  while (!has_come_far_enough()) clock.pause(std::chrono::milliseconds{1}, {});
  EXPECT_EQ(::kill(child, SIGKILL), 0);
  int status{};
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status)) << "it ended before it was killed";
}

template <class Harness>
class PartUpgradeSuite : public UpgradeSuite<Harness> {
 protected:
  using UpgradeSuite<Harness>::sql;
  using UpgradeSuite<Harness>::table;
  using UpgradeSuite<Harness>::database_;

  PartUpgradeSuite() {
    sql("INSERT INTO " + table("message") + " (id, destination, headers, payload) VALUES ('e', " +
        "'orders', '{}', '{}')");
    sql("INSERT INTO " + table("received_messages") + " (consumer_id, message_id) VALUES " +
        "('billing', 'seen')");
    sql("INSERT INTO " + table("tram_relay_position") + " (relay, position) VALUES ('relay', 1)");
  }
  std::int64_t number(std::string const& text) { return std::stoll(sql(text)); }
  std::string rows() {
    std::string all;
    for (auto const* name : {"message", "received_messages", "tram_held_key", "tram_held_message",
                             "tram_relay_position", "tram_relay_held"})
      all += sql("SELECT count(*) FROM " + table(name)) + " ";
    return all;
  }
  static constexpr auto rows_of_0_1 = "1 1 1 3 1 3 ";
  static constexpr auto fill = "UPDATE {tram_held_message} SET note_2 = reason";

  /// With what later releases bring: a column and a table each.
  TableParts later(int version, std::string const& statement) {
    auto held = subscriber_tables(database_.dialect());
    for (held.version = 2; held.version <= version; ++held.version) {
      auto const number = std::to_string(held.version);
      held.tables[2].columns.push_back(
          {.name = "note_" + number, .definition = "TEXT", .since = held.version});
      held.tables.push_back(
          {.name = "tram_later_" + number, .columns = {{"id", "INTEGER"}}, .since = held.version});
      held.upgrades.push_back({.version = held.version, .statements = {statement}});
    }
    held.version = version;
    return {outbox_tables(database_.dialect()), held, relay_tables(database_.dialect())};
  }
  static std::string refusal(auto const& call) {
    try {
      call();
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::rejected);
      return error.what();
    }
    return "nothing was refused";
  }
  State state(TableParts const& parts) {
    return tables_status(database_, SchemaName{}, parts).state;
  }
  void install(TableParts const& parts) { install_tables(database_, SchemaName{}, parts); }
  void expect_second_version() {
    EXPECT_EQ(state(later(2, fill)), State::current);
    EXPECT_EQ(rows(), rows_of_0_1);
    EXPECT_EQ(
        number("SELECT count(*) FROM " + table("tram_held_message") + " WHERE note_2 = reason"), 3);
    EXPECT_EQ(number("SELECT count(*) FROM " + table("tram_later_2")), 0);
    EXPECT_EQ(number("SELECT count(*) FROM " + table("tram_schema_part") +
                     " WHERE part = 'subscriber' AND version = 2"),
              1);
    EXPECT_EQ(number("SELECT max(version) FROM " + table("tram_schema")), 1);
  }
};

TYPED_TEST_SUITE_P(PartUpgradeSuite);

TYPED_TEST_P(PartUpgradeSuite, an_installation_twice_keeps_every_row) {
  for (int i = 0; i < 2; ++i) {
    install_schema(this->database_, SchemaName{});
    EXPECT_EQ(schema_status(this->database_, SchemaName{}).state, State::current);
    EXPECT_EQ(this->rows(), this->rows_of_0_1);
  }
  Inbox const inbox{this->database_.dialect(), SchemaName{}};
  this->database_.transact([&](Transaction& tx) {
    EXPECT_FALSE(inbox.receive(tx, "billing", "seen"));
    EXPECT_TRUE(inbox.receive(tx, "billing", "unseen"));
  });
}

TYPED_TEST_P(PartUpgradeSuite, a_part_is_brought_to_its_next_version_with_its_rows) {
  auto const parts = this->later(2, this->fill);
  EXPECT_EQ(this->state(parts), State::behind);
  require_tables(this->database_, SchemaName{}, parts);
  for (int i = 0; i < 2; ++i) {
    this->install(parts);
    this->expect_second_version();
  }
}

TYPED_TEST_P(PartUpgradeSuite, the_statements_that_are_told_are_enough) {
  auto const parts = this->later(2, this->fill);
  for (auto const& each : tables_status(this->database_, SchemaName{}, parts).additions)
    this->sql(each);
  this->expect_second_version();
  EXPECT_EQ(tables_status(this->database_, SchemaName{}, parts).additions, Texts{});
}

TYPED_TEST_P(PartUpgradeSuite, two_versions_are_too_many_to_work_on_and_are_upgraded) {
  auto const parts = this->later(3, this->fill);
  auto const what = this->refusal([&] { require_tables(this->database_, SchemaName{}, parts); });
  EXPECT_NE(what.find("the tables of 'subscriber' have version 1, this program knows 3; run \"tram "
                      "schema install\""),
            std::string::npos)
      << what;
  this->install(parts);
  EXPECT_EQ(this->state(parts), State::current);
  EXPECT_EQ(this->rows(), this->rows_of_0_1);
}

TYPED_TEST_P(PartUpgradeSuite, a_program_of_before_is_told_that_the_part_is_newer) {
  this->install(this->later(2, this->fill));
  for (auto const& call : {&install_tables, &require_tables}) {
    auto const what = this->refusal(
        [&] { call(this->database_, SchemaName{}, all_tables(this->database_.dialect())); });
    EXPECT_NE(what.find("the tables of 'subscriber' have version 2, this program knows 1; use a "
                        "newer release"),
              std::string::npos)
        << what;
  }
  EXPECT_EQ(schema_status(this->database_, SchemaName{}).state, State::newer);
  // What does not need that part does not care.
  require_tables(this->database_, SchemaName{}, {outbox_tables(this->database_.dialect())});
  this->expect_second_version();
}

TYPED_TEST_P(PartUpgradeSuite, a_newer_whole_is_refused) {
  this->sql("INSERT INTO " + this->table("tram_schema") + " (version, installed_at) VALUES (2, 1)");
  auto const what = this->refusal([&] { install_schema(this->database_, SchemaName{}); });
  EXPECT_NE(what.find("the tables have version 2, this program knows 1; use a newer release"),
            std::string::npos)
      << what;
}

TYPED_TEST_P(PartUpgradeSuite, nothing_changes_when_a_statement_fails) {
  auto const parts = this->later(2, "UPDATE {tram_held_message} SET no_such_column = 1");
  this->refusal([&] { this->install(parts); });
  EXPECT_EQ(this->state(parts), State::behind);
  EXPECT_EQ(tables_status(this->database_, SchemaName{}, parts).additions.size(), 7U);
  this->install(this->later(2, this->fill));
  this->expect_second_version();
}

TYPED_TEST_P(PartUpgradeSuite, one_that_was_killed_is_done_by_the_next) {
  auto const parts = this->later(2, this->fill);
  this->harness_.kill_in_the_middle([&](Database& database, std::string const& endless) {
    auto cut_off = parts;
    cut_off[1].upgrades.back().statements.push_back(endless);
    install_tables(database, SchemaName{}, cut_off);
  });
  EXPECT_EQ(this->state(parts), State::behind);
  EXPECT_EQ(this->rows(), this->rows_of_0_1);
  this->install(parts);
  this->expect_second_version();
}

// As after a database that commits each change of a table by itself.
TYPED_TEST_P(PartUpgradeSuite, half_an_upgrade_is_completed) {
  this->sql("ALTER TABLE " + this->table("tram_held_message") + " ADD COLUMN note_2 TEXT");
  this->sql("ALTER TABLE " + this->table("tram_relay_held") + " ADD COLUMN cause TEXT");
  this->sql("DROP TABLE " + this->table("tram_held_key"));
  this->install(this->later(2, this->fill));
  EXPECT_EQ(this->number("SELECT count(*) FROM " + this->table("tram_held_message") +
                         " WHERE note_2 = reason"),
            3);
  EXPECT_EQ(this->state(this->later(2, this->fill)), State::current);
}

TYPED_TEST_P(PartUpgradeSuite, several_at_once_do_no_harm) {
  auto const parts = this->later(2, this->fill);
  {
    std::vector<std::jthread> installers;
    for (int i = 0; i < 4; ++i) installers.emplace_back([&] { this->install(parts); });
  }
  this->expect_second_version();
}

TYPED_TEST_P(PartUpgradeSuite, a_further_part_comes_beside_a_table_that_the_java_platform_made) {
  this->sql("CREATE TABLE " + this->table("saga_instance") +
            " (saga_type VARCHAR(255), saga_id VARCHAR(100), extra INTEGER)");
  ColumnTypeNames const type{this->database_.dialect().types};
  TablePart const sagas{
      .name = "sagas",
      .tables = {{.name = "saga_instance",
                  .columns = {{"saga_type", type.name}, {"saga_id", type.name}},
                  .needed_columns = {"saga_type", "saga_id"}},
                 {.name = "tram_saga", .columns = {{"saga_id", type.text + " PRIMARY KEY"}}}},
      .remedy = "run the saga's own installer"};
  auto const what = this->refusal([&] { require_schema(this->database_, SchemaName{}, {sagas}); });
  EXPECT_NE(what.find("tram_saga is missing; run the saga's own installer"), std::string::npos)
      << what;
  install_schema(this->database_, SchemaName{}, {sagas});
  EXPECT_EQ(schema_status(this->database_, SchemaName{}, {sagas}).state, State::current);
  EXPECT_EQ(schema_status(this->database_, SchemaName{}).state, State::current);
  EXPECT_EQ(this->number("SELECT count(extra) FROM " + this->table("saga_instance")), 0);
}

TYPED_TEST_P(PartUpgradeSuite, parts_that_cannot_be_are_refused_by_name) {
  auto const tells = [&](TableParts const& parts, std::string const& expected) {
    auto const what = this->refusal([&] { this->install(parts); });
    EXPECT_NE(what.find(expected), std::string::npos) << what;
  };
  tells({{.name = "", .tables = {}}}, "part ''");
  tells({{.name = "o'part", .tables = {}}}, "part 'o'part'");
  tells({{.name = "a", .tables = {}}, {.name = "a", .tables = {}}}, "part 'a' of the tables is");
  tells({{.name = "a", .tables = {{.name = "tram_a", .columns = {{"b", "TEXT", 2}}}}}},
        "has version 1, and contents of version 2");
}

REGISTER_TYPED_TEST_SUITE_P(PartUpgradeSuite, an_installation_twice_keeps_every_row,
                            a_part_is_brought_to_its_next_version_with_its_rows,
                            the_statements_that_are_told_are_enough,
                            two_versions_are_too_many_to_work_on_and_are_upgraded,
                            a_program_of_before_is_told_that_the_part_is_newer,
                            a_newer_whole_is_refused, nothing_changes_when_a_statement_fails,
                            one_that_was_killed_is_done_by_the_next, half_an_upgrade_is_completed,
                            several_at_once_do_no_harm,
                            a_further_part_comes_beside_a_table_that_the_java_platform_made,
                            parts_that_cannot_be_are_refused_by_name);

}  // namespace tram::testing
