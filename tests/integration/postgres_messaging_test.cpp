#include <algorithm>
#include <array>
#include <memory>

#include "java_rows.hpp"
#include "postgres_server.hpp"
#include "tcp_proxy.hpp"
#include "tram/embedded/in_memory.hpp"
#include "tram/postgres/postgres.hpp"
#include "tram/schema/schema.hpp"
#include "tram/subscriber/inbox.hpp"
#include "tram/subscriber/subscriber.hpp"
#include "tram/subscriber/workers.hpp"
#include "tram/testkit/messaging_fixture.hpp"
#include "tram/wire/record.hpp"

namespace tram::testkit {
namespace {

using tram::testing::eventually;
using tram::testing::PostgresServer;

PostgresServer& server() {
  static PostgresServer instance;
  return instance;
}

struct PostgresHarness {
  PostgresHarness() {
    server().sql("SET client_min_messages = warning; DROP SCHEMA IF EXISTS eventuate CASCADE");
    auto first = database(clock, random);
    install_schema(first, SchemaName{});
  }
  Database database(Clock& its_clock, Random& its_random) {
    return postgres::connect({.connection = server().connection()}, {}, its_clock, its_random);
  }

 private:
  SystemClock clock;
  SystemRandom random;
};

/// Outboxes as installations of the Java platform have them.
class JavaOutbox : public MessagingFixture<PostgresHarness> {
 protected:
  int check(JavaRun run, std::string const& ddl = {}) {
    if (!ddl.empty()) server().sql(ddl);
    JavaRows rows{database_, std::move(run)};
    rows.expect_the_same();
    return rows.checked();
  }
};

TEST_F(JavaOutbox, has_the_same_rows_as_with_java) { EXPECT_EQ(check({.name = "pg-wal"}), 43); }

/// Rows of two partitions stand at the same places.
TEST_F(JavaOutbox, may_stand_beside_an_inbox_in_partitions_whose_retention_is_ours_alone) {
  for (std::string const key : {"LIST (consumer_id)", "HASH (message_id)"}) {
    bool const by_consumer = key.starts_with("LIST");
    server().sql(
        "DROP TABLE eventuate.received_messages; CREATE TABLE eventuate.received_messages "
        "(consumer_id VARCHAR(255), message_id VARCHAR(255), creation_time BIGINT, "
        "published SMALLINT DEFAULT 0, PRIMARY KEY (consumer_id, message_id)) PARTITION BY " +
        key);
    for (std::string const part : {"0", "1"}) {
      server().sql("CREATE TABLE eventuate.received_" + part +
                   " PARTITION OF eventuate.received_messages FOR VALUES " +
                   (by_consumer ? "IN ('" + std::string{part == "0" ? "ours" : "theirs"} + "')"
                                : "WITH (MODULUS 2, REMAINDER " + part + ")"));
    }
    server().sql("INSERT INTO eventuate.received_messages (consumer_id, message_id, creation_time) "
                 "SELECT consumer, number, CASE WHEN number % 3 = 0 THEN 0 ELSE 9000000000000 END "
                 "FROM unnest(ARRAY['ours', 'theirs']) consumer, generate_series(1, 300) number "
                 "ORDER BY number, consumer");
    Inbox const inbox{database_.dialect(), SchemaName{}};
    std::vector<std::string> const ours{"ours"};
    database_.transact([&](Transaction& tx) {
      EXPECT_EQ(inbox.forget_some(tx, ours, std::chrono::hours{1}), 100U) << key;
    });
    EXPECT_EQ(
        server().sql("SELECT string_agg(n, ' ') FROM (SELECT consumer_id || ' ' || count(*) AS "
                     "n FROM eventuate.received_messages GROUP BY consumer_id ORDER BY 1) x"),
        "ours 200 theirs 300")
        << key;
    server().sql("DROP TABLE eventuate.received_messages; CREATE TABLE eventuate.received_messages "
                 "(consumer_id VARCHAR(255), message_id VARCHAR(255), creation_time BIGINT, "
                 "published SMALLINT DEFAULT 0, PRIMARY KEY (consumer_id, message_id))");
  }
}

/// A cast of text to some types changes it in silence.
TEST_F(JavaOutbox, keeps_texts_whole_in_columns_of_any_type) {
  server().sql("CREATE DOMAIN eventuate.raw AS bytea; CREATE DOMAIN eventuate.rawer AS "
               "eventuate.raw; CREATE DOMAIN eventuate.short_text AS char(200)");
  std::string const payload{R"({"path":"C:\\101\\x","quoted":"\"é\""})"};
  for (std::string const type : {"text", "varchar(200)", "char(200)", "eventuate.short_text", "xml",
                                 "json", "bytea", "eventuate.rawer"}) {
    server().sql(
        "DELETE FROM eventuate.message; ALTER TABLE eventuate.message DROP COLUMN payload, "
        "DROP COLUMN headers; ALTER TABLE eventuate.message ADD COLUMN payload " +
        type + ", ADD COLUMN headers " + (type.find("200") == std::string::npos ? type : "text"));
    // Of its own: statements that were prepared for the old columns are not the question here.
    auto database = harness_.database(clock_, random_);
    IdGenerator ids{clock_, MachineNumber::choose(std::nullopt, random_)};
    auto const outbox = Outbox::of(database, ids, random_);
    database.transact([&](Transaction& tx) {
      outbox.send(tx, "orders", Message{.headers = {{"said", R"("\)"}}, .payload = payload});
    });
    auto const is_bytes = type == "bytea" || type == "eventuate.rawer";
    auto const text_of = [&](std::string const& column) {
      return server().sql("SELECT rtrim(" +
                          (is_bytes ? "convert_from(" + column + ", 'UTF8')" : column + "::text") +
                          ") FROM eventuate.message");
    };
    EXPECT_EQ(text_of("payload"), payload) << type;
    EXPECT_NE(text_of("headers").find(R"("said":"\"\\")"), std::string::npos)
        << type << text_of("headers");
  }
}

TEST_F(JavaOutbox, has_the_same_rows_with_columns_of_json) {
  EXPECT_EQ(check({.name = "pg-json-wal"},
                  "ALTER TABLE eventuate.message DROP COLUMN payload, DROP COLUMN headers; "
                  "ALTER TABLE eventuate.message ADD COLUMN payload JSON, ADD COLUMN headers JSON"),
            35);
}

TEST_F(JavaOutbox, has_the_same_rows_with_ids_from_the_database) {
  EXPECT_EQ(
      check({.name = "pg-db-id-wal", .options = {.outbox_id = OutboxId{5}}},
            "DROP TABLE eventuate.message; CREATE SEQUENCE eventuate.message_table_id_sequence; "
            "CREATE TABLE eventuate.message (dbid BIGINT NOT NULL PRIMARY KEY DEFAULT "
            "nextval('eventuate.message_table_id_sequence'), id VARCHAR(1000), destination TEXT "
            "NOT NULL, headers TEXT NOT NULL, payload TEXT NOT NULL, published SMALLINT DEFAULT 0, "
            "message_partition SMALLINT, creation_time BIGINT); "
            "SELECT setval('eventuate.message_table_id_sequence', 1700000000000)"),
      39);
}

TEST_F(JavaOutbox, has_the_same_rows_in_several_tables) {
  EXPECT_EQ(check({.name = "pg-outbox-tables",
                   .options = {.partitioning = {.tables = 2, .message_partitions = 4}}},
                  "CREATE TABLE eventuate.message0 (LIKE eventuate.message INCLUDING ALL); "
                  "CREATE TABLE eventuate.message1 (LIKE eventuate.message INCLUDING ALL)"),
            39);
}

/// Workers that do each job at once.
class InPlace final : public Workers {
 public:
  void submit(Job job) override { job(); }
  [[nodiscard]] std::size_t count() const override { return 1; }
};

class PostgresSubscriber : public MessagingFixture<PostgresHarness> {
 protected:
  PostgresSubscriber() {
    server().sql("CREATE TABLE IF NOT EXISTS arrivals (id text)");
    broker_.create_channels(std::array{std::string{"orders"}}, 1, Deadline::now());
  }

  void send(int messages) {
    for (int i = 0; i < messages; ++i) {
      auto const id = std::to_string(++sent_);
      auto const value = record_value({.headers = {{"ID", id}}, .payload = "{}"});
      ASSERT_TRUE(producer_->submit({.channel = "orders", .key = id, .value = value},
                                    Sequence{static_cast<std::uint64_t>(sent_)}));
    }
  }

  testing::TcpProxy proxy_{server().port()};
  Database far_ = postgres::connect({.connection = "host=127.0.0.1 user=postgres dbname=postgres "
                                                   "port=" +
                                                   std::to_string(proxy_.port())},
                                    {}, clock_, random_);
  embedded::InMemoryBroker broker_{{.partitions = 1}, clock_};
  std::unique_ptr<Producer> producer_ = broker_.producer();
  InPlace workers_;

 private:
  int sent_{};
};

TEST_F(PostgresSubscriber, handles_any_number_of_messages_of_one_transaction_in_two_round_trips) {
  Subscription const subscription{.subscriber_id = "billing",
                                  .channels = {"orders"},
                                  .handler =
                                      [](Transaction& tx, IncomingMessage const& incoming) {
                                        tx.post("INSERT INTO arrivals VALUES (?)", incoming.id());
                                      },
                                  .options = {.messages_per_transaction = 30}};
  Subscriber subscriber{{far_, broker_, workers_, clock_, random_},
                        {.held_check_interval = std::chrono::hours{1}},
                        {subscription}};
  auto const trips_for = [&](int messages) {
    send(messages);
    int const before = proxy_.round_trips();
    while (subscriber.step()) continue;
    return proxy_.round_trips() - before;
  };
  // On a busy machine a request may come in two parts, with an answer between them.
  auto const fewest_trips_for = [&](int messages) {
    return std::min({trips_for(messages), trips_for(messages), trips_for(messages)});
  };
  trips_for(2);
  EXPECT_EQ(fewest_trips_for(1), 2);
  EXPECT_EQ(fewest_trips_for(2), 2);
  EXPECT_EQ(fewest_trips_for(30), 2);
  EXPECT_EQ(subscriber.status().front().counters.handled, 101U);
}

}  // namespace
}  // namespace tram::testkit
