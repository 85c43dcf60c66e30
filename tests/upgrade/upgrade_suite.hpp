#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/base/random.hpp"
#include "tram/relay/held_row_admin.hpp"
#include "tram/relay/sql_held_row_store.hpp"
#include "tram/schema/schema.hpp"
#include "tram/sql/database.hpp"
#include "tram/subscriber/held_messages.hpp"

/// Tables as release 0.1 made them, with its rows, under this release. A harness has a database
/// whose tables are made by `sql(text)`, which gives the first value of the last statement.
namespace tram::testing {

using Texts = std::vector<std::string>;

inline std::string read_file(std::string const& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

template <class Harness>
class UpgradeSuite : public ::testing::Test {
 protected:
  UpgradeSuite() { harness_.sql(read_file(harness_.tables_of_0_1())); }

  std::string sql(std::string const& text) { return harness_.sql(text); }
  std::string table(std::string const& name) const {
    return schema_in(database_.dialect(), SchemaName{}).qualify(name);
  }
  static HeldRow row(std::string const& id, std::string const& key, HeldCause cause) {
    return {.row = {.id = id,
                    .database_id = std::nullopt,
                    .destination = "orders",
                    .headers = R"({"ID":")" + id + R"("})",
                    .payload = "{}",
                    .ends_at = std::nullopt},
            .key = key,
            .reason = "because of " + key,
            .cause = cause};
  }
  void store(HeldRow const& row) { rows_.store(std::vector{row}); }
  /// The ids of rows that come back by themselves.
  Texts coming_back() {
    Texts ids;
    for (auto const& each : rows_.replayable(100, ReplayOrder::by_key)) ids.push_back(each.row.id);
    return ids;
  }
  /// As an operator does it, or a replay.
  void remove(std::string const& row_id) {
    database_.transact([&](Transaction& tx) { admin_.drop(tx, {.row_id = row_id}); });
  }
  Texts causes_of_rows() {
    return database_.transact([&](Transaction& tx) {
      Texts causes;
      for (auto const& each : admin_.rows(tx, {}, 100))
        causes.push_back(each.row_id + " " + std::string{to_string(each.cause)});
      return causes;
    });
  }
  std::vector<HeldMessage> messages() {
    return database_.transact([&](Transaction& tx) { return messages_.messages(tx, {}, 100); });
  }
  Texts causes_of_messages() {
    Texts causes;
    for (auto const& each : messages())
      causes.push_back(each.message_id + " " + std::string{to_string(each.cause)});
    return causes;
  }
  void hold_behind(std::string const& id) {
    database_.transact([&](Transaction& tx) {
      EXPECT_TRUE(messages_.hold_behind(tx, {.key = {"billing", "orders", "7"},
                                             .message_id = id,
                                             .headers_json = "{}",
                                             .payload = "{}",
                                             .reason = "later than m1"}));
    });
  }
  void expect_rows_of_0_1_understood() {
    EXPECT_EQ(causes_of_rows(), (Texts{"a1 own_failure", "a2 key_held", "b1 own_failure"}));
    EXPECT_EQ(causes_of_messages(), (Texts{"m1 own_failure", "m2 key_held", "m3 key_held"}));
    EXPECT_EQ(coming_back(), Texts{});
    remove("a1");
    EXPECT_EQ(coming_back(), Texts{"a2"});
  }

  SystemClock clock_;
  SystemRandom random_;
  Harness harness_;
  Database database_ = harness_.database(clock_, random_);
  std::unique_ptr<ChangeSource> source_ = harness_.source(clock_);
  SqlHeldRowStore rows_{database_, SchemaName{}, *source_};
  HeldRowAdmin admin_{database_.dialect(), SchemaName{}};
  HeldMessages messages_{database_.dialect(), SchemaName{}};
};

TYPED_TEST_SUITE_P(UpgradeSuite);

TYPED_TEST_P(UpgradeSuite, tables_of_0_1_are_used_as_they_are) {
  auto const status = schema_status(this->database_, SchemaName{});
  EXPECT_EQ(status.state, SchemaStatus::State::behind);
  EXPECT_EQ(status.findings, Texts{});
  EXPECT_EQ(
      status.additions,
      (Texts{"ALTER TABLE " + this->table("tram_held_message") + " ADD COLUMN \"cause\" TEXT",
             "ALTER TABLE " + this->table("tram_relay_held") + " ADD COLUMN \"cause\" TEXT"}));
  require_schema(this->database_, SchemaName{});
  this->expect_rows_of_0_1_understood();

  this->store(this->row("c1", "c", HeldCause::own_failure));
  this->store(this->row("c2", "c", HeldCause::key_held));
  this->hold_behind("m4");
  EXPECT_EQ(this->coming_back(), Texts{"a2"});
  this->remove("c1");
  EXPECT_EQ(this->coming_back(), (Texts{"a2", "c2"}));
  EXPECT_EQ(this->messages().back().cause, HeldCause::key_held);
  // As release 0.1 would read it.
  EXPECT_EQ(this->sql("SELECT reason FROM " + this->table("tram_held_message") +
                      " WHERE message_id = 'm4'"),
            "held behind an earlier message of its key");
  EXPECT_EQ(
      this->sql("SELECT reason FROM " + this->table("tram_relay_held") + " WHERE row_id = 'c2'"),
      "behind an earlier message of its key");
}

TYPED_TEST_P(UpgradeSuite, an_installation_adds_the_cause_and_keeps_every_row) {
  install_schema(this->database_, SchemaName{});
  install_schema(this->database_, SchemaName{});
  EXPECT_EQ(schema_status(this->database_, SchemaName{}).state, SchemaStatus::State::current);
  for (auto const* table : {"tram_relay_held", "tram_held_message"})
    EXPECT_EQ(this->sql("SELECT count(*) FROM " + this->table(table) + " WHERE cause IS NULL"),
              "0");
  EXPECT_EQ(this->sql("SELECT count(*) FROM " + this->table("tram_schema")), "1");
  this->expect_rows_of_0_1_understood();
}

TYPED_TEST_P(UpgradeSuite, the_reason_is_free_text_then) {
  ASSERT_EQ(prepare_schema(this->database_, SchemaName{}), "");
  auto const set_reason = [&](std::string const& id, std::string const& reason) {
    this->sql("UPDATE " + this->table("tram_relay_held") + " SET reason = '" + reason +
              "' WHERE row_id = '" + id + "'");
  };
  set_reason("a2", "waits for a1");
  set_reason("b1", "behind an earlier message of its key");
  this->store(this->row("d1", "d", HeldCause::key_held));
  EXPECT_EQ(this->coming_back(), Texts{"d1"});
  this->remove("a1");
  EXPECT_EQ(this->coming_back(), (Texts{"a2", "d1"}));
  this->hold_behind("m4");
  EXPECT_EQ(this->messages().back().cause, HeldCause::key_held);
  EXPECT_EQ(this->messages().back().reason, "later than m1");
}

TYPED_TEST_P(UpgradeSuite, what_is_refused_again_has_failed_by_itself) {
  for (bool const upgraded : {false, true}) {
    if (upgraded) install_schema(this->database_, SchemaName{});
    auto const id = upgraded ? "f2" : "e2";
    this->store(this->row(id, id, HeldCause::key_held));
    auto const found = this->rows_.replayable(100, ReplayOrder::by_key);
    ASSERT_EQ(found.size(), 1U);
    this->rows_.settle({.published = {}, .refused = {{found[0].id, "too large"}}});
    EXPECT_EQ(this->coming_back(), Texts{});
    EXPECT_EQ(this->causes_of_rows().back(), std::string{id} + " own_failure");
    auto const behind = this->messages().back();
    this->database_.transact(
        [&](Transaction& tx) { this->messages_.note_failure(tx, behind, "no stock", 1); });
    EXPECT_EQ(this->messages().back().cause, HeldCause::own_failure);
    if (!upgraded) this->hold_behind("m4");
  }
}

// Programs are replaced one after the other, and one of them upgrades the tables.
TYPED_TEST_P(UpgradeSuite, what_0_1_writes_beside_it_is_understood) {
  install_schema(this->database_, SchemaName{});
  this->sql(
      "INSERT INTO " + this->table("tram_relay_held") +
      " (relay, row_id, destination, message_key, headers, payload, reason, held_at) VALUES "
      "('relay', 'a3', 'orders', 'g', '{}', '{}', 'behind an earlier message of its key', 1), "
      "('relay', 'a4', 'orders', 'h', '{}', '{}', 'too large', 1)");
  EXPECT_EQ(this->coming_back(), Texts{"a3"});
}

TYPED_TEST_P(UpgradeSuite, happens_under_a_relay_that_runs_and_back) {
  EXPECT_EQ(this->coming_back(), Texts{});
  install_schema(this->database_, SchemaName{});
  this->store(this->row("d1", "d", HeldCause::key_held));
  EXPECT_EQ(this->coming_back(), Texts{"d1"});
  EXPECT_EQ(this->messages().size(), 3U);
  EXPECT_EQ(
      this->sql("SELECT reason FROM " + this->table("tram_relay_held") + " WHERE row_id = 'd1'"),
      "because of d");
  // As after a backup of 0.1; the first attempt finds out.
  for (auto const* table : {"tram_relay_held", "tram_held_message"})
    this->sql("ALTER TABLE " + this->table(table) + " DROP COLUMN cause");
  EXPECT_THROW(this->coming_back(), Error);
  EXPECT_EQ(this->coming_back(), Texts{});
  EXPECT_THROW(this->hold_behind("m4"), Error);
  this->hold_behind("m4");
}

REGISTER_TYPED_TEST_SUITE_P(UpgradeSuite, tables_of_0_1_are_used_as_they_are,
                            an_installation_adds_the_cause_and_keeps_every_row,
                            the_reason_is_free_text_then,
                            what_is_refused_again_has_failed_by_itself,
                            what_0_1_writes_beside_it_is_understood,
                            happens_under_a_relay_that_runs_and_back);

}  // namespace tram::testing
