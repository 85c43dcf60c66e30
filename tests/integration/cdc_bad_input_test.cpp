#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <fstream>
#include <memory>

#include "cdc_process.hpp"
#include "kafka_topics.hpp"
#include "postgres_server.hpp"
#include "secure_kafka.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/postgres/postgres.hpp"
#include "tram/subscriber/held_messages.hpp"
#include "tram/subscriber/inbox.hpp"
#include "tram/wire/id_generator.hpp"

namespace tram::testing {
namespace {

using Texts = std::vector<std::string>;

PostgresServer& postgres() {
  static PostgresServer instance;
  return instance;
}

/// `tram-cdc` on real servers, given what it cannot work with: what it says names the place and
/// what to do.
class CdcBadInput : public ::testing::Test {
 protected:
  CdcBadInput() { forget_outbox(postgres()); }

  static std::string url() { return url_of(postgres()); }
  static std::string url_of(PostgresServer const& server) {
    return "postgresql://postgres@127.0.0.1:" + std::to_string(server.port()) + "/postgres";
  }
  Texts arguments(Texts more = {}, std::string const& database = url()) {
    Texts all{"--database", database, "--broker", "embedded:" + folder_.file("broker.db")};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  static void install() {
    CdcProcess const cdc{{"--database", url(), "--broker", "memory:"}};
    EXPECT_TRUE(eventually([&] { return cdc.ready(); })) << cdc.log();
  }
  static void forget_slot() {
    eventually([] {
      return postgres().sql("SELECT count(*) FROM pg_replication_slots WHERE active") == "0";
    });
    postgres().sql("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots; DROP "
                   "PUBLICATION IF EXISTS tram");
  }
  /// The program says it while it runs, being alive and not ready, and so does `--check`.
  void expect_refused(Texts const& more, std::string const& subject, std::string const& place,
                      std::string const& remedy, std::string const& database = url()) {
    CdcProcess const cdc{arguments(more, database)};
    EXPECT_TRUE(eventually([&] {
      return cdc.not_ready_since(place) && cdc.not_ready_since(remedy);
    })) << cdc.get("/health/ready")
        << cdc.log();
    EXPECT_TRUE(cdc.answers("/health/live", 200));
    auto check = Texts{"--check", "--database", database, "--broker", "memory:"};
    check.insert(check.end(), more.begin(), more.end());
    auto const result = run_cdc(check);
    EXPECT_EQ(result.status, 1);
    auto const at = result.output.find("WRONG  " + subject + ": ");
    ASSERT_NE(at, std::string::npos) << result.output;
    auto const line = result.output.substr(at, result.output.find('\n', at) - at);
    EXPECT_NE(line.find(place), std::string::npos) << line;
    EXPECT_NE(line.find(remedy), std::string::npos) << line;
  }

  Folder folder_;
};

TEST_F(CdcBadInput, a_schema_that_is_absent) {
  expect_refused({"--install-schema", "false"}, "outbox", "eventuate.message",
                 "tram schema install");
}

TEST_F(CdcBadInput, a_schema_of_a_newer_release) {
  install();
  postgres().sql("INSERT INTO eventuate.tram_schema (version, installed_at) VALUES (99, 0)");
  CdcProcess const cdc{arguments()};
  EXPECT_TRUE(eventually([&] {
    return cdc.not_ready_since("the tables have version 99") &&
           cdc.not_ready_since("use a newer release") &&
           cdc.not_ready_since(std::to_string(postgres().port()) + "/postgres");
  })) << cdc.log();
  auto const check = run_cdc({"--check", "--database", url(), "--broker", "memory:"});
  EXPECT_EQ(check.status, 1);
  EXPECT_NE(check.output.find("WRONG  schema: made by a newer release"), std::string::npos)
      << check.output;
}

TEST_F(CdcBadInput, a_publication_without_the_table) {
  install();
  forget_slot();
  postgres().sql("CREATE PUBLICATION tram");
  expect_refused({}, "publication", "'tram'", "run: ALTER PUBLICATION");
}

TEST_F(CdcBadInput, a_slot_that_is_missing_and_may_not_be_made) {
  install();
  forget_slot();
  postgres().sql("CREATE PUBLICATION tram FOR TABLE eventuate.message WITH (publish = 'insert')");
  CdcProcess const cdc{arguments({"--new-slot", "refuse"})};
  EXPECT_TRUE(eventually([&] {
    return cdc.not_ready_since("slot 'tram' does not exist") &&
           cdc.not_ready_since("pg_create_logical_replication_slot('tram', 'pgoutput')");
  })) << cdc.log();
}

TEST_F(CdcBadInput, a_slot_that_the_server_has_invalidated) {
  PostgresServer small{"-c max_slot_wal_keep_size=1MB -c min_wal_size=32MB -c max_wal_size=32MB"};
  {
    CdcProcess const cdc{arguments({}, url_of(small))};
    EXPECT_TRUE(eventually([&] { return cdc.ready(); })) << cdc.log();
  }
  eventually(
      [&] { return small.sql("SELECT count(*) FROM pg_replication_slots WHERE active") == "0"; });
  for (int i = 0; i < 4; ++i) {
    small.sql("SELECT pg_logical_emit_message(false, 'x', repeat('x', 1000000))");
    small.sql("SELECT pg_switch_wal()");
    small.sql("CHECKPOINT");
  }
  ASSERT_EQ(small.sql("SELECT wal_status FROM pg_replication_slots"), "lost");
  expect_refused({}, "replication slot", "'tram' has lost its log (max_slot_wal_keep_size)", "drop",
                 url_of(small));
}

TEST_F(CdcBadInput, two_relays_on_one_slot) {
  CdcProcess const first{arguments()};
  ASSERT_TRUE(eventually([&] { return first.ready(); })) << first.log();
  CdcProcess const second{{"--database", url(), "--broker", "memory:"}};
  EXPECT_TRUE(eventually([&] {
    return second.get("/health/ready").find("standby: another process publishes") !=
           std::string::npos;
  })) << second.log();
  auto const check = run_cdc({"--check", "--database", url(), "--broker", "memory:"});
  EXPECT_EQ(check.status, 0) << check.output;
  EXPECT_NE(check.output.find("replication slot: 'tram' stands at"), std::string::npos);
  EXPECT_NE(check.output.find("read by another process: this one would stand by"),
            std::string::npos)
      << check.output;
}

/// Roles that have what the guide has the operator grant them, and nothing else.
class CdcRoles : public CdcBadInput {
 protected:
  CdcRoles() {
    CdcBadInput::install();
    forget_slot();
    postgres().sql("CREATE PUBLICATION tram FOR TABLE eventuate.message WITH (publish = 'insert')");
    for (auto const& statement : statements_of_the_guide()) postgres().sql(statement);
  }
  ~CdcRoles() override {
    forget_outbox(postgres());
    postgres().sql("DROP OWNED BY relay; DROP ROLE relay; DROP OWNED BY orders; DROP ROLE orders");
  }

