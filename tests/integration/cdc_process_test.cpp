#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>

#include "cdc_process.hpp"
#include "postgres_server.hpp"
#include "tram/broker/broker.hpp"
#include "tram/embedded/embedded.hpp"
#include "tram/schema/schema.hpp"
#include "tram/sqlite/sqlite.hpp"

namespace tram::testing {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

PostgresServer& server() {
  static PostgresServer instance;
  return instance;
}

/// `tram-cdc` between a real PostgreSQL and a broker in a file, which the test reads when the
/// program has ended.
class CdcOnPostgres : public ::testing::Test {
 protected:
  CdcOnPostgres() { forget_outbox(server()); }

  static std::string url(PostgresServer const& of, std::string const& user = "postgres") {
    return "postgresql://" + user + "@127.0.0.1:" + std::to_string(of.port()) + "/postgres";
  }
  Texts arguments(std::string const& database = url(server())) {
    return {"--database", database, "--broker", "embedded:" + broker_file_};
  }
  std::unique_ptr<CdcProcess> start(Texts more = {}) {
    auto all = arguments();
    all.insert(all.end(), more.begin(), more.end());
    return std::make_unique<CdcProcess>(std::move(all));
  }
  static bool becomes_ready(CdcProcess const& cdc) {
    return eventually([&] { return cdc.ready(); });
  }
  static void insert(std::string const& id, PostgresServer const& into = server()) {
    into.sql("INSERT INTO eventuate.message (id, destination, headers, payload, creation_time) "
             "VALUES ('" +
             id + "', 'orders', '{\"ID\":\"" + id + "\",\"PARTITION_ID\":\"k\"}', '" + id +
             "', 1000)");
  }
  static bool published(CdcProcess const& cdc, int rows, std::string const& relay = "relay") {
    return eventually([&] {
      return cdc.has_metric("tram_relay_rows_published_total{relay=\"" + relay + "\"} " +
                            std::to_string(rows));
    });
  }
  /// The ids of all records of the broker, in order.
  Texts records() {
    SystemClock clock;
    auto const broker = embedded::connect({.path = broker_file_}, clock);
    auto const consumer = broker->subscribe({.group = "test"}, Texts{"orders"});
    // It stands behind all others, having the same key.
    auto const producer = broker->producer();
    EXPECT_TRUE(producer->submit({.channel = "orders", .key = "k", .value = the_end}, Sequence{1}));
    EXPECT_TRUE(eventually([&] { return !producer->completions().empty(); }));
    Texts ids;
    EXPECT_TRUE(eventually([&] {
      for (auto const& event : consumer->poll()) {
        if (auto const* const delivery = std::get_if<Delivery>(&event))
          ids.push_back(id_in(delivery->value));
      }
      return !ids.empty() && ids.back() == the_end;
    }));
    if (!ids.empty()) ids.pop_back();
    return ids;
  }

  static constexpr auto the_end{"the end"};
  static std::string id_in(std::string const& value) {
    constexpr std::string_view before{"\"ID\":\""};
    auto const at = value.find(before);
    if (at == std::string::npos) return value;
    return value.substr(at + before.size(),
                        value.find('"', at + before.size()) - at - before.size());
  }

