#include <gtest/gtest.h>

#include <optional>

#include "postgres_server.hpp"
#include "relay_world.hpp"
#include "tram/base/base64.hpp"
#include "tram/postgres/change_source.hpp"
#include "tram/postgres/outbox_check.hpp"
#include "tram/postgres/postgres.hpp"
#include "tram/relay/sql_held_row_store.hpp"
#include "tram/schema/schema.hpp"

/// Rows and tables that hold what nobody expects: no row may stop the others.
namespace tram::testing {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

PostgresServer& server() {
  static PostgresServer instance;
  return instance;
}

/// An encoding, a text in it, and bytes that are no text in it or have no equivalent in UTF-8.
struct Encoding {
  std::string name;
  std::string good_hex;
  std::string good_in_utf8;
  std::string bad_hex;
};

class OutboxInDatabase {
 public:
  explicit OutboxInDatabase(std::string encoding) : encoding_{std::move(encoding)} {
    forget_outbox(server());
    server().sql("DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)");
    server().sql("CREATE DATABASE " + name_ + " ENCODING '" + encoding_ +
                 "' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
    install_schema(*connect(), SchemaName{});
  }
  std::string sql(std::string const& text) const { return server().sql(text, name_); }
  [[nodiscard]] std::string connection() const { return server().connection(name_); }
  std::unique_ptr<Database> connect() {
    return std::make_unique<Database>(
        postgres::connect({.connection = connection()}, {}, clock_, random_));
  }
  /// SQL for a text of these bytes.
  [[nodiscard]] std::string text(std::string const& hex) const {
    return "convert_from(decode('" + hex + "', 'hex'), '" + encoding_ + "')";
  }

 private:
  std::string encoding_;
  std::string name_{"poisoned"};
  SystemClock clock_;
  SystemRandom random_;
};

/// The relay of that outbox, in the test's own thread.
class SteppedRelay {
 public:
  explicit SteppedRelay(OutboxInDatabase& outbox, ScriptedBroker& broker)
      : database_{outbox.connect()},
        source_{postgres::change_source({.connection = outbox.connection(), .status_interval = 1ms},
                                        clock_)},
        held_{*database_, SchemaName{}, *source_},
        options_{.back_off_longest = 100ms, .held_check_interval = 10ms},
        relay_{{.source = *source_,
                .broker = broker,
                .held = held_,
                .clock = clock_,
                .random = random_},
               options_} {}

  template <class Condition>
  bool step_until(Condition condition) {
    return eventually([&] {
      relay_.step();
      return condition(relay_.status());
    });
  }
  bool step_until_ready() {
    return step_until([&](RelayStatus const&) { return relay_.readiness().ready; });
  }
  [[nodiscard]] std::string reason() const { return relay_.readiness().reason; }

 private:
  SystemClock clock_;
  SystemRandom random_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<ChangeSource> source_;
  SqlHeldRowStore held_;
  RelayOptions options_;
  Relay relay_;
};

std::string literal(std::string const& text) { return "'" + text + "'"; }
std::string headers_of(std::string const& id, std::string const& key) {
  return literal(R"({"ID":")" + id + R"(","PARTITION_ID":")" + key + R"("})");
}

class PoisonedOutbox : public ::testing::TestWithParam<Encoding> {
 protected:
  void insert(std::string const& id, std::string const& key, std::string const& payload) {
    insert(literal(id), literal("orders"), headers_of(id, key), payload);
  }
  /// SQL expressions.
  void insert(std::string const& id, std::string const& destination, std::string const& headers,
              std::string const& payload) {
    rows_ += (rows_.empty() ? "" : ", ") +
             ("(" + id + ", " + destination + ", " + headers + ", " + payload + ")");
  }
  /// All in one transaction.
  void commit() {
    outbox_.sql("INSERT INTO eventuate.message (id, destination, headers, payload) VALUES " +
                std::exchange(rows_, ""));
  }
  std::string held(std::string const& column, std::string const& row_id) {
    return outbox_.sql("SELECT coalesce(" + column +
                       ", 'nothing') FROM eventuate.tram_relay_held "
                       "WHERE row_id = '" +
                       row_id + "'");
  }
  std::string held_ids() {
    return outbox_.sql("SELECT string_agg(row_id, ' ' ORDER BY id) FROM eventuate.tram_relay_held");
  }
  std::string good() const { return outbox_.text(GetParam().good_hex); }
  std::string bad() const { return outbox_.text(GetParam().bad_hex); }

