#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "outbox_file.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/base/random.hpp"
#include "tram/operations/doctor.hpp"
#include "tram/operations/held_items.hpp"
#include "tram/operations/outbox_report.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/relay/sql_held_row_store.hpp"
#include "tram/schema/schema.hpp"
#include "tram/sql/database.hpp"
#include "tram/sqlite/outbox_source.hpp"
#include "tram/sqlite/sqlite.hpp"
#include "tram/subscriber/held_messages.hpp"
#include "tram/wire/id_generator.hpp"

namespace tram::testing {
namespace {

using namespace std::chrono_literals;
using Steps = std::vector<std::pair<HeldStep, std::size_t>>;

class Operations : public ::testing::Test {
 protected:
  Operations() { install_schema(database_, schema_); }

  void hold_message(std::string const& id) {
    HeldMessages const held{database_.dialect(), schema_};
    database_.transact([&](Transaction& tx) {
      HeldMessage const message{.key = {"billing", "orders", "7"},
                                .message_id = id,
                                .headers_json = "{}",
                                .payload = "{}",
                                .reason = "no such customer",
                                .attempts = 4};
      if (!held.hold_behind(tx, message)) held.hold(tx, message);
    });
  }
  void hold_row(std::string const& id) {
    SqlHeldRowStore{database_, schema_, *outbox_->change_source()}.store(
        std::vector<HeldRow>{{.row = {.id = id,
                                      .database_id = std::nullopt,
                                      .destination = "orders",
                                      .headers = "{}",
                                      .payload = "x",
                                      .ends_at = std::nullopt},
                              .key = "7",
                              .reason = "too large"}});
  }
  HeldProgress noting(Steps& steps) {
    return [&](HeldStep step, std::size_t count) { steps.emplace_back(step, count); };
  }
  DoctorParts doctor_parts() {
    return {.outbox = *outbox_,
            .open = [this] { return sqlite::connect({.path = path_}, {}, clock_, random_); },
            .schema = schema_,
            .inbox_age = {.age = 48h},
            .broker_age = {.age = 24h}};
  }
  static std::string text_of(std::vector<Finding> const& findings, std::string const& subject) {
    std::string text;
    for (auto const& finding : findings) {
      if (finding.subject == subject) text += (finding.good ? "good " : "wrong ") + finding.text;
    }
    return text;
  }

  TemporaryFolder folder_;
  SystemClock clock_;
  SystemRandom random_;
  SchemaName schema_;
  std::string path_ = (folder_.path() / "orders.db").string();
  Database database_ = sqlite::connect({.path = path_}, {}, clock_, random_);
  std::unique_ptr<OutboxSource> outbox_ = sqlite::outbox_source({.path = path_}, clock_, random_);
};

TEST_F(Operations, list_and_count_what_subscriptions_and_relays_hold) {
  hold_message("m1");
  hold_message("m2");
  hold_row("r1");
  HeldItems const held{database_, schema_};
  auto const items = held.list({}, 10);
  ASSERT_EQ(items.size(), 3U);
  EXPECT_EQ(items[0].message_id + " " + items[0].held_by + " " + items[0].cause,
            "m1 subscription own_failure");
  EXPECT_EQ(items[1].cause, "key_held");
  EXPECT_EQ(items[2].message_id + " " + items[2].held_by, "r1 relay");
  EXPECT_EQ(held.list({.subscriber = "billing"}, 1).size(), 1U);
  EXPECT_EQ(held.count({.subscriber = "billing"}), 2U);
  EXPECT_EQ(held.count({.relay = "relay"}), 1U);
  auto const totals = held.totals();
  EXPECT_EQ(totals.messages, 2U);
  EXPECT_EQ(totals.keys, 1U);
  EXPECT_EQ(totals.rows, 1U);
}

TEST_F(Operations, tell_each_step_of_a_change) {
  hold_message("m1");
  hold_row("r1");
  HeldItems const held{database_, schema_};
  Steps steps;
  EXPECT_EQ(held.request_retry({}, noting(steps)), 2U);
  EXPECT_EQ(steps,
            (Steps{{HeldStep::nothing_changed, 0}, {HeldStep::storing, 2}, {HeldStep::stored, 2}}));
  auto const item = held.list({.relay = "relay"}, 1).at(0);
  EXPECT_TRUE(item.retry_requested);
  steps.clear();
  EXPECT_TRUE(held.drop(item, noting(steps)));
  EXPECT_EQ(steps.back().first, HeldStep::stored);
  EXPECT_FALSE(held.drop(item, noting(steps)));
  EXPECT_EQ(steps.back().first, HeldStep::nothing_changed);
}

TEST_F(Operations, report_the_outbox) {
  IdGenerator ids{clock_, {1}};
  auto const outbox = Outbox::of(database_, ids, random_, {.schema = schema_});
  for (auto const* payload : {"one", "three"}) {
    database_.transact([&](Transaction& tx) {
      outbox.send(tx, "orders", Message{.headers = {}, .payload = payload}, {.partition_key = "7"});
    });
  }
  hold_row("r1");
  auto const newest = newest_sent(database_, schema_, 1);
  ASSERT_EQ(newest.size(), 1U);
  EXPECT_EQ(newest[0].channel + " " + newest[0].key, "orders 7");
  EXPECT_EQ(newest[0].bytes, 5);
  auto const report = outbox_report(database_, schema_);
  EXPECT_EQ(report.rows, 2);
  EXPECT_EQ(report.held_rows, 1);
  EXPECT_TRUE(report.oldest_at && report.newest_at);
}

TEST_F(Operations, find_what_is_held_and_what_is_kept_too_short) {
  auto const healthy = examine(doctor_parts());
  EXPECT_TRUE(std::ranges::all_of(healthy, &Finding::good)) << text_of(healthy, "database");
  hold_message("m1");
  hold_row("r1");
  auto parts = doctor_parts();
  parts.inbox_age = {.age = 23h, .remark = " (assumed)"};
  parts.check_broker = [] {
    return std::vector<Finding>{{.good = false, .subject = "broker", .text = "is down"}};
  };
  auto const found = examine(parts);
  EXPECT_EQ(text_of(found, "held messages"),
            "wrong 1 messages of 1 keys wait; see \"tram held list\"");
  EXPECT_EQ(text_of(found, "rows that relays hold"), "wrong 1 wait; see \"tram held list\"");
  EXPECT_TRUE(text_of(found, "retention")
                  .starts_with("wrong the inbox keeps 23h (assumed), the broker 1d:"))
      << text_of(found, "retention");
  EXPECT_EQ(text_of(found, "broker"), "wrong is down");
}

TEST_F(Operations, find_a_database_that_cannot_be_opened) {
  auto parts = doctor_parts();
  parts.open = []() -> Database { throw Error{Fault::transient, "test: is away"}; };
  auto const found = examine(parts);
  EXPECT_EQ(text_of(found, "schema"), "wrong test: is away");
  EXPECT_EQ(text_of(found, "inbox"), "");
}

}  // namespace
}  // namespace tram::testing