  /// Those on the page about servers that make roles and grant them something; the database has
  /// another name here.
  static Texts statements_of_the_guide() {
    std::ifstream page{TRAM_GUIDE_PAGE};
    Texts statements;
    for (std::string line; std::getline(page, line);) {
      if (!line.starts_with("CREATE ROLE ") && !line.starts_with("GRANT ")) continue;
      auto statement = line.substr(0, line.find(';'));
      auto const name = statement.find("DATABASE orders");
      if (name != std::string::npos) statement.replace(name, 15, "DATABASE postgres");
      statements.push_back(std::move(statement));
    }
    return statements;
  }
  static std::string url_as(std::string const& role) {
    return "postgresql://" + role + "@127.0.0.1:" + std::to_string(postgres().port()) + "/postgres";
  }
  static CdcResult check(Texts const& more = {}) {
    Texts all{"--check", "--database", url_as("relay"), "--broker", "memory:"};
    all.insert(all.end(), more.begin(), more.end());
    return run_cdc(all);
  }
  static void expect_missing(std::string const& privilege, std::string const& place,
                             Texts const& more = {}, std::string const& granted = "") {
    postgres().sql("REVOKE " + privilege + " ON " + place + " FROM relay");
    auto const result = check(more);
    EXPECT_EQ(result.status, 1) << result.output;
    EXPECT_NE(result.output.find("GRANT " + (granted.empty() ? privilege + " ON" : granted)),
              std::string::npos)
        << result.output;
    postgres().sql("GRANT " + privilege + " ON " + place + " TO relay");
  }
};

TEST_F(CdcRoles, what_the_guide_grants_is_enough_for_relay_and_service) {
  ASSERT_GE(statements_of_the_guide().size(), 8U);
  auto const result = check({"--heartbeat", "1s"});
  EXPECT_EQ(result.status, 0) << result.output;
  EXPECT_NE(result.output.find("all good"), std::string::npos) << result.output;

  CdcProcess const cdc{arguments({"--heartbeat", "100ms", "--retention", "1ms"}, url_as("relay"))};
  ASSERT_TRUE(eventually([&] { return cdc.ready(); })) << cdc.log();
  SystemClock clock;
  SystemRandom random;
  IdGenerator ids{clock, {1}};
  auto database = postgres::connect({.connection = url_as("orders")}, {}, clock, random);
  auto const outbox = Outbox::of(database, ids, random);
  database.transact([&](Transaction& tx) {
    outbox.send(tx, "orders", Message{.headers = {}, .payload = "{}"});
    // As by a subscription that cannot handle it, and by an operator.
    HeldMessages const held{tx.dialect(), SchemaName{}};
    HeldMessage const message{.key = {.subscriber_id = "s", .channel = "c", .key = "k"},
                              .message_id = "m",
                              .headers_json = R"({"ID":"m"})",
                              .payload = "{}",
                              .reason = "none"};
    held.hold(tx, message);
    EXPECT_EQ(held.request_retry(tx, {}), 1U);
    EXPECT_TRUE(held.drop(tx, "s", "m"));
    Inbox const inbox{tx.dialect(), SchemaName{}};
    inbox.receive(tx, "s", "m2");
    inbox.forget_some(tx, std::array<std::string, 1>{"s"}, std::chrono::hours{1});
  });
  EXPECT_TRUE(eventually([&] {
    return cdc.has_metric("tram_relay_rows_published_total{relay=\"relay\"} 1") &&
           postgres().sql("SELECT count(*) FROM eventuate.cdc_monitoring") == "1";
  })) << cdc.get("/metrics")
      << cdc.log();
  EXPECT_FALSE(cdc.logged("permission denied")) << cdc.log();
}

TEST_F(CdcRoles, the_check_names_each_privilege_that_is_missing) {
  expect_missing("USAGE", "SCHEMA eventuate");
  expect_missing("SELECT", "eventuate.message", {}, "SELECT ON \"eventuate\".\"message\"");
  expect_missing("SELECT", "eventuate.tram_schema");
  for (auto const* privilege : {"SELECT", "INSERT", "UPDATE", "DELETE"})
    expect_missing(privilege, "eventuate.tram_relay_held");
  expect_missing("UPDATE", "eventuate.cdc_monitoring", {"--heartbeat", "1s"},
                 "SELECT, INSERT, UPDATE ON eventuate.cdc_monitoring");
  expect_missing("DELETE", "eventuate.message");
  postgres().sql("REVOKE DELETE ON eventuate.message FROM relay");
  EXPECT_EQ(check({"--retention", "off"}).status, 0);
}

TEST_F(CdcRoles, tables_that_the_role_may_not_make_are_wrong) {
  postgres().sql("DROP TABLE eventuate.tram_relay_held");
  auto const result = check();
  EXPECT_EQ(result.status, 1) << result.output;
  EXPECT_NE(result.output.find("run \"tram schema install\" as a role that may make tables"),
            std::string::npos)
      << result.output;
}

TEST_F(CdcRoles, tables_of_the_release_before_are_used_and_their_owner_is_told) {
  for (auto const* table : {"tram_relay_held", "tram_held_message"})
    postgres().sql(std::string{"ALTER TABLE eventuate."} + table + " DROP COLUMN cause");
  auto const result = check();
  EXPECT_EQ(result.status, 0) << result.output;
  constexpr auto statement = "ALTER TABLE eventuate.tram_relay_held ADD COLUMN \"cause\" TEXT";
  EXPECT_NE(result.output.find(statement), std::string::npos) << result.output;
  postgres().sql("INSERT INTO eventuate.tram_relay_held (relay, row_id, destination, message_key, "
                 "headers, payload, reason, held_at) VALUES ('relay', 'r1', 'orders', 'k', "
                 "'{\"ID\":\"r1\"}', '{}', 'behind an earlier message of its key', 1)");
  {
    CdcProcess const cdc{arguments({}, url_as("relay"))};
    EXPECT_TRUE(eventually([&] {
      return cdc.has_metric("tram_relay_rows_replayed_total{relay=\"relay\"} 1");
    })) << cdc.get("/health/ready")
        << postgres().sql("SELECT reason FROM eventuate.tram_relay_held") << cdc.log();
    EXPECT_TRUE(cdc.logged("cdc.schema_not_upgraded") && cdc.logged("must be owner")) << cdc.log();
  }
  // The owner's relay upgrades them by itself.
  auto const owner = run_cdc({"--check", "--database", url_as("postgres"), "--broker", "memory:"});
  EXPECT_NE(owner.output.find("which will be upgraded"), std::string::npos) << owner.output;
  CdcProcess const cdc{arguments({}, url_as("postgres"))};
  EXPECT_TRUE(eventually([&] { return cdc.ready(); })) << cdc.log();
  EXPECT_EQ(postgres().sql("SELECT count(*) FROM pg_attribute WHERE attname = 'cause' AND attrelid "
                           "= 'eventuate.tram_relay_held'::regclass"),
            "1");
}

/// Rows that cannot be published are held with their reason, and the others go on.
class CdcBadRows : public CdcBadInput {
 protected:
  CdcBadRows() { install(); }