  OutboxInDatabase outbox_{GetParam().name};
  ScriptedBroker broker_;
  std::string rows_;
};

TEST_P(PoisonedOutbox, holds_rows_with_bytes_that_are_no_text_and_publishes_the_others) {
  std::optional<SteppedRelay> relay{std::in_place, outbox_, broker_};
  ASSERT_TRUE(relay->step_until_ready()) << relay->reason();
  insert("1", "k", good());
  insert("2", "k", bad());
  insert("3", "k", "'3'");
  insert("4", "other", "'4'");
  insert("'5'", "'orders'", R"('{"ID":"5","PARTITION_ID":"h","x":"' || )" + bad() + R"( || '"}')",
         "'5'");
  insert("6", "h", "'6'");
  insert("'7'", bad(), headers_of("7", "d"), "'7'");
  insert("'8' || " + bad(), "'orders'", headers_of("8", "i"), good());
  commit();
  insert("9", "other", good());
  commit();
  EXPECT_TRUE(relay->step_until([](RelayStatus const& status) {
    return status.held_rows == 5 && status.counters.rows_published == 4 && status.caught_up;
  })) << relay->reason();
  EXPECT_TRUE(relay->step_until_ready()) << relay->reason();
  auto const text = GetParam().good_in_utf8;
  EXPECT_EQ(broker_.landed_keys_and_ids(),
            (Texts{"k:" + text, "other:4", "i:" + text, "other:" + text}));
  EXPECT_EQ(held_ids(), "2 3 5 6 7");
  EXPECT_EQ(held("message_key", "2") + held("message_key", "3"), "kk");
  EXPECT_EQ(held("message_key", "5") + held("message_key", "6"), "hh");
  EXPECT_EQ(held("message_key", "7"), "d");
  EXPECT_NE(held("reason", "7"), "nothing");
  EXPECT_EQ(held("encode(decode(substr(payload, 8), 'base64'), 'hex')", "2"), GetParam().bad_hex);
}

TEST_P(PoisonedOutbox, knows_its_held_rows_again_and_publishes_them_once_they_are_corrected) {
  std::optional<SteppedRelay> relay{std::in_place, outbox_, broker_};
  ASSERT_TRUE(relay->step_until_ready()) << relay->reason();
  insert("2", "k", bad());
  insert("3", "k", good());
  commit();
  EXPECT_TRUE(relay->step_until([](RelayStatus const& status) { return status.held_rows == 2; }));
  // Nothing is confirmed at the server: the rows come again.
  relay.emplace(outbox_, broker_);
  EXPECT_TRUE(relay->step_until([](RelayStatus const& status) { return status.caught_up; }));
  EXPECT_EQ(held_ids(), "2 3");

  outbox_.sql("UPDATE eventuate.tram_relay_held SET retry_requested = 1 WHERE row_id = '2'");
  EXPECT_TRUE(relay->step_until([&](RelayStatus const&) {
    return held("reason || retry_requested", "2").find("Base64") != std::string::npos;
  }));
  EXPECT_TRUE(broker_.landed.empty()) << "nobody has corrected it yet";
  outbox_.sql("UPDATE eventuate.tram_relay_held SET payload = 'right', retry_requested = 1 WHERE "
              "row_id = '2'");
  EXPECT_TRUE(relay->step_until([](RelayStatus const& status) { return status.held_rows == 0; }));
  EXPECT_EQ(broker_.landed_keys_and_ids(), (Texts{"k:right", "k:" + GetParam().good_in_utf8}));
}

INSTANTIATE_TEST_SUITE_P(
    Encodings, PoisonedOutbox,
    ::testing::Values(Encoding{"SQL_ASCII", "636166c3a9", "caf\xC3\xA9", "636166e9"},
                      Encoding{"SQL_ASCII", "636166c3a9", "caf\xC3\xA9", "f8a1a1a1a1"},
                      // Without equivalent; the second one looks like UTF-8, too.
                      Encoding{"WIN1252", "636166e9", "caf\xC3\xA9", "81"},
                      Encoding{"WIN1252", "636166e9", "caf\xC3\xA9", "c381"},
                      Encoding{"EUC_JP", "c6fccbdc", "\xE6\x97\xA5\xE6\x9C\xAC", "8ff5a1"}),
    [](auto const& encoding) { return encoding.param.name + "_" + encoding.param.bad_hex; });

/// In UTF-8, where nothing is wrong with the bytes.
class StrangeOutbox : public ::testing::Test {
 protected:
  OutboxInDatabase outbox_{"UTF8"};
  ScriptedBroker broker_;
};

TEST_F(StrangeOutbox, holds_rows_whose_names_no_index_takes) {
  SteppedRelay relay{outbox_, broker_};
  ASSERT_TRUE(relay.step_until_ready());
  // Random, since the server compresses what repeats itself.
  std::string const long_text{
      "(SELECT string_agg(md5(i::text), '') FROM generate_series(1, 200) i)"};
  outbox_.sql("ALTER TABLE eventuate.message ALTER COLUMN id TYPE text; ALTER TABLE "
              "eventuate.message DROP CONSTRAINT message_pkey; DROP INDEX "
              "eventuate.message_published_idx");
  outbox_.sql(
      "INSERT INTO eventuate.message (id, destination, headers, payload) VALUES ('1', " +
      long_text +
      ", '{\"ID\":\"1\"}', 'p'), ('2', 'orders', '{\"ID\":\"2\",\"PARTITION_ID\":\"' || " +
      long_text + " || '\",\"x\":{}}', 'p'), ('3' || " + long_text +
      ", 'orders', 'no object', 'p'), ('4', 'orders', '{\"ID\":\"4\",\"PARTITION_ID\":\"' || " +
      long_text + " || '\"}', 'p'), ('5', 'orders', '{\"ID\":\"5\"}', 'base64:aGk=')");
  // Rows come again where the table was changed, and are held once.
  EXPECT_TRUE(relay.step_until([](RelayStatus const& status) {
    return status.held_rows == 4 && status.counters.rows_published >= 1 && status.caught_up;
  })) << relay.reason();
  EXPECT_EQ(outbox_.sql("SELECT cause FROM eventuate.tram_relay_held WHERE row_id = '4'"),
            to_string(HeldCause::key_held))
      << "the second of its key";
  for (auto const& landed : broker_.landed_keys_and_ids()) EXPECT_EQ(landed, "5:base64:aGk=");
}

/// As for one of hundreds of megabytes: the server needs longer than it is waited for otherwise.
TEST_F(StrangeOutbox, holds_a_row_that_the_server_takes_its_time_to_store) {
  SteppedRelay relay{outbox_, broker_};
  ASSERT_TRUE(relay.step_until_ready());
  outbox_.sql("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM "
              "pg_sleep(6); RETURN NEW; END'; CREATE TRIGGER slow BEFORE INSERT ON "
              "eventuate.tram_relay_held FOR EACH ROW EXECUTE FUNCTION slow()");
  outbox_.sql("INSERT INTO eventuate.message (id, destination, headers, payload) VALUES ('1', "
              "'orders', 'no object', repeat('p', 40000000)), ('2', 'orders', '{\"ID\":\"2\"}', "
              "'p')");
  EXPECT_TRUE(relay.step_until([](RelayStatus const& status) {
    return status.held_rows == 1 && status.counters.rows_published == 1 && status.caught_up;
  })) << relay.reason();
}

TEST_F(StrangeOutbox, holds_a_row_whose_number_is_none) {
  outbox_.sql("ALTER TABLE eventuate.message ADD COLUMN dbid bigint");
  SteppedRelay relay{outbox_, broker_};
  ASSERT_TRUE(relay.step_until_ready());
  outbox_.sql(
      "BEGIN; ALTER TABLE eventuate.message ALTER COLUMN dbid TYPE numeric; INSERT INTO "
      "eventuate.message (id, destination, headers, payload, dbid) VALUES ('1', 'orders', "
      "'{\"ID\":\"1\"}', 'p', 1e30), ('2', 'orders', '{\"ID\":\"2\"}', 'p', 2); DELETE FROM "
      "eventuate.message; ALTER TABLE eventuate.message ALTER COLUMN dbid TYPE bigint; "
      "COMMIT");
  EXPECT_TRUE(relay.step_until([](RelayStatus const& status) {
    return status.held_rows == 1 && status.counters.rows_published == 1 && status.caught_up;
  })) << relay.reason();
}

/// A column of another type than ours.
class OutboxColumnTypes : public ::testing::Test {
 protected:
  void retype(std::string const& column, std::string const& type, std::string const& as) {
    outbox_.sql("ALTER TABLE eventuate.message ALTER COLUMN " + column +
                " DROP DEFAULT, ALTER "
                "COLUMN " +
                column + " TYPE " + type + " USING " + as);
  }
  /// What the check says of the columns; the relay must say the same.
  std::string complaint() {
    SystemClock clock;
    SystemRandom random;
    postgres::ChangeSourceConfig const config{.connection = outbox_.connection()};
    std::string told;
    for (auto const& finding : postgres::check_outbox(config, clock, random)) {
      if (finding.subject == "outbox columns") told = finding.text;
    }
    std::string refused;
    try {
      postgres::change_source(config, clock)->read(10);
    } catch (Error const& error) { refused = error.what(); }
    EXPECT_EQ(refused.empty(), told.empty()) << refused;
    EXPECT_NE(refused.find(told), std::string::npos) << refused;
    return told;
  }
  std::string published(std::string const& payload) {
    SteppedRelay relay{outbox_, broker_};
    EXPECT_TRUE(relay.step_until_ready()) << relay.reason();
    outbox_.sql("INSERT INTO eventuate.message (id, destination, headers, payload) VALUES ('7', "
                "'orders', '{\"ID\":\"7\"}', " +
                payload + ")");
    EXPECT_TRUE(relay.step_until(
        [](RelayStatus const& status) { return status.counters.rows_published == 1; }));
    return broker_.landed.empty() ? "" : payload_of(broker_.landed.front());
  }

