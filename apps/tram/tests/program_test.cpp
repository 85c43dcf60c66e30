#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/embedded/embedded.hpp"
#include "tram/host/request_handler.hpp"
#include "tram/host/stepped_run.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/relay/sql_held_row_store.hpp"
#include "tram/requests/operator_requests.hpp"
#include "tram/requests/request_tables.hpp"
#include "tram/sqlite/change_source.hpp"
#include "tram/sqlite/sqlite.hpp"
#include "tram/storage/schema.hpp"
#include "tram/subscriber/held_messages.hpp"
#include "tram/wire/id_generator.hpp"

namespace tram {
namespace {

struct Outcome {
  int status{};
  /// Both streams.
  std::string text;
  [[nodiscard]] bool says(std::string const& part) const {
    return text.find(part) != std::string::npos;
  }
};

class Program : public ::testing::Test {
 protected:
  Program() {
    std::string folder = (std::filesystem::temp_directory_path() / "tram-cli-XXXXXX").string();
    folder_ = ::mkdtemp(folder.data());
  }
  ~Program() override { std::filesystem::remove_all(folder_); }

  Outcome run(std::string const& arguments) const { return run_on("sqlite:" + path(), arguments); }
  static Outcome run_on(std::string const& database, std::string const& arguments) {
    auto const command = std::string{TRAM_TEST_PROGRAM} + " --database " + database + " " +
                         arguments + " 2>&1 < /dev/null";
    Outcome outcome;
    auto* const pipe = ::popen(command.c_str(), "r");
    std::array<char, 4096> buffer{};
    while (auto const size = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
      outcome.text.append(buffer.data(), size);
    }
    outcome.status = WEXITSTATUS(::pclose(pipe));
    return outcome;
  }
  void install() const { ASSERT_EQ(run("schema install").status, 0); }
  [[nodiscard]] std::string path() const { return (folder_ / "orders.db").string(); }
  Database database() { return sqlite::connect({.path = path()}, {}, clock_, random_); }

  static HeldMessage message(std::string id) {
    return {.key = {.subscriber_id = "billing", .channel = "orders", .key = "7"},
            .message_id = std::move(id),
            .headers_json = R"({"ID":"m1"})",
            .payload = R"({"total":5})",
            .reason = "no such customer",
            .attempts = 4};
  }
  void hold_two() {
    auto held_in = database();
    HeldMessages const held{held_in.dialect(), SchemaName{}};
    held_in.transact([&](Transaction& tx) {
      held.hold(tx, message("m1"));
      held.hold_behind(tx, message("m2"));
    });
  }
  void hold_row() {
    auto held_in = database();
    auto const source = sqlite::change_source({.path = path()}, clock_);
    SqlHeldRowStore store{held_in, SchemaName{}, *source};
    store.store(std::vector<HeldRow>{{.row = {.id = "r1",
                                              .database_id = std::nullopt,
                                              .destination = "orders",
                                              .headers = "{}",
                                              .payload = "x",
                                              .ends_at = std::nullopt},
                                      .key = "7",
                                      .reason = "broker: too large"}});
  }

