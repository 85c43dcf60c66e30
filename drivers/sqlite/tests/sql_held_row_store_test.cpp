#include "tram/relay/sql_held_row_store.hpp"

#include <gtest/gtest.h>

#include "outbox_file.hpp"
#include "relay_database.hpp"
#include "relay_world.hpp"
#include "tram/relay/held_row_admin.hpp"
#include "tram/relay/numbered_outbox_retention.hpp"
#include "tram/sqlite/change_source.hpp"

namespace {
using namespace std::chrono_literals;
using tram::HeldRow;
using tram::HeldRowKey;
using tram::LogPosition;
using tram::OutboxRow;
using tram::ReplayOrder;
using tram::testing::RelayDatabase;
using tram::testing::RelayWorld;
using tram::testing::row;
using Texts = std::vector<std::string>;

struct SqlHeldRowStore : ::testing::Test, RelayDatabase {
  std::unique_ptr<tram::ChangeSource> source =
      tram::sqlite::change_source({.path = file.path()}, database_clock);
  tram::SqlHeldRowStore held{database, tram::SchemaName::none(), *source};

  void store(std::vector<HeldRow> const& rows) { held.store(rows); }
  static HeldRow bad(std::string const& id, std::string const& key) {
    return {.row = row(id, key), .key = key, .reason = "broker: too large"};
  }
  static HeldRow behind(std::string const& id, std::string const& key) {
    return {.row = row(id, key), .key = key, .reason = "waits", .cause = tram::HeldCause::key_held};
  }
  void request(std::string const& id) {
    raw.run("UPDATE tram_relay_held SET retry_requested = 1 WHERE row_id = '" + id + "'");
  }
  Texts replayable(ReplayOrder order = ReplayOrder::by_key, std::size_t rows_max = 100) {
    Texts ids;
    for (auto const& stored : held.replayable(rows_max, order)) ids.push_back(stored.row.id);
    return ids;
  }
};

TEST_F(SqlHeldRowStore, knows_its_rows_and_their_keys) {
  EXPECT_EQ(held.summary().rows, 0U);
  store({bad("1", "a"), behind("2", "a"), bad("3", "b")});
  store({{.row = row("4", "?"), .key = std::nullopt, .reason = "no headers"}});
  auto const summary = held.summary();
  EXPECT_EQ(summary.rows, 4U);
  EXPECT_EQ(summary.keys, (std::set<HeldRowKey>{{"orders", "a"}, {"orders", "b"}}));
}

TEST_F(SqlHeldRowStore, keeps_everything_that_a_row_has) {
  OutboxRow const bare{.id = "",
                       .database_id = 77,
                       .destination = "orders",
                       .headers = {},
                       .payload = {},
                       .ends_at = LogPosition{9}};
  store({{.row = bare, .key = std::nullopt, .reason = "r"}, bad("1", "a")});
  raw.run("UPDATE tram_relay_held SET retry_requested = 1");
  auto const stored = held.replayable(10, ReplayOrder::by_key);
  ASSERT_EQ(stored.size(), 2U);
  EXPECT_EQ(stored[0].row.database_id, 77);
  EXPECT_EQ(stored[0].row.headers, std::nullopt);
  EXPECT_EQ(stored[0].row.payload, std::nullopt);
  EXPECT_EQ(stored[1].row.headers, bad("1", "a").row.headers);
  EXPECT_EQ(stored[1].row.payload, "1");
  EXPECT_EQ(stored[1].row.destination, "orders");
  EXPECT_EQ(raw.value("SELECT count(*) FROM tram_relay_held WHERE held_at > 1700000000000"), 2);
}

TEST_F(SqlHeldRowStore, gives_back_whatever_bytes_a_row_had) {
  using namespace std::string_literals;
  auto strange = row("1", "a");
  strange.headers = "{\"ID\":\"1\",\"x\":\"\xE9\"}";
  strange.payload = "nul\0"s;
  auto const long_key = "k\xE9" + std::string(5000, 'k');
  store({{.row = strange, .key = long_key, .reason = "it has \xE9"}});
  store({{.row = strange, .key = long_key, .reason = "it has \xE9"}});
  auto text = row("2", "a");
  text.payload = "base64:aGk=";
  store({{.row = text, .key = "a", .reason = "waits", .cause = tram::HeldCause::key_held}});
  raw.run("UPDATE tram_relay_held SET retry_requested = 1");
  auto const stored = held.replayable(10, ReplayOrder::by_key);
  ASSERT_EQ(stored.size(), 2U);
  EXPECT_EQ(stored[0].row.headers, strange.headers);
  EXPECT_EQ(stored[0].row.payload, strange.payload);
  EXPECT_NE(stored[0].row.unreadable.find("Base64"), std::string::npos);
  EXPECT_EQ(stored[1].row.payload, text.payload);
  EXPECT_EQ(stored[1].row.unreadable, "");
  tram::HeldRowAdmin const list{database.dialect(), tram::SchemaName::none()};
  database.transact([&](tram::Transaction& tx) {
    EXPECT_EQ(list.count(tx, {.key = long_key}), 1U);
    auto const shown = list.rows(tx, {.row_id = "1"}, 10);
    EXPECT_EQ(shown.at(0).reason, "it has ?");
    EXPECT_EQ(list.drop(tx, {.key = shown.at(0).key.value()}), 1U);
  });
}

TEST_F(SqlHeldRowStore, stores_a_row_once_however_often_it_comes) {
  OutboxRow by_number = row("", "a");
  by_number.database_id = 5;
  OutboxRow by_content = row("", "a");
  by_content.headers = "no object";
  std::vector<HeldRow> const rows{bad("1", "a"),
                                  {.row = by_number, .key = "a", .reason = "r"},
                                  {.row = by_content, .key = std::nullopt, .reason = "r"}};
  store(rows);
  store(rows);
  EXPECT_EQ(held.summary().rows, 3U);
}

TEST_F(SqlHeldRowStore, tells_rows_without_an_id_apart_by_their_content) {
  OutboxRow one = row("", "a");
  OutboxRow other = row("", "a");
  other.payload = "other";
  store({{.row = one, .key = "a", .reason = "r"}, {.row = other, .key = "a", .reason = "r"}});
  EXPECT_EQ(held.summary().rows, 2U);
}

TEST_F(SqlHeldRowStore, lets_operators_list_retry_and_drop) {
  tram::HeldRowAdmin const list{database.dialect(), tram::SchemaName{}};
  auto const in_transaction = [&](auto function) {
    return database.transact([&](tram::Transaction& tx) { return function(tx); });
  };
  store({bad("1", "a"), behind("2", "a"), bad("3", "b")});
  EXPECT_EQ(in_transaction([&](auto& tx) { return list.request_retry(tx, {.row_id = "1"}); }), 1U);
  EXPECT_EQ(replayable(), Texts{"1"});
  auto const of_key =
      in_transaction([&](auto& tx) { return list.rows(tx, {.relay = "relay", .key = "a"}, 10); });
  ASSERT_EQ(of_key.size(), 2U);
  EXPECT_EQ(of_key[0].row_id, "1");
  EXPECT_EQ(of_key[0].reason, "broker: too large");
  EXPECT_TRUE(of_key[0].retry_requested);
  EXPECT_FALSE(of_key[1].retry_requested);
  EXPECT_EQ(in_transaction([&](auto& tx) { return list.drop(tx, {.row_id = "1"}); }), 1U);
  EXPECT_EQ(in_transaction([&](auto& tx) { return list.drop(tx, {.relay = "audit"}); }), 0U);
  EXPECT_EQ(replayable(), Texts{"2"});
}

TEST_F(SqlHeldRowStore, retries_the_first_row_of_a_key_when_one_behind_it_is_asked_for) {
  tram::HeldRowAdmin const list{database.dialect(), tram::SchemaName{}};
  store({bad("1", "a"), behind("2", "a"), bad("3", "b")});
  store({{.row = row("4", "?"), .key = std::nullopt, .reason = "no headers"}});
  auto const request_retry_of = [&](std::string const& id) {
    return database.transact(
        [&](tram::Transaction& tx) { return list.request_retry(tx, {.row_id = id}); });
  };
  EXPECT_EQ(request_retry_of("2"), 2U);
  EXPECT_EQ(replayable(), Texts{"1"});
  EXPECT_EQ(request_retry_of("4"), 1U);
  EXPECT_EQ(replayable(), (Texts{"1", "4"}));
  EXPECT_EQ(request_retry_of("5"), 0U);
}

TEST_F(SqlHeldRowStore, has_rows_of_a_channel_tried_again) {
  store({bad("1", "a"), behind("2", "a"), bad("3", "b")});
  held.settle({.published = {}, .refused = {}, .channels_to_try = {"another"}});
  EXPECT_EQ(replayable(), Texts{});
  auto const channel = row("1", "a").destination;
  held.settle({.published = {}, .refused = {}, .channels_to_try = {channel}});
  EXPECT_EQ(replayable(), (Texts{"1", "3"}));
}

TEST_F(SqlHeldRowStore, tells_which_channels_took_no_rows) {
  auto refused = bad("1", "a");
  refused.cause = tram::HeldCause::channel_closed;
  auto const channel = refused.row.destination;
  store({refused, behind("2", "a"), bad("3", "b")});
  EXPECT_EQ(held.summary().closed_channels, std::set<std::string>{channel});
  EXPECT_EQ(replayable(), Texts{}) << "only when the channel is tried";
  held.settle({.published = {}, .refused = {}, .channels_to_try = {channel}});
  EXPECT_EQ(replayable(), (Texts{"1", "3"}));
  auto const first = held.replayable(1, ReplayOrder::by_key).front().id;
  held.settle({.published = {}, .refused = {{.id = first, .reason = "too large"}}});
  EXPECT_EQ(held.summary().closed_channels, std::set<std::string>{});
  held.settle(
      {.published = {},
       .refused = {
           {.id = first, .reason = "forbidden", .cause = tram::HeldCause::channel_closed}}});
  EXPECT_EQ(held.summary().closed_channels, std::set<std::string>{channel});
}

TEST_F(SqlHeldRowStore, leaves_the_rows_of_another_relay_alone) {
  auto const audit =
      tram::sqlite::change_source({.path = file.path(), .relay = "audit"}, database_clock);
  tram::SqlHeldRowStore other{database, tram::SchemaName::none(), *audit};
  store({bad("1", "a")});
  EXPECT_EQ(other.summary().rows, 0U);
  other.store(std::vector{bad("1", "a")});
  EXPECT_EQ(other.summary().rows, 1U);
  EXPECT_EQ(held.summary().rows, 1U);
}

TEST_F(SqlHeldRowStore, keeps_the_rows_of_two_tables_apart) {
  auto const second =
      tram::sqlite::change_source({.path = file.path(), .table = "message1"}, database_clock);
  tram::SqlHeldRowStore other{database, tram::SchemaName::none(), *second};
  auto numbered = bad("", "a");
  numbered.row.database_id = 2;
  store({numbered});
  other.store(std::vector{numbered});
  EXPECT_EQ(held.summary().rows, 1U);
  EXPECT_EQ(other.summary().rows, 1U);
}

TEST_F(SqlHeldRowStore, keeps_every_row_when_several_have_one_id) {
  auto first = bad("1", "a");
  auto second = bad("1", "a");
  second.row.payload = "other";
  auto third = bad("1", "b");
  third.row.payload = std::nullopt;
  auto numbered = bad("1", "a");
  numbered.row.database_id = 7;
  std::vector<HeldRow> const rows{first, second, third, numbered};
  store(rows);
  store(rows);
  EXPECT_EQ(held.summary().rows, 4U);
  // The first one went, and the others come again after a crash.
  raw.run("DELETE FROM tram_relay_held WHERE row_id = '1'");
  store({second, third, numbered});
  EXPECT_EQ(held.summary().rows, 3U);
}

TEST_F(SqlHeldRowStore, gives_the_first_row_of_a_key_when_it_is_requested_or_only_behind) {
  store({bad("1", "a"), bad("2", "a"), behind("3", "b"), behind("4", "b"), bad("5", "c")});
  EXPECT_EQ(replayable(), (Texts{"3"}));
  request("2");
  EXPECT_EQ(replayable(), (Texts{"3"}));
  request("1");
  EXPECT_EQ(replayable(), (Texts{"1", "3"}));
  EXPECT_EQ(replayable(ReplayOrder::by_key, 1), (Texts{"1"}));
  EXPECT_EQ(replayable(ReplayOrder::any), (Texts{"1", "2", "3", "4"}));
}

TEST_F(SqlHeldRowStore, forgets_what_was_published_and_keeps_what_was_refused_with_its_new_reason) {
  store({bad("1", "a"), bad("2", "b")});
  request("1");
  request("2");
  auto const stored = held.replayable(10, ReplayOrder::by_key);
  held.settle({.published = {stored[0].id},
               .refused = {{.id = stored[1].id, .reason = "still too large"}}});
  EXPECT_EQ(held.summary().rows, 1U);
  EXPECT_EQ(replayable(), Texts{});
  EXPECT_EQ(raw.value("SELECT count(*) FROM tram_relay_held WHERE reason = 'still too large'"), 1);
}

TEST_F(SqlHeldRowStore, serves_a_relay_from_the_poison_row_to_the_retry) {
  RelayWorld world;
  auto const refused = [](tram::RecordView const& record) -> std::optional<std::string> {
    if (record.key == "2") return "broker: too large";
    return std::nullopt;
  };
  world.broker.refuses = refused;
  tram::Relay relay{{.source = *source,
                     .broker = world.broker,
                     .held = held,
                     .clock = world.clock,
                     .random = world.random},
                    {}};
  raw.insert("1");
  raw.run("INSERT INTO message (id, destination, headers, payload) VALUES ('null', 'orders', "
          "'{\"ID\":\"n\"}', NULL)");
  raw.insert("2");
  raw.insert("3");
  world.run_until_quiet(relay);
  EXPECT_EQ(world.broker.landed_keys_and_ids(), (Texts{"1:1", "3:3"}));
  EXPECT_EQ(held.summary().rows, 2U);
  EXPECT_EQ(relay.status().confirmed, LogPosition{4});
  world.broker.refuses = [](tram::RecordView const&) { return std::nullopt; };
  raw.run("UPDATE tram_relay_held SET retry_requested = 1");
  world.run_until_quiet(relay);
  EXPECT_EQ(world.broker.landed_keys_and_ids(), (Texts{"1:1", "3:3", "2:2"}));
  EXPECT_EQ(held.summary().keys, (std::set<HeldRowKey>{{"orders", "n"}}));
}

TEST_F(SqlHeldRowStore, keeps_the_order_of_a_key_when_the_relay_gets_another_name) {
  RelayWorld world;
  auto const run_as = [&](std::string const& name) {
    auto const reading = tram::sqlite::change_source({.path = file.path()}, database_clock);
    tram::SqlHeldRowStore store{database, tram::SchemaName::none(), *reading};
    tram::Relay relay{{.source = *reading,
                       .broker = world.broker,
                       .held = store,
                       .clock = world.clock,
                       .random = world.random},
                      {.name = name}};
    world.run_until_quiet(relay);
    reading->flush();
    return relay.status().held_rows;
  };
  world.broker.refuses = [](tram::RecordView const&) {
    return std::optional<std::string>{"broker: too large"};
  };
  auto const insert = [&](std::string const& id) {
    raw.run("INSERT INTO message (id, destination, headers, payload) VALUES ('" + id +
            "', 'orders', '{\"ID\":\"" + id + "\",\"PARTITION_ID\":\"k\"}', 'p')");
  };
  insert("1");
  EXPECT_EQ(run_as("a"), 1U);
  world.broker.refuses = [](tram::RecordView const&) { return std::nullopt; };
  insert("2");
  EXPECT_EQ(run_as("orders"), 2U);
  EXPECT_TRUE(world.broker.landed.empty());
}

// --- retention

struct NumberedOutboxRetention : ::testing::Test, RelayDatabase {
  void insert(int count, std::string const& creation_time) {
    raw.run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
            std::to_string(count) +
            ") INSERT INTO message (id, destination, headers, payload, creation_time) SELECT "
            "lower(hex(randomblob(9))), "
            "'orders', '{}', '', " +
            creation_time + " FROM n");
  }
  /// What the relay stores once rows up to this one are published.
  void publish_up_to(int seq) {
    auto const source = tram::sqlite::change_source({.path = file.path()}, database_clock);
    source->read(10'000);
    source->confirm(LogPosition{static_cast<std::uint64_t>(seq)});
    source->flush();
  }
  std::string const now{"CAST(strftime('%s', 'now') AS INTEGER) * 1000"};
  std::string const two_hours_ago{now + " - 7200000"};
};

TEST_F(NumberedOutboxRetention, removes_old_rows_up_to_the_confirmed_position_and_no_others) {
  insert(5, two_hours_ago);
  insert(5, now);
  publish_up_to(10);
  tram::NumberedOutboxRetention retention{database, tram::SchemaName::none(), 1h};
  EXPECT_EQ(retention.remove_some(LogPosition{0}), 0U);
  EXPECT_EQ(retention.remove_some(LogPosition{3}), 3U);
  EXPECT_EQ(retention.remove_some(LogPosition{10}), 2U);
  EXPECT_EQ(retention.remove_some(LogPosition{10}), 0U);
  EXPECT_EQ(raw.value("SELECT min(seq) FROM message"), 6);
  EXPECT_EQ(raw.value("SELECT count(*) FROM message"), 5);
}

TEST_F(NumberedOutboxRetention, removes_a_thousand_rows_at_a_time) {
  insert(2501, two_hours_ago);
  publish_up_to(2501);
  tram::NumberedOutboxRetention retention{database, tram::SchemaName::none(), 1h};
  EXPECT_EQ(retention.remove_some(LogPosition{2501}), 1000U);
  EXPECT_EQ(retention.remove_some(LogPosition{2501}), 1000U);
  EXPECT_EQ(retention.remove_some(LogPosition{2501}), 500U);
  EXPECT_EQ(retention.remove_some(LogPosition{2501}), 0U);
}

TEST_F(NumberedOutboxRetention, takes_a_row_without_a_creation_time_for_old) {
  insert(1, "NULL");
  insert(1, now);
  publish_up_to(2);
  tram::NumberedOutboxRetention retention{database, tram::SchemaName::none(), 1h};
  EXPECT_EQ(retention.remove_some(LogPosition{0}), 0U);
  EXPECT_EQ(retention.remove_some(LogPosition{1}), 1U);
}

TEST_F(NumberedOutboxRetention, removes_nothing_that_the_database_does_not_prove_to_be_published) {
  insert(10, two_hours_ago);
  tram::NumberedOutboxRetention retention{database, tram::SchemaName::none(), 1h};
  EXPECT_EQ(retention.remove_some(LogPosition{10}), 0U) << "no position is stored";
  publish_up_to(4);
  EXPECT_EQ(retention.remove_some(LogPosition{10}), 3U)
      << "up to the stored position, not the given one";
  // Numbers of another table mean nothing in this one.
  raw.run("DELETE FROM message; DELETE FROM sqlite_sequence");
  insert(10, two_hours_ago);
  EXPECT_EQ(retention.remove_some(LogPosition{10}), 0U) << "the row at the position is another one";
  raw.run("UPDATE tram_relay_position SET position = 9 WHERE relay = 'relay'");
  EXPECT_EQ(retention.remove_some(LogPosition{10}), 0U) << "nobody stored which row that is";
}

TEST_F(NumberedOutboxRetention, removes_old_rows_behind_any_number_of_rows_stamped_ahead) {
  insert(1'500, "4102444800000");
  insert(10, two_hours_ago);
  insert(5, "4102444800000");
  insert(5, now);
  publish_up_to(1'520);
  tram::NumberedOutboxRetention retention{database, tram::SchemaName::none(), 1h};
  std::size_t removed = 0;
  while (auto const some = retention.remove_some(LogPosition{1'520})) removed += some;
  EXPECT_EQ(removed, 1'510U);
  EXPECT_EQ(raw.value("SELECT min(seq) FROM message"), 1'511);
}

TEST_F(NumberedOutboxRetention, removes_nothing_early_when_all_rows_are_stamped_ahead) {
  insert(2'500, "4102444800000");
  publish_up_to(2'500);
  tram::NumberedOutboxRetention retention{database, tram::SchemaName::none(), 1h};
  EXPECT_EQ(retention.remove_some(LogPosition{2'500}), 0U);
}

TEST_F(NumberedOutboxRetention, is_run_by_the_relay_for_what_it_confirmed) {
  RelayWorld world;
  auto const source = tram::sqlite::change_source({.path = file.path()}, world.clock);
  world.broker.lands_at_once = false;
  tram::NumberedOutboxRetention retention{database, tram::SchemaName::none(), 0ms};
  tram::SqlHeldRowStore held{database, tram::SchemaName::none(), *source};
  tram::Relay relay{{.source = *source,
                     .broker = world.broker,
                     .held = held,
                     .retention = &retention,
                     .clock = world.clock,
                     .random = world.random},
                    {}};
  for (auto const* id : {"1", "2", "3"}) raw.insert(id);
  world.run_until_quiet(relay);
  EXPECT_EQ(raw.value("SELECT count(*) FROM message"), 3);
  // The newest row that is published stays, and proves that the others are.
  world.broker.land(2);
  world.run_until_quiet(relay);
  EXPECT_EQ(raw.value("SELECT min(seq) FROM message"), 2);
  world.broker.land(1);
  world.run_until_quiet(relay);
  EXPECT_EQ(raw.value("SELECT min(seq) FROM message"), 3);
  EXPECT_EQ(relay.status().counters.rows_removed, 2U);
  // Rows that come after all were removed are still seen as new.
  raw.insert("4");
  world.broker.lands_at_once = true;
  world.run_until_quiet(relay);
  EXPECT_EQ(world.broker.landed.size(), 4U);
}

}  // namespace
