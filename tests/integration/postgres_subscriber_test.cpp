#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <thread>

#include "postgres_server.hpp"
#include "tram/embedded/in_memory.hpp"
#include "tram/postgres/postgres.hpp"
#include "tram/schema/schema.hpp"
#include "tram/subscriber/held_messages.hpp"
#include "tram/subscriber/subscriber.hpp"
#include "tram/subscriber/workers.hpp"
#include "tram/wire/record.hpp"

#include <libpq-fe.h>

namespace tram {
namespace {
using namespace std::chrono_literals;
using testing::eventually;
using testing::PostgresServer;

PostgresServer& server() {
  static PostgresServer instance;
  return instance;
}

/// A session that stands for a consumer which is frozen in its transaction.
class Frozen {
 public:
  explicit Frozen(std::string const& sql)
      : connection_{PQconnectdb(server().connection().c_str()), PQfinish} {
    for (auto const& each : {std::string{"BEGIN"}, sql}) {
      PQclear(PQexec(connection_.get(), each.c_str()));
    }
  }

 private:
  std::unique_ptr<PGconn, void (*)(PGconn*)> connection_;
};

class PostgresSubscriber : public ::testing::Test {
 protected:
  PostgresSubscriber() {
    server().sql("SET client_min_messages = warning; DROP SCHEMA IF EXISTS eventuate CASCADE; "
                 "DROP TABLE IF EXISTS effect; DROP ROLE IF EXISTS app; "
                 "CREATE ROLE app LOGIN SUPERUSER; CREATE TABLE effect (id TEXT)");
    install_schema(database, SchemaName{});
    broker.create_channels(std::array{std::string{"orders"}}, 1, Deadline::now());
  }
  ~PostgresSubscriber() override { stop(); }

  void start(SubscriptionOptions const& options) {
    Subscription subscription{.subscriber_id = "billing",
                              .channels = {"orders"},
                              .handler =
                                  [this](Transaction& tx, IncomingMessage const& incoming) {
                                    if (trouble) trouble(incoming);
                                    if (does_first) does_first(tx, incoming);
                                    tx.execute("INSERT INTO effect VALUES (?)", incoming.id());
                                  },
                              .options = options};
    subscriber = std::make_unique<Subscriber>(SubscriberParts{.database = database,
                                                              .broker = broker,
                                                              .workers = workers,
                                                              .clock = clock,
                                                              .random = random},
                                              SubscriberOptions{.held_check_interval = 100ms},
                                              std::vector{subscription});
    loop = std::jthread{[this](std::stop_token const& until) { subscriber->run(until); }};
  }
  void stop() {
    loop = {};
    subscriber.reset();
  }
  void send(std::string const& key, std::string const& id) {
    auto const value = record_value({.headers = {{"ID", id}}, .payload = "{}"});
    ASSERT_TRUE(producer->submit({.channel = "orders", .key = key, .value = value}, ++sequence));
    for (auto const& completion : producer->completions()) ASSERT_FALSE(completion.error);
  }
  static std::string effects() { return server().sql("SELECT count(*) FROM effect"); }
  static std::string held() {
    return server().sql("SELECT count(*) FROM eventuate.tram_held_message");
  }
  std::string trouble_of_it() { return subscriber->status().front().trouble; }