  OutboxInDatabase outbox_{"UTF8"};
  ScriptedBroker broker_;
};

TEST_F(OutboxColumnTypes, bytea_gives_its_bytes) {
  outbox_.sql("ALTER DATABASE poisoned SET bytea_output = 'escape'");
  retype("payload", "bytea", "convert_to(payload, 'UTF8')");
  EXPECT_EQ(complaint(), "");
  EXPECT_EQ(published(R"('\x7b2261223a22636166c3a9227d')"), "{\"a\":\"caf\xC3\xA9\"}");
}

TEST_F(OutboxColumnTypes, a_domain_is_what_it_stands_for) {
  outbox_.sql("CREATE DOMAIN raw AS bytea; CREATE DOMAIN rawer AS raw");
  retype("payload", "rawer", "convert_to(payload, 'UTF8')");
  EXPECT_EQ(complaint(), "");
  EXPECT_EQ(published(R"('\x68690a5c')"), "hi\n\\");
}

TEST_F(OutboxColumnTypes, padding_is_no_part_of_the_text) {
  retype("payload", "char(20)", "payload");
  retype("destination", "char(20)", "destination");
  EXPECT_EQ(complaint(), "");
  EXPECT_EQ(published("'p'"), "p");
  EXPECT_EQ(broker_.landed.front().channel, "orders");
}

TEST_F(OutboxColumnTypes, strings_documents_and_numbers_as_ids_are_taken) {
  outbox_.sql("CREATE EXTENSION citext");
  retype("headers", "jsonb", "headers::jsonb");
  retype("payload", "xml", "payload::xml");
  retype("destination", "citext", "destination::citext");
  retype("id", "int", "id::int");
  EXPECT_EQ(complaint(), "");
  EXPECT_EQ(published("'<a/>'"), "<a/>");
}

TEST_F(OutboxColumnTypes, others_are_refused_by_name) {
  outbox_.sql("CREATE EXTENSION hstore");
  std::string const table{"\"eventuate\".\"message\""};
  auto const refusal = [&](std::string const& column, std::string const& type) {
    return "column '" + column + "' of " + table + " has type " + type +
           ", which the log does not show as it was written; run: ALTER TABLE " + table +
           " ALTER COLUMN " + column + " TYPE ";
  };
  retype("headers", "hstore", "headers::hstore");
  EXPECT_EQ(complaint(), refusal("headers", "hstore") + "text USING hstore_to_json(headers)");
  retype("headers", "text", "''");
  retype("published", "boolean", "published <> 0");
  EXPECT_EQ(complaint(), refusal("published", "boolean") + "smallint USING published::int");
  retype("published", "smallint", "0");
  for (auto const* const type :
       {"double precision", "text[]", "money", "tsvector", "boolean", "name", "\"char\""}) {
    retype("payload", type, "NULL");
    EXPECT_EQ(complaint(), refusal("payload", type) + "text");
  }
  outbox_.sql(
      "ALTER TABLE eventuate.message DROP COLUMN payload, ADD COLUMN payload text GENERATED "
      "ALWAYS AS (headers) STORED");
  EXPECT_EQ(complaint(), "column 'payload' of " + table +
                             " is generated, which the log does not show; make it an ordinary "
                             "column");
  outbox_.sql("ALTER TABLE eventuate.message DROP COLUMN payload");
  EXPECT_EQ(complaint(), "column 'payload' of " + table +
                             " does not exist; name a table that is an outbox, or give "
                             "the column its name back");
}

TEST_F(OutboxColumnTypes, a_type_that_changes_under_a_running_relay_is_looked_at_again) {
  SteppedRelay relay{outbox_, broker_};
  ASSERT_TRUE(relay.step_until_ready());
  outbox_.sql("CREATE DOMAIN raw AS bytea");
  retype("payload", "raw", "convert_to(payload, 'UTF8')");
  outbox_.sql("INSERT INTO eventuate.message (id, destination, headers, payload) VALUES ('7', "
              "'orders', '{\"ID\":\"7\"}', '\\x6869')");
  EXPECT_TRUE(relay.step_until([](RelayStatus const& status) {
    return status.counters.rows_published == 1;
  })) << relay.reason();
  EXPECT_EQ(broker_.landed_keys_and_ids(), Texts{"7:hi"});
  outbox_.sql("CREATE TYPE pair AS (a int, b int)");
  retype("payload", "pair", "row(1, 2)::pair");
  outbox_.sql("INSERT INTO eventuate.message (id, destination, headers, payload) VALUES ('8', "
              "'orders', '{\"ID\":\"8\"}', '(1,2)')");
  EXPECT_TRUE(relay.step_until([&](RelayStatus const&) {
    return relay.reason().find("column 'payload'") != std::string::npos;
  })) << relay.reason();
}

}  // namespace
}  // namespace tram::testing