  Folder folder_;
  std::string broker_file_{folder_.file("broker.db")};
};

TEST_F(CdcOnPostgres, makes_what_is_missing_relays_rows_and_drains_when_it_is_told_to_stop) {
  auto const cdc = start();
  ASSERT_TRUE(becomes_ready(*cdc)) << cdc->log();
  for (int i = 1; i <= 20; ++i) insert(std::to_string(i));
  EXPECT_TRUE(published(*cdc, 20)) << cdc->log();
  EXPECT_TRUE(eventually([&] { return cdc->answers("/readers/RELAY/finished", 200); }));
  EXPECT_TRUE(cdc->answers("/actuator/health", 200));
  EXPECT_TRUE(cdc->answers("/actuator/prometheus", 200));
  EXPECT_TRUE(cdc->answers("/readers/other/finished", 404));
  cdc->signal(SIGTERM);
  EXPECT_EQ(cdc->wait(), 0) << cdc->log();
  EXPECT_TRUE(cdc->logged("event=cdc.stopped")) << cdc->log();
  EXPECT_EQ(server().sql("SELECT count(*) FROM pg_replication_slots WHERE active"), "0");

  // Nothing comes again, and nothing is lost in between.
  insert("21");
  auto const again = start();
  EXPECT_TRUE(published(*again, 1)) << again->log();
  again->signal(SIGINT);
  EXPECT_EQ(again->wait(), 0) << again->log();
  auto const ids = records();
  EXPECT_EQ(ids.size(), 21U);
  EXPECT_EQ(ids.front(), "1");
  EXPECT_EQ(ids.back(), "21");
}

TEST_F(CdcOnPostgres, loses_nothing_when_it_is_killed) {
  std::optional<std::unique_ptr<CdcProcess>> cdc{start()};
  ASSERT_TRUE(becomes_ready(**cdc)) << (*cdc)->log();
  for (int i = 0; i < 30; ++i) {
    insert(std::to_string(i));
    if (i % 10 != 5) continue;
    (*cdc)->signal(SIGKILL);
    (*cdc)->wait();
    cdc.emplace(start());
  }
  ASSERT_TRUE(eventually([&] { return (*cdc)->answers("/readers/relay/finished", 200); }));
  (*cdc)->signal(SIGTERM);
  EXPECT_EQ((*cdc)->wait(), 0);
  auto ids = records();
  Texts firsts;
  for (auto const& id : ids) {
    if (std::ranges::find(firsts, id) == firsts.end()) firsts.push_back(id);
  }
  Texts wanted;
  for (int i = 0; i < 30; ++i) wanted.push_back(std::to_string(i));
  EXPECT_EQ(firsts, wanted);
}

TEST_F(CdcOnPostgres, is_ready_only_while_the_database_is_there) {
  auto const cdc = start({"--name", "Orders"});
  ASSERT_TRUE(becomes_ready(*cdc)) << cdc->log();
  server().stop("fast");
  EXPECT_TRUE(eventually([&] { return cdc->answers("/health/ready", 503); }));
  EXPECT_TRUE(cdc->answers("/actuator/health", 503));
  EXPECT_TRUE(cdc->answers("/readers/orders/finished", 503));
  EXPECT_TRUE(cdc->answers("/health/live", 200));
  EXPECT_TRUE(cdc->has_metric("eventuate_cdc_connected_to_database{readerName=\"Orders\"} 0"));
  server().start();
  EXPECT_TRUE(becomes_ready(*cdc)) << cdc->log();
  EXPECT_TRUE(cdc->has_metric("eventuate_cdc_leader{readerName=\"Orders\"} 1"));
}

TEST_F(CdcOnPostgres, keeps_trying_when_the_database_is_down_at_the_start) {
  PostgresServer late;
  late.stop("fast");
  CdcProcess const cdc{arguments(url(late))};
  EXPECT_TRUE(eventually([&] { return cdc.answers("/health/ready", 503); })) << cdc.log();
  EXPECT_TRUE(eventually([&] { return cdc.not_ready_since("127.0.0.1"); })) << cdc.log();
  EXPECT_TRUE(cdc.not_ready_since("is the server running, and are host and port right?"));
  EXPECT_TRUE(cdc.answers("/health/live", 200));
  late.start();
  EXPECT_TRUE(becomes_ready(cdc)) << cdc.log();
}

TEST_F(CdcOnPostgres, says_that_the_log_shows_no_rows) {
  PostgresServer const plain{"-c wal_level=replica"};
  CdcProcess const cdc{arguments(url(plain))};
  EXPECT_TRUE(eventually([&] { return cdc.not_ready_since("set wal_level = logical"); }))
      << cdc.log();
  auto all = arguments(url(plain));
  all.emplace_back("--check");
  auto const check = run_cdc(all);
  EXPECT_EQ(check.status, 1);
  EXPECT_NE(check.output.find("WRONG  wal_level: 'replica' does not show rows; set wal_level = "
                              "logical and restart the server"),
            std::string::npos)
      << check.output;
}

TEST_F(CdcOnPostgres, says_that_a_privilege_is_missing) {
  server().sql("DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN");
  CdcProcess const cdc{arguments(url(server(), "plain"))};
  EXPECT_TRUE(eventually([&] { return cdc.answers("/health/ready", 503); })) << cdc.log();
  EXPECT_TRUE(eventually([&] { return cdc.logged("event=relay.trouble"); }));
  auto all = arguments(url(server(), "plain"));
  all.emplace_back("--check");
  auto const check = run_cdc(all);
  EXPECT_EQ(check.status, 1);
  EXPECT_NE(check.output.find("ALTER ROLE \"plain\" REPLICATION"), std::string::npos)
      << check.output;
  server().sql("DROP ROLE plain");
}

TEST_F(CdcOnPostgres, says_that_retention_cannot_tell_the_age_of_rows) {
  {
    auto const cdc = start();
    ASSERT_TRUE(becomes_ready(*cdc)) << cdc->log();
    cdc->signal(SIGTERM);
    cdc->wait();
  }
  auto all = arguments();
  all.emplace_back("--check");
  for (auto const* const type : {"timestamptz", "text"}) {
    server().sql("ALTER TABLE eventuate.message ALTER COLUMN creation_time DROP DEFAULT, ALTER "
                 "COLUMN creation_time TYPE " +
                 std::string{type} + " USING NULL");
    auto const check = run_cdc(all);
    EXPECT_EQ(check.status, 1);
    auto const remedy = check.output.find("run: ALTER TABLE eventuate.message ALTER COLUMN "
                                          "creation_time DROP DEFAULT");
    ASSERT_NE(remedy, std::string::npos) << check.output;
    auto const command = check.output.substr(remedy + 5);
    server().sql(command.substr(0, command.find(", or set")));
    EXPECT_EQ(run_cdc(all).status, 0) << type;
  }
}

TEST_F(CdcOnPostgres, says_that_the_password_is_wrong_without_showing_it) {
  PostgresServer locked;
  locked.sql("CREATE ROLE secretive LOGIN SUPERUSER PASSWORD 'right'");
  auto const rules = locked.folder() + "/data/pg_hba.conf";
  std::ifstream in{rules};
  std::string const old{std::istreambuf_iterator<char>{in}, {}};
  std::ofstream{rules} << "host all secretive 127.0.0.1/32 scram-sha-256\n" << old;
  locked.sql("SELECT pg_reload_conf()");
  auto const wrong =
      "postgresql://secretive:not-this-one@127.0.0.1:" + std::to_string(locked.port()) +
      "/postgres";
  CdcProcess const cdc{arguments(wrong)};
  EXPECT_TRUE(eventually([&] { return cdc.not_ready_since("correct the password"); })) << cdc.log();
  EXPECT_FALSE(cdc.logged("not-this-one")) << cdc.log();
  auto all = arguments(wrong);
  all.emplace_back("--check");
  auto const check = run_cdc(all);
  EXPECT_EQ(check.status, 1);
  EXPECT_NE(check.output.find("correct the password"), std::string::npos) << check.output;
  EXPECT_EQ(check.output.find("not-this-one"), std::string::npos) << check.output;
}

TEST_F(CdcOnPostgres, checks_everything_and_changes_nothing) {
  auto all = arguments();
  all.emplace_back("--check");
  auto const before = run_cdc(all);
  EXPECT_EQ(before.status, 1) << before.output;
  EXPECT_NE(before.output.find("tram schema install"), std::string::npos) << before.output;
  {
    auto const cdc = start();
    ASSERT_TRUE(becomes_ready(*cdc)) << cdc->log();
    cdc->signal(SIGTERM);
    cdc->wait();
  }
  auto const good = run_cdc(all);
  EXPECT_EQ(good.status, 0) << good.output;
  server().sql("SELECT pg_drop_replication_slot('tram')");
  server().sql("DROP PUBLICATION tram");
  auto const fresh = run_cdc(all);
  EXPECT_EQ(fresh.status, 0) << fresh.output;
  EXPECT_NE(fresh.output.find("'tram' does not exist and will be made"), std::string::npos)
      << fresh.output;
  EXPECT_EQ(server().sql("SELECT count(*) FROM pg_replication_slots"), "0");
  EXPECT_EQ(server().sql("SELECT count(*) FROM pg_publication"), "0");
  insert("1");
  auto const rows = run_cdc(all);
  EXPECT_EQ(rows.status, 1) << rows.output;
  EXPECT_NE(rows.output.find("tram-cdc takeover"), std::string::npos) << rows.output;
}

TEST_F(CdcOnPostgres, stands_by_while_another_one_reads_the_slot_and_takes_over) {
  auto const first = start();
  ASSERT_TRUE(becomes_ready(*first)) << first->log();
  CdcProcess const second{
      {"--database", url(server()), "--broker", "embedded:" + folder_.file("second.db")}};
  EXPECT_TRUE(eventually([&] {
    return second.ready() && second.get("/health/ready").find("standby") != std::string::npos;
  })) << second.log();
  EXPECT_TRUE(second.answers("/actuator/health", 200));
  EXPECT_TRUE(second.has_metric("eventuate_cdc_leader{readerName=\"relay\"} 0"));
  first->signal(SIGKILL);
  first->wait();
  insert("1");
  EXPECT_TRUE(published(second, 1)) << second.log();
  EXPECT_TRUE(second.has_metric("eventuate_cdc_leader{readerName=\"relay\"} 1"));
}

TEST_F(CdcOnPostgres, writes_the_heartbeats_of_the_java_service_when_it_leads) {
  auto const first = start({"--heartbeat", "20ms", "--name", "first"});
  auto const last_time = [](std::string const& reader) {
    return server().sql("SELECT coalesce(max(last_time), 0) FROM eventuate.cdc_monitoring WHERE "
                        "reader_id = '" +
                        reader + "'");
  };
  ASSERT_TRUE(becomes_ready(*first)) << first->log();
  EXPECT_TRUE(eventually([&] { return last_time("first") != "0"; })) << first->log();
  auto const once = last_time("first");
  EXPECT_TRUE(eventually([&] { return last_time("first") > once; })) << first->log();
  EXPECT_EQ(server().sql("SELECT abs(extract(epoch FROM now()) * 1000 - last_time) < 60000 FROM "
                         "eventuate.cdc_monitoring"),
            "t");
  CdcProcess const second{{"--database", url(server()), "--broker",
                           "embedded:" + folder_.file("second.db"), "--heartbeat", "20ms", "--name",
                           "second"}};
  EXPECT_TRUE(eventually([&] {
    return second.get("/health/ready").find("standby") != std::string::npos;
  })) << second.log();
  EXPECT_EQ(last_time("second"), "0");
  auto const check = [](std::string const& schema) {
    return run_cdc(
        {"--check", "--database", url(server()), "--broker", "memory:", "--heartbeat", "1s"},
        {"TRAM_CDC_HEARTBEAT_SCHEMA=" + schema});
  };
  EXPECT_EQ(check("eventuate").status, 0) << check("eventuate").output;
  auto const wrong = check("elsewhere");
  EXPECT_EQ(wrong.status, 1);
  EXPECT_NE(wrong.output.find("WRONG  heartbeat: table elsewhere.cdc_monitoring does not exist; "
                              "correct heartbeat.schema"),
            std::string::npos)
      << wrong.output;

  // What goes wrong with it stops nothing.
  server().sql("DROP TABLE eventuate.cdc_monitoring");
  EXPECT_TRUE(eventually([&] { return first->logged("event=cdc.heartbeat_failed"); }));
  insert("1");
  EXPECT_TRUE(published(*first, 1, "first")) << first->log();
  EXPECT_TRUE(first->ready());
  first->signal(SIGTERM);
  EXPECT_EQ(first->wait(), 0) << first->log();
}

TEST_F(CdcOnPostgres, takes_over_from_another_relay_step_by_step) {
  {
    auto const cdc = start({"--slot", "any"});
    ASSERT_TRUE(becomes_ready(*cdc)) << cdc->log();
    cdc->signal(SIGTERM);
    cdc->wait();
  }
  server().sql("SELECT pg_drop_replication_slot('any')");
  server().sql("DROP PUBLICATION tram");
  // Its plugin is not that of the Java relay, but as foreign to us.
  server().sql("SELECT pg_create_logical_replication_slot('eventuate_slot', 'test_decoding')");
  auto const takeover = [](std::string const& step) {
    return run_cdc({"takeover", step, "--database", url(server())});
  };
  EXPECT_EQ(takeover("run").status, 1);
  EXPECT_NE(takeover("status").output.find("not prepared"), std::string::npos);
  auto const prepared = takeover("prepare");
  EXPECT_EQ(prepared.status, 0) << prepared.output;
  insert("1");
  // The old relay reads and confirms.
  server().sql("SELECT count(*) FROM pg_logical_slot_get_changes('eventuate_slot', NULL, NULL)");
  insert("2");
  EXPECT_TRUE(eventually([&] {
    return takeover("status").output.find("wait") == std::string::npos;
  })) << takeover("status").output;
  auto const run = takeover("run");
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_NE(takeover("finish").output.find("confirmed nothing yet"), std::string::npos);
  // The old relay may have died before it published what it confirmed: that comes again.
  auto const cdc = start();
  EXPECT_TRUE(published(*cdc, 3)) << cdc->log();
  cdc->signal(SIGTERM);
  EXPECT_EQ(cdc->wait(), 0);
  EXPECT_EQ(records(), (Texts{"1", "2", "2"}));
  auto const finish = takeover("finish");
  EXPECT_EQ(finish.status, 0) << finish.output;
  EXPECT_EQ(server().sql("SELECT string_agg(slot_name, ',') FROM pg_replication_slots"), "tram");
}

/// As a service makes it.
void make_database(std::string const& path, std::string const& more = {}) {
  SystemClock clock;
  SystemRandom random;
  auto database = sqlite::connect({.path = path}, {}, clock, random);
  install_schema(database, SchemaName::none());
  if (!more.empty()) database.transact([&](Transaction& tx) { tx.execute(more); });
}

TEST(Cdc, relays_a_sqlite_file_and_does_not_make_it) {
  Folder const folder;
  auto const file = folder.file("a.db");
  CdcProcess cdc{{"--database", "sqlite:" + file, "--broker", "embedded:" + folder.file("b.db")}};
  EXPECT_TRUE(eventually([&] { return cdc.not_ready_since("there is no file '" + file + "'"); }))
      << cdc.log();
  EXPECT_FALSE(std::filesystem::exists(file));
  make_database(file);
  EXPECT_TRUE(eventually([&] { return cdc.ready(); })) << cdc.log();
  // As GNU timeout does: to the process, and to its group.
  cdc.signal(SIGTERM);
  cdc.signal(SIGTERM);
  EXPECT_EQ(cdc.wait(), 0) << cdc.log();
}

TEST(Cdc, checks_a_sqlite_file_and_changes_nothing) {
  Folder const folder;
  auto const file = folder.file("a.db");
  auto const check = [&](Texts more) {
    more.insert(more.end(), {"--check", "--database", "sqlite:" + file, "--broker",
                             "embedded:" + folder.file("b.db")});
    return run_cdc(more);
  };
  auto const missing = check({});
  EXPECT_EQ(missing.status, 1);
  EXPECT_NE(missing.output.find("WRONG  database: sqlite: there is no file '" + file + "'"),
            std::string::npos)
      << missing.output;
  EXPECT_FALSE(std::filesystem::exists(file));
  make_database(file);
  auto const good = check({});
  EXPECT_EQ(good.status, 0) << good.output;
  auto const wrong = check({"--table", "nosuch"});
  EXPECT_EQ(wrong.status, 1);
  EXPECT_NE(wrong.output.find("WRONG  outbox: table 'nosuch' does not exist"), std::string::npos)
      << wrong.output;
  for (auto const* name : {"a.db-wal", "a.db-shm", "a.db-relay.lock", "b.db", "b.db.lock"}) {
    EXPECT_FALSE(std::filesystem::exists(folder.file(name))) << name;
  }
}

TEST(Cdc, refuses_wrong_settings_with_place_and_remedy) {
  Folder const folder;
  auto const file = folder.file("cdc.toml");
  std::ofstream{file} << "[database]\nurl = \"sqlite:x\"\n[http]\nprot = 1\n";
  auto const result = run_cdc({"--config", file, "--broker", "memory:"});
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.output, file + ":4: there is no key 'http.prot'; did you mean 'http.port'?\n");
  EXPECT_EQ(run_cdc({"--databse", "x"}).status, 2);
  EXPECT_EQ(run_cdc({"--version"}).status, 0);
  EXPECT_EQ(run_cdc({}, {"TRAM_CDC_DATABSE_URL=x"}).status, 2);
}

TEST(Cdc, says_why_it_cannot_start) {
  Folder const folder;
  make_database(folder.file("a.db"));
  CdcProcess const first{{"--database", "sqlite:" + folder.file("a.db"), "--broker", "memory:"}};
  ASSERT_TRUE(eventually([&] { return first.number_logged("http_port") != 0; })) << first.log();
  auto const second =
      run_cdc({"--database", "sqlite:" + folder.file("a.db"), "--broker", "memory:", "--http-port",
               std::to_string(first.number_logged("http_port"))});
  EXPECT_EQ(second.status, 3);
  EXPECT_NE(second.output.find("choose another port"), std::string::npos) << second.output;
}

}  // namespace
}  // namespace tram::testing