  SystemClock clock_;
  SystemRandom random_;
  std::filesystem::path folder_;
};

TEST_F(Program, works_on_tables_of_the_release_before_and_says_how_to_upgrade_them) {
  install();
  for (auto const* table : {"tram_relay_held", "tram_held_message"}) {
    database().transact([&](Transaction& tx) {
      tx.execute("ALTER TABLE " + std::string{table} + " DROP COLUMN cause");
    });
  }
  hold_two();
  std::string const statement{"ALTER TABLE tram_relay_held ADD COLUMN \"cause\" TEXT"};
  auto const status = run("schema status");
  EXPECT_EQ(status.status, 1);
  EXPECT_TRUE(status.says("behind") && status.says(statement)) << status.text;
  auto const doctor = run("doctor");
  EXPECT_TRUE(
      doctor.says("good   schema: version 1; the tables are of the release before, which works"))
      << doctor.text;
  EXPECT_TRUE(doctor.says(statement)) << doctor.text;
  EXPECT_TRUE(run("held list --json").says(R"("cause":"key_held")"));
  install();
  EXPECT_EQ(run("schema status").status, 0);
  EXPECT_FALSE(run("doctor").says("release 0.1"));
  EXPECT_TRUE(run("held list --json").says(R"("cause":"own_failure")"));
  EXPECT_TRUE(run("held list --json").says(R"("cause":"key_held")"));
}

TEST_F(Program, asks_services_for_something_and_takes_back_what_none_answers) {
  install();
  auto const early = run("request locks.release shelf");
  EXPECT_EQ(early.status, 3);
  EXPECT_TRUE(early.says("table tram_request is missing; start a service")) << early.text;
  EXPECT_EQ(run("request").status, 2);
  auto tables = database();
  install_tables(tables, SchemaName{}, {request_tables(tables.dialect())});
  auto const unanswered = run("request locks.release shelf --wait 1ms");
  EXPECT_EQ(unanswered.status, 1);
  EXPECT_TRUE(unanswered.says("refused: no service has answered")) << unanswered.text;
  auto const left = tables.transact([](Transaction& tx) {
    return tx.execute("SELECT count(*) FROM tram_request")[0].get<int>(0);
  });
  EXPECT_EQ(left, 0);
}

TEST_F(Program, prints_the_answer_of_a_service) {
  install();
  auto tables = database();
  install_tables(tables, SchemaName{}, {request_tables(tables.dialect())});
  SteppedRun service{carrying_out({{"locks.release",
                                    [](Transaction&, OperatorRequest const& request) {
                                      if (request.argument != "shelf")
                                        throw Error{Fault::rejected, "no such target"};
                                      return request.asked_by + ", " + request.reason;
                                    }}},
                                  SchemaName{}),
                     {.database = tables, .clock = clock_, .random = random_}};
  std::jthread const running{[&](std::stop_token const& stop) { service.run(stop); }};
  auto const done = run("request locks.release shelf --by ann --reason 'it is stuck' --wait 30s");
  EXPECT_EQ(done.status, 0);
  EXPECT_EQ(done.text, "done: ann, it is stuck\n");
  auto const refused = run("request locks.release table --json --wait 30s");
  EXPECT_EQ(refused.status, 1);
  EXPECT_EQ(refused.text, "{\"done\":false,\"answer\":\"no such target\"}\n");
}

TEST_F(Program, installs_the_tables_and_says_what_is_there) {
  EXPECT_EQ(run("schema status").status, 3);
  database().transact([](Transaction& tx) { tx.execute("CREATE TABLE orders (id INTEGER)"); });
  auto const before = run("schema status");
  EXPECT_EQ(before.status, 1);
  EXPECT_TRUE(before.says("absent") && before.says("tram schema install")) << before.text;
  install();
  install();
  EXPECT_EQ(run("schema status").status, 0);
  EXPECT_TRUE(run("schema status --json")
                  .says(R"({"state":"current","version":1,"findings":[],"additions":[]})"));
  EXPECT_TRUE(run("schema print").says("CREATE TABLE IF NOT EXISTS message"));
}

TEST_F(Program, makes_nothing_when_it_only_looks) {
  std::vector<std::string> const looks{
      "schema status", "schema print",     "outbox list",
      "outbox status", "held list",        "held show m1",
      "held drop m1",  "held retry --all", "doctor --broker embedded:" + path() + ".channels"};
  for (auto const& look : looks) {
    auto const outcome = run(look);
    EXPECT_TRUE(std::filesystem::is_empty(folder_)) << look;
    if (look == "schema print") continue;
    EXPECT_NE(outcome.status, 0) << look;
    EXPECT_TRUE(outcome.says("there is no file '" + path() + "'")) << outcome.text;
  }
  install();
  for (auto const* look : {"schema status", "outbox list", "outbox status", "held list", "doctor"})
    EXPECT_EQ(run(look).status, 0) << look;
  EXPECT_FALSE(std::filesystem::exists(path() + "-wal"));
}

TEST_F(Program, takes_a_broker_in_a_file_that_is_in_use_for_a_fact) {
  install();
  auto const file = (folder_ / "channels.db").string();
  auto const broker = embedded::connect({.path = file}, clock_);
  auto const outcome = run("doctor --broker embedded:" + file);
  EXPECT_EQ(outcome.status, 0) << outcome.text;
  EXPECT_TRUE(outcome.says("in use by process " + std::to_string(::getpid()))) << outcome.text;
}

TEST_F(Program, lists_what_was_sent) {
  install();
  auto sender = database();
  IdGenerator ids{clock_, {1}};
  auto const outbox = Outbox::of(sender, ids, random_);
  auto const id = sender.transact([&](Transaction& tx) {
    return outbox.send(tx, "orders", Message{.headers = {}, .payload = "abc"},
                       {.partition_key = "7"});
  });
  auto const list = run("outbox list");
  EXPECT_EQ(list.status, 0);
  EXPECT_TRUE(list.says(id) && list.says("orders")) << list.text;
  EXPECT_TRUE(run("outbox list --json").says(R"("channel":"orders","key":"7")"));
  EXPECT_TRUE(run("outbox status").says("rows in the outbox: 1"));
  EXPECT_TRUE(run("outbox status --json").says(R"({"rows":1,)"));
}

TEST_F(Program, lists_and_shows_what_is_held) {
  install();
  EXPECT_TRUE(run("held list").says("nothing is held"));
  hold_two();
  hold_row();
  auto const list = run("held list");
  EXPECT_EQ(list.status, 0);
  EXPECT_TRUE(list.says("subscription billing") && list.says("relay relay")) << list.text;
  EXPECT_FALSE(run("held list --subscriber billing").says("relay relay"));
  EXPECT_FALSE(run("held list --limit 1").says("m2"));
  EXPECT_TRUE(run("held list --json").says(R"("messageId":"m2")"));
  auto const shown = run("held show m1");
  EXPECT_EQ(shown.status, 0);
  EXPECT_TRUE(shown.says(R"({"total":5})") && shown.says("no such customer")) << shown.text;
  EXPECT_EQ(run("held show m9").status, 1);
}

TEST_F(Program, shows_the_reason_alone_and_how_many_more_are_held) {
  install();
  auto held_in = database();
  HeldMessages const held{held_in.dialect(), SchemaName{}};
  held_in.transact([&](Transaction& tx) {
    auto first = message("m1");
    first.reason = "channel 'orders', message 'm1': no such customer";
    held.hold(tx, first);
    held.hold_behind(tx, message("m2"));
  });
  hold_row();
  auto const list = run("held list");
  EXPECT_TRUE(list.says("  no such customer\n")) << list.text;
  EXPECT_FALSE(list.says("channel 'orders'") || list.says(" more;")) << list.text;
  auto const first = run("held list --limit 1 --subscriber billing");
  EXPECT_TRUE(first.says("\n1 more; --limit 2 shows all\n")) << first.text;
}

TEST_F(Program, lists_rows_that_lack_something) {
  install();
  database().transact([](Transaction& tx) {
    tx.execute("DROP TABLE message");
    tx.execute("CREATE TABLE message (seq INTEGER PRIMARY KEY, id TEXT, destination TEXT, headers "
               "TEXT, payload TEXT, published SMALLINT, message_partition SMALLINT, creation_time "
               "BIGINT)");
    tx.execute("INSERT INTO message (published) VALUES (0)");
  });
  auto const list = run("outbox list");
  EXPECT_EQ(list.status, 0) << list.text;
  EXPECT_TRUE(list.says("seq 1")) << list.text;
}

TEST_F(Program, lists_rows_whose_time_is_a_text) {
  install();
  database().transact([](Transaction& tx) {
    tx.execute("INSERT INTO message (id, destination, headers, payload, creation_time) VALUES "
               "('a', 'orders', '{}', 'x', datetime('now'))");
  });
  auto const list = run("outbox list");
  EXPECT_EQ(list.status, 0) << list.text;
  EXPECT_TRUE(list.says("\n?  ")) << list.text;
  auto const status = run("outbox status");
  EXPECT_EQ(status.status, 0) << status.text;
  EXPECT_TRUE(status.says("rows in the outbox: 1\n")) << status.text;
  EXPECT_TRUE(run("outbox list --json").says(R"("sentAt":null)") ||
              !run("outbox list --json").says("sentAt"));
}

TEST_F(Program, says_that_its_output_is_lost) {
  install();
  for (auto const* command : {"outbox list", "doctor", "schema print", "--help"}) {
    auto const outcome = run(std::string{command} + " > /dev/full");
    EXPECT_EQ(outcome.status, 3) << command;
  }
}

TEST_F(Program, prints_the_statements_for_a_kind_of_database) {
  auto const none = [](std::string const& arguments) { return run_on("sqlite:a.db", arguments); };
  EXPECT_TRUE(none("schema print postgresql").says("CREATE SCHEMA IF NOT EXISTS eventuate"));
  EXPECT_FALSE(none("schema print sqlite").says("CREATE SCHEMA"));
  EXPECT_TRUE(none("schema print sqlite --json").says(R"({"sql":"CREATE TABLE)"));
  auto const other = none("schema print oracle");
  EXPECT_EQ(other.status, 2);
  EXPECT_TRUE(other.says("'postgresql' and 'sqlite'")) << other.text;
}

TEST_F(Program, answers_programs_in_json) {
  EXPECT_EQ(run("schema install --json").text,
            "{\"state\":\"current\",\"version\":1,\"findings\":[],\"additions\":[]}\n");
  hold_two();
  EXPECT_EQ(run("held retry --all --json").text, "{\"requested\":1}\n");
  EXPECT_EQ(run("held drop m1 --json").text, "{\"dropped\":true,\"owners\":[]}\n");
  auto const gone = run("held drop m1 --json");
  EXPECT_EQ(gone.status, 1);
  EXPECT_EQ(gone.text, "{\"dropped\":false,\"owners\":[]}\n");
}

TEST_F(Program, asks_for_a_file_in_place_of_memory) {
  for (auto const* database : {"sqlite:", "sqlite::memory:"}) {
    auto const outcome = run_on(database, "outbox list");
    EXPECT_EQ(outcome.status, 2);
    EXPECT_TRUE(outcome.says("name a file, as in sqlite:orders.db")) << outcome.text;
  }
}

TEST_F(Program, asks_for_another_attempt) {
  install();
  hold_two();
  hold_row();
  EXPECT_EQ(run("held retry --channel nowhere").status, 1);
  auto const retry = run("held retry m1");
  EXPECT_EQ(retry.status, 0);
  EXPECT_TRUE(retry.says("1 key or row is to be tried again")) << retry.text;
  EXPECT_TRUE(run("held show m2").says("retry     requested"));
  EXPECT_TRUE(run("held retry --all").says("2 keys and rows"));
  EXPECT_TRUE(run("held show r1").says("retry     requested"));
}

TEST_F(Program, drops_for_good) {
  install();
  hold_two();
  hold_row();
  EXPECT_EQ(run("held drop m1").status, 0);
  EXPECT_EQ(run("held drop m1").status, 1);
  EXPECT_EQ(run("held drop r1 --relay relay").status, 0);
  EXPECT_TRUE(run("held show m2").says("retry     requested"));
  EXPECT_EQ(run("held drop m2").status, 0);
  EXPECT_TRUE(run("held list").says("nothing is held"));
}

TEST_F(Program, looks_at_everything) {
  EXPECT_EQ(run("doctor").status, 1);
  install();
  auto const good = run("doctor");
  EXPECT_EQ(good.status, 0) << good.text;
  EXPECT_TRUE(good.says("all good"));
  hold_two();
  auto const bad = run("doctor --broker-retention 30d --broker memory:");
  EXPECT_EQ(bad.status, 1);
  EXPECT_TRUE(bad.says("WRONG  held messages: 2 messages of 1 keys wait")) << bad.text;
  EXPECT_TRUE(bad.says("WRONG  retention: the inbox keeps 14d (assumed; "
                       "--inbox-retention says otherwise), the broker 30d: a record"))
      << bad.text;
  EXPECT_TRUE(bad.says("WRONG  broker: its records do not survive a crash")) << bad.text;
}

TEST_F(Program, looks_for_rows_stamped_by_a_clock_that_was_ahead) {
  install();
  auto there = database();
  there.transact([](Transaction& tx) {
    tx.execute("INSERT INTO received_messages (consumer_id, message_id, creation_time) VALUES "
               "('s', 'm', 4102444800000)");
    tx.execute("INSERT INTO message (id, destination, headers, payload, creation_time) VALUES "
               "('m', 'c', '{}', '', 4102444800000)");
  });
  auto const outcome = run("doctor");
  EXPECT_NE(outcome.status, 0);
  EXPECT_TRUE(outcome.says("WRONG  inbox: 1 rows were stamped by a clock that was ahead"))
      << outcome.text;
  EXPECT_TRUE(outcome.says("WRONG  outbox: 1 rows")) << outcome.text;
  EXPECT_TRUE(outcome.says("UPDATE received_messages SET creation_time = ")) << outcome.text;
}

TEST_F(Program, looks_at_rows_that_relays_hold) {
  install();
  hold_row();
  auto const bad = run("doctor");
  EXPECT_EQ(bad.status, 1);
  EXPECT_TRUE(bad.says("WRONG  rows that relays hold: 1 wait; see \"tram held list\"")) << bad.text;
}

TEST_F(Program, tells_wrong_arguments_from_trouble) {
  auto const wrong = run("held lst");
  EXPECT_EQ(wrong.status, 2);
  EXPECT_TRUE(wrong.says("did you mean 'list'?")) << wrong.text;
  database().transact([](Transaction& tx) { tx.execute("CREATE TABLE orders (id INTEGER)"); });
  auto const trouble = run("held list");
  EXPECT_EQ(trouble.status, 3);
  EXPECT_TRUE(trouble.says("tram_held_key")) << trouble.text;
  EXPECT_EQ(run("--database gopher:x schema status").status, 2);
  for (auto const* command : {"schema status", "doctor", "--schema 'a b' schema status"}) {
    auto const refused = run_on(std::string{command} == "doctor" ? "gopher:x" : "sqlite", command);
    EXPECT_EQ(refused.status, 2) << command << ": " << refused.text;
  }
}

}  // namespace
}  // namespace tram