  static SecureKafka const& kafka() {
    static SecureKafka const instance;
    return instance;
  }
  static void insert(std::string const& id, std::string const& destination,
                     std::string const& payload = "{}") {
    postgres().sql("INSERT INTO eventuate.message (id, destination, headers, payload) VALUES ('" +
                   id + "', '" + destination + "', '{\"ID\":\"" + id +
                   "\",\"PARTITION_ID\":\"key-" + id + "\"}', '" + payload + "')");
  }
  /// Row 'bad' is held, and two others are published. Not ready with this text, where there is one.
  static std::string reason_of_the_held_row(CdcProcess const& cdc,
                                            std::string const& not_ready_since = "") {
    EXPECT_TRUE(eventually([&] {
      return cdc.has_metric("tram_relay_rows_published_total{relay=\"relay\"} 2") &&
             cdc.has_metric("tram_relay_held_rows{relay=\"relay\"} 1") &&
             (not_ready_since.empty() ? cdc.ready() : cdc.not_ready_since(not_ready_since));
    })) << cdc.get("/metrics")
        << cdc.log();
    EXPECT_TRUE(cdc.logged("event=relay.held")) << cdc.log();
    EXPECT_EQ(postgres().sql("SELECT string_agg(row_id, ',') FROM eventuate.tram_relay_held"),
              "bad");
    return postgres().sql("SELECT reason FROM eventuate.tram_relay_held");
  }
  static bool says(std::string const& text, std::string const& part) {
    return text.find(part) != std::string::npos;
  }
};

TEST_F(CdcBadRows, a_destination_that_is_no_legal_topic) {
  CdcProcess const cdc{arguments()};
  insert("1", "orders");
  insert("bad", "or ders");
  insert("2", "orders");
  auto const reason = reason_of_the_held_row(cdc);
  EXPECT_TRUE(says(reason, "channel 'or ders'")) << reason;
  EXPECT_TRUE(says(reason, "choose a name of")) << reason;
}

TEST_F(CdcBadRows, a_record_larger_than_the_topic_takes) {
  create_small_topic(kafka().open(), "small", 2000);
  CdcProcess const cdc{{"--database", url(), "--broker", "kafka://" + kafka().open()}};
  insert("1", "small");
  insert("bad", "small", std::string(5000, 'x'));
  insert("2", "small");
  auto const reason = reason_of_the_held_row(cdc);
  EXPECT_TRUE(says(reason, "publish to 'small'")) << reason;
  EXPECT_TRUE(says(reason, "raise the topic's max.message.bytes")) << reason;
}

TEST_F(CdcBadRows, a_record_larger_than_the_broker_is_said_to_take) {
  CdcProcess const cdc{
      {"--database", url(), "--broker", "kafka://" + kafka().open() + "?message.max.bytes=3000"}};
  insert("1", "any");
  insert("bad", "any", std::string(5000, 'x'));
  insert("2", "any");
  auto const reason = reason_of_the_held_row(cdc);
  EXPECT_TRUE(says(reason, "the broker takes at most 3000")) << reason;
  EXPECT_TRUE(says(reason, "raise the broker's limit and request a retry, or drop the row"))
      << reason;
}

TEST_F(CdcBadRows, a_topic_that_the_client_may_not_write) {
  create_small_topic(kafka().open(), "writable", 100'000);
  create_small_topic(kafka().open(), "forbidden", 100'000);
  kafka().allow(RD_KAFKA_RESOURCE_TOPIC, "writable", RD_KAFKA_ACL_OPERATION_WRITE);
  CdcProcess const cdc{{"--database", url(), "--broker",
                        "kafka://" + kafka().with_password() +
                            "?security.protocol=sasl_plaintext&"
                            "sasl.mechanism=PLAIN&sasl.username=alice&sasl.password=right"}};
  insert("1", "writable");
  insert("bad", "forbidden");
  insert("2", "writable");
  auto const reason = reason_of_the_held_row(cdc, "'forbidden'");
  EXPECT_TRUE(says(reason, "publish to 'forbidden'")) << reason;
  EXPECT_TRUE(says(reason, "Write on the topic to publish")) << reason;
}

}  // namespace
}  // namespace tram::testing