  SystemClock clock;
  SystemRandom random;
  Database database =
      postgres::connect({.connection = "host=127.0.0.1 port=" + std::to_string(server().port()) +
                                       " user=app dbname=postgres"},
                        {}, clock, random);
  embedded::InMemoryBroker broker{{.partitions = 1}, clock};
  std::unique_ptr<Producer> producer = broker.producer();
  WorkerPool workers{4};
  std::function<void(IncomingMessage const&)> trouble;
  /// What a handler does first in its transaction.
  std::function<void(Transaction&, IncomingMessage const&)> does_first;
  std::unique_ptr<Subscriber> subscriber;
  std::jthread loop;
  Sequence sequence{};
};

/// One thing that is wrong with a database for a while, in a way that reads go on where they can.
struct Illness {
  std::string name;
  std::string begins;
  std::string ends;
  /// When it is over some get on while the last run of others fails.
  int failures_at_the_end{1};
};

std::ostream& operator<<(std::ostream& out, Illness const& illness) { return out << illness.name; }

class PostgresIllness : public PostgresSubscriber, public ::testing::WithParamInterface<Illness> {};

constexpr auto* end_sessions = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                               "usename = 'app'";

TEST_P(PostgresIllness, is_no_message_s_fault_and_over_within_seconds_of_its_end) {
  // A single failure that counts holds the message.
  start({.retry = {.attempts_max = 1, .unavailable_max = GetParam().failures_at_the_end}});
  send("before", "before");
  ASSERT_TRUE(eventually([] { return effects() == "1"; }));
  server().sql(GetParam().begins);
  server().sql(end_sessions);
  for (int i = 0; i < 8; ++i) send(std::to_string(i), std::to_string(i));
  ASSERT_TRUE(eventually([&] { return subscriber->status().front().paused; }))
      << "nothing was wrong";
  server().sql(GetParam().ends);
  auto const mended = Deadline::after(clock, 20s);
  EXPECT_TRUE(eventually([] { return effects() == "9"; })) << trouble_of_it();
  EXPECT_FALSE(mended.reached(clock));
  EXPECT_EQ(held(), "0") << server().sql("SELECT reason FROM eventuate.tram_held_message");
  EXPECT_TRUE(eventually([&] { return trouble_of_it().empty(); }));
}

/// Where the table that the handlers write is.
Illness ill_statement(char const* name, std::string const& what) {
  return {name,
          "CREATE FUNCTION ill() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN " + what +
              "; RETURN NEW; END'; CREATE TRIGGER ill BEFORE INSERT ON effect FOR EACH ROW EXECUTE "
              "FUNCTION ill()",
          "DROP FUNCTION ill() CASCADE", 3};
}

/// A trigger of the application's that needs what the server does not have.
Illness own_lack(char const* name, std::string const& what, std::string const& before = {},
                 std::string const& after = {}) {
  auto illness = ill_statement(name, what);
  illness.name.insert(0, "own_lack_of_");
  illness.begins.insert(0, before);
  illness.ends += after;
  illness.failures_at_the_end = 1;
  return illness;
}

INSTANTIATE_TEST_SUITE_P(
    Postgres, PostgresIllness,
    ::testing::Values(
        Illness{"read_only", "ALTER DATABASE postgres SET default_transaction_read_only = on",
                "BEGIN READ WRITE; ALTER DATABASE postgres RESET default_transaction_read_only; "
                "COMMIT"},
        Illness{"read_only_role", "ALTER ROLE app SET default_transaction_read_only = on",
                "ALTER ROLE app RESET default_transaction_read_only"},
        Illness{"no_login", "ALTER ROLE app NOLOGIN", "ALTER ROLE app LOGIN"},
        Illness{"too_many_connections", "ALTER ROLE app NOSUPERUSER CONNECTION LIMIT 0",
                "ALTER ROLE app SUPERUSER CONNECTION LIMIT -1"},
        Illness{"no_permission",
                "ALTER ROLE app NOSUPERUSER; REVOKE ALL ON eventuate.received_messages FROM app",
                "ALTER ROLE app SUPERUSER"},
        Illness{"inbox_missing", "ALTER TABLE eventuate.received_messages RENAME TO away",
                "ALTER TABLE eventuate.away RENAME TO received_messages"},
        Illness{"held_keys_missing", "ALTER TABLE eventuate.tram_held_key RENAME TO away",
                "ALTER TABLE eventuate.away RENAME TO tram_held_key"},
        Illness{"statement_timeout",
                "ALTER ROLE app SET statement_timeout = 1; CREATE FUNCTION slow() RETURNS trigger "
                "LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1); RETURN NEW; END'; CREATE TRIGGER "
                "slow BEFORE INSERT ON eventuate.received_messages FOR EACH ROW EXECUTE FUNCTION "
                "slow()",
                "ALTER ROLE app RESET statement_timeout; DROP FUNCTION slow() CASCADE"},
        Illness{"inbox_trigger",
                "CREATE FUNCTION ill() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION "
                "$$no$$; END'; CREATE TRIGGER ill BEFORE INSERT ON eventuate.received_messages FOR "
                "EACH ROW EXECUTE FUNCTION ill()",
                "DROP FUNCTION ill() CASCADE"},
        Illness{"inbox_column", "ALTER TABLE eventuate.received_messages RENAME message_id TO away",
                "ALTER TABLE eventuate.received_messages RENAME away TO message_id"},
        Illness{"schema_missing", "ALTER SCHEMA eventuate RENAME TO away",
                "ALTER SCHEMA away RENAME TO eventuate"},
        Illness{"own_table_missing", "ALTER TABLE effect RENAME TO away",
                "ALTER TABLE away RENAME TO effect"},
        Illness{"own_table_forbidden",
                "ALTER ROLE app NOSUPERUSER; GRANT ALL ON SCHEMA eventuate TO app; "
                "GRANT ALL ON ALL TABLES IN SCHEMA eventuate TO app; "
                "GRANT ALL ON ALL SEQUENCES IN SCHEMA eventuate TO app",
                "GRANT ALL ON effect TO app"},
        Illness{"own_schema_forbidden",
                "ALTER ROLE app NOSUPERUSER; GRANT ALL ON SCHEMA eventuate TO app; "
                "GRANT ALL ON ALL TABLES IN SCHEMA eventuate TO app; "
                "GRANT ALL ON ALL SEQUENCES IN SCHEMA eventuate TO app; CREATE SCHEMA own; "
                "ALTER TABLE effect SET SCHEMA own; GRANT ALL ON own.effect TO app; "
                "ALTER ROLE app SET search_path = own, public",
                "GRANT USAGE ON SCHEMA own TO app; ALTER TABLE own.effect SET SCHEMA public; "
                "DROP SCHEMA own; ALTER ROLE app RESET search_path"},
        own_lack("column", "PERFORM lacking FROM effect"),
        own_lack("function", "PERFORM lacking()"), own_lack("type", "PERFORM NULL::lacking"),
        own_lack("schema", "CREATE TABLE lacking.x ()"),
        own_lack("constraint", "INSERT INTO effect VALUES (1) ON CONFLICT (id) DO NOTHING"),
        own_lack("right_type", "PERFORM 1 WHERE 1"),
        own_lack("a_column_for_a_value", "INSERT INTO effect VALUES (1, 2)"),
        own_lack("operator", "PERFORM 1 = $$1$$::json"),
        own_lack("room_in_a_sequence", "PERFORM setval($$filled$$, 2); PERFORM nextval($$filled$$)",
                 "CREATE SEQUENCE filled MAXVALUE 2;", "; DROP SEQUENCE filled"),
        Illness{"own_trigger_that_is_deferred",
                "CREATE FUNCTION ill() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM 1 FROM "
                "lacking; RETURN NEW; END'; CREATE CONSTRAINT TRIGGER ill AFTER INSERT ON effect "
                "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ill()",
                "DROP FUNCTION ill() CASCADE"},
        ill_statement("disk_full", "RAISE EXCEPTION USING ERRCODE = $$53100$$"),
        ill_statement("index_damaged", "RAISE EXCEPTION USING ERRCODE = $$XX002$$"),
        ill_statement("io_error", "RAISE EXCEPTION USING ERRCODE = $$58030$$"),
        ill_statement("terminated", "PERFORM pg_terminate_backend(pg_backend_pid())")),
    [](auto const& each) { return each.param.name; });

void write_to_missing_table(Transaction& tx, IncomingMessage const& incoming) {
  if (incoming.key == "needs") tx.execute("INSERT INTO later VALUES (?)", incoming.id());
}

TEST_F(PostgresSubscriber, handles_other_keys_while_a_table_is_missing_and_names_it_meanwhile) {
  server().sql("DROP TABLE IF EXISTS later");
  does_first = write_to_missing_table;
  start({.retry = {.attempts_max = 1, .unavailable_max = 1}});
  send("needs", "1");
  for (int i = 0; i < 50; ++i) send("other " + std::to_string(i), "o" + std::to_string(i));
  EXPECT_TRUE(eventually([] { return effects() == "50"; })) << trouble_of_it();
  ASSERT_TRUE(eventually([&] { return !trouble_of_it().empty(); }));
  EXPECT_TRUE(eventually([&] {
    auto const said = trouble_of_it();
    return said.find("\"later\"") != std::string::npos &&
           said.find("create the table") != std::string::npos;
  })) << trouble_of_it();
  server().sql("CREATE TABLE later (id TEXT)");
  auto const mended = Deadline::after(clock, 10s);
  EXPECT_TRUE(eventually([] { return effects() == "51"; })) << trouble_of_it();
  EXPECT_FALSE(mended.reached(clock));
  EXPECT_EQ(held(), "0");
  server().sql("DROP TABLE later");
}

/// A handler that makes another error of it, or goes on behind it.
TEST_F(PostgresSubscriber, holds_nothing_for_a_missing_table_whatever_the_handler_makes_of_it) {
  server().sql("DROP TABLE IF EXISTS later");
  does_first = [](Transaction& tx, IncomingMessage const& incoming) {
    try {
      tx.execute("INSERT INTO later VALUES (?)", incoming.id());
    } catch (Error const& error) {
      if (incoming.key == "wraps") throw std::logic_error{std::string{"no: "} + error.what()};
      if (incoming.key == "rejects") throw Error{Fault::rejected, error.what()};
    }
  };
  start({.retry = {.attempts_max = 1, .unavailable_max = 1}});
  for (auto const* const key : {"wraps", "rejects", "goes on"}) send(key, key);
  ASSERT_TRUE(eventually([&] { return subscriber->status().front().trouble != ""; }));
  EXPECT_EQ(held(), "0");
  server().sql("CREATE TABLE later (id TEXT)");
  EXPECT_TRUE(eventually([] { return effects() == "3"; })) << trouble_of_it();
  EXPECT_EQ(held(), "0");
  server().sql("DROP TABLE later");
}

TEST_F(PostgresSubscriber, leaves_a_missing_table_to_a_handler_that_does_without) {
  does_first = [](Transaction& tx, IncomingMessage const& incoming) {
    try {
      tx.with_savepoint([&] { tx.execute("INSERT INTO optional VALUES (1)"); });
      ADD_FAILURE() << "it is there";
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::rejected);
      EXPECT_TRUE(error.is_about_setup());
    }
    if (incoming.key == "bad") throw std::runtime_error{"this message is bad"};
  };
  start({.retry = {.attempts_max = 1}});
  send("bad", "1");
  send("fit", "2");
  EXPECT_TRUE(eventually([] { return effects() == "1"; })) << trouble_of_it();
  EXPECT_TRUE(eventually([] { return held() == "1"; }));
}

/// What a policy, or a function of the application's, says about a row is the row's affair.
TEST_F(PostgresSubscriber, holds_a_message_whose_row_is_not_allowed) {
  server().sql("ALTER ROLE app NOSUPERUSER; GRANT ALL ON SCHEMA eventuate TO app; "
               "GRANT ALL ON ALL TABLES IN SCHEMA eventuate TO app; "
               "GRANT ALL ON ALL SEQUENCES IN SCHEMA eventuate TO app; GRANT ALL ON effect TO app; "
               "ALTER TABLE effect ENABLE ROW LEVEL SECURITY; "
               "CREATE POLICY fit ON effect USING (id <> 'by policy'); "
               "CREATE FUNCTION ill() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.id = $$by "
               "function$$ THEN RAISE EXCEPTION USING ERRCODE = $$42501$$; END IF; RETURN NEW; "
               "END'; CREATE TRIGGER ill BEFORE INSERT ON effect FOR EACH ROW EXECUTE FUNCTION "
               "ill()");
  start({.retry = {.attempts_max = 1}});
  for (auto const* const id : {"by policy", "by function", "fit"}) send(id, id);
  EXPECT_TRUE(eventually([] { return held() == "2"; })) << trouble_of_it();
  EXPECT_TRUE(eventually([] { return effects() == "1"; })) << trouble_of_it();
  server().sql("DROP FUNCTION ill() CASCADE");
}

/// A consumer is frozen in its transaction: its successor waits for the inbox row.
TEST_F(PostgresSubscriber, holds_nothing_for_a_lock_that_a_frozen_consumer_has) {
  auto frozen = std::make_unique<Frozen>(
      "INSERT INTO eventuate.received_messages (consumer_id, message_id, creation_time) VALUES "
      "('billing', '1', 0)");
  start({.retry = {.attempts_max = 1, .unavailable_max = 1, .pause_longest = 100ms},
         .handle_timeout = 300ms});
  send("a", "1");
  send("a", "2");
  ASSERT_TRUE(eventually([&] { return !trouble_of_it().empty(); }));
  for (int i = 0; i < 20; ++i) send("b", "b" + std::to_string(i));
  EXPECT_TRUE(eventually([] { return effects() == "20"; })) << "others wait for it";
  EXPECT_EQ(held(), "0");
  frozen.reset();
  EXPECT_TRUE(eventually([] { return effects() == "22"; })) << trouble_of_it();
  EXPECT_EQ(held(), "0");
}

/// A migration holds a lock for longer than handlers may take.
TEST_F(PostgresSubscriber, holds_nothing_for_a_lock_on_a_table_that_its_handlers_write) {
  auto migration = std::make_unique<Frozen>("LOCK TABLE effect");
  // When the lock is gone some get on while the last run of others fails.
  start({.retry = {.attempts_max = 1, .unavailable_max = 3}, .handle_timeout = 300ms});
  for (int i = 0; i < 8; ++i) send(std::to_string(i), std::to_string(i));
  ASSERT_TRUE(eventually([&] { return !trouble_of_it().empty(); }));
  EXPECT_EQ(held(), "0");
  migration.reset();
  EXPECT_TRUE(eventually([] { return effects() == "8"; })) << trouble_of_it();
  EXPECT_EQ(held(), "0");
}

TEST_F(PostgresSubscriber, takes_a_handler_that_overruns_its_time_for_one_that_failed) {
  trouble = [&](IncomingMessage const& incoming) {
    if (incoming.id() == "1") clock.pause(400ms);
  };
  start({.retry = {.attempts_max = 2}, .handle_timeout = 300ms});
  send("a", "1");
  send("b", "2");
  EXPECT_TRUE(eventually([] { return held() == "1"; }));
  EXPECT_EQ(effects(), "1");
}

TEST_F(PostgresSubscriber, replays_as_fast_as_it_handles) {
  std::atomic<bool> fails{true};
  trouble = [&](IncomingMessage const&) {
    if (fails) throw std::runtime_error{"no"};
  };
  start({.retry = {.attempts_max = 1}});
  constexpr int count = 2000;
  for (int i = 0; i < count; ++i) send(std::to_string(i), std::to_string(i));
  ASSERT_TRUE(eventually([] { return held() == std::to_string(count); }));
  fails = false;
  auto const began = clock.steady();
  HeldMessages const held_messages{database.dialect(), SchemaName{}};
  database.transact([&](Transaction& tx) { held_messages.request_retry(tx, {}); });
  EXPECT_TRUE(eventually([] { return held() == "0"; }));
  auto const seconds = std::chrono::duration<double>(clock.steady() - began).count();
  RecordProperty("replays_per_second", std::to_string(count / seconds));
  std::cout << count / seconds << " replays per second\n";
  EXPECT_LT(seconds, 20) << "a hundred every two seconds would be forty";
  EXPECT_EQ(effects(), std::to_string(count));
}

}  // namespace
}  // namespace tram
