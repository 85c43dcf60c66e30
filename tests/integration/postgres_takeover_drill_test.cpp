#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "postgres_server.hpp"
#include "tram/base/error.hpp"
#include "tram/base/mutex.hpp"
#include "tram/postgres/change_source.hpp"
#include "tram/postgres/takeover.hpp"

namespace tram::testing {
namespace {

using namespace std::chrono_literals;
using Numbers = std::vector<int>;
using enum postgres::TakeoverStep;

constexpr int keys = 7;

PostgresServer& server() {
  static PostgresServer instance;
  return instance;
}

/// Commits numbered messages, one to three per transaction, and rolls some back; number n has key
/// n % 7. Until it is told to stop.
class Writer {
 public:
  Writer() : thread_{[this](std::stop_token const& stop) { write(stop); }} {}

  void stop() {
    thread_.request_stop();
    thread_.join();
  }
  [[nodiscard]] int committed_so_far() const { return committed_count_; }
  /// After `stop`.
  [[nodiscard]] Numbers const& committed() const { return committed_; }

 private:
  static std::string insert(int number) {
    auto const text = std::to_string(number);
    return "INSERT INTO eventuate.message VALUES ('" + text + "', 'orders', '{\"ID\":\"" + text +
           "\",\"PARTITION_ID\":\"" + std::to_string(number % keys) + "\"}', '{}');";
  }
  void write(std::stop_token const& stop) {
    std::unique_ptr<PGconn, void (*)(PGconn*)> const connection{
        PQconnectdb(server().connection().c_str()), PQfinish};
    auto const run = [&](std::string const& sql) {
      std::unique_ptr<PGresult, void (*)(PGresult*)> const result{
          PQexec(connection.get(), sql.c_str()), PQclear};
      ASSERT_EQ(PQresultStatus(result.get()), PGRES_COMMAND_OK) << PQerrorMessage(connection.get());
    };
    for (int number = 1; !stop.stop_requested();) {
      Numbers some;
      std::string sql{"BEGIN;"};
      for (int rows = 1 + number % 3; rows > 0; --rows, ++number) {
        some.push_back(number);
        sql += insert(number);
      }
      bool const keeps = number % 5 != 0;
      run(sql + (keeps ? "COMMIT" : "ROLLBACK"));
      if (!keeps) continue;
      committed_.insert(committed_.end(), some.begin(), some.end());
      committed_count_ += static_cast<int>(some.size());
    }
  }

  Numbers committed_;
  std::atomic<int> committed_count_{};
  std::jthread thread_;
};

/// What the Java relay does, with the SQL functions: reads a slot of wal2json, publishes, confirms.
class OldRelay {
 public:
  OldRelay() : thread_{[this](std::stop_token const& stop) { relay(stop); }} {}

  Numbers stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
    return published_;
  }

 private:
  void relay(std::stop_token const& stop) {
    while (!stop.stop_requested()) {
      auto const numbers = server().sql(
          "SELECT coalesce(string_agg(change->'columnvalues'->>0, ' ' ORDER BY n, place), '') FROM "
          "(SELECT row_number() OVER () AS n, data::json AS document FROM "
          "pg_logical_slot_get_changes('eventuate_slot', NULL, NULL)) AS transactions, "
          "json_array_elements(document->'change') WITH ORDINALITY AS changes(change, place) WHERE "
          "change->>'kind' = 'insert' AND change->>'table' = 'message'");
      std::istringstream in{numbers};
      for (int number{}; in >> number;) published_.push_back(number);
    }
  }

  Numbers published_;
  std::jthread thread_;
};

class PostgresTakeoverDrill : public ::testing::Test {
 protected:
  PostgresTakeoverDrill() {
    forget_outbox(server());
    server().sql(
        "CREATE SCHEMA eventuate; CREATE TABLE eventuate.message (id VARCHAR(1000) PRIMARY "
        "KEY, destination TEXT NOT NULL, headers TEXT NOT NULL, payload TEXT NOT NULL, "
        "published SMALLINT DEFAULT 0, message_partition SMALLINT, creation_time BIGINT)");
    allow_wal2json("pgoutput, test_decoding, wal2json");
    server().sql("SELECT pg_create_logical_replication_slot('eventuate_slot', 'wal2json')");
  }
  /// Servers from 15.19 on load only the plugins that they are told to.
  static void allow_wal2json(std::string const& libraries) {
    if (server().sql("SELECT count(*) FROM pg_settings WHERE name = 'output_plugin_libraries'") ==
        "0")
      return;
    server().sql("ALTER SYSTEM SET output_plugin_libraries = " + libraries);
    server().sql("SELECT pg_reload_conf()");
    eventually([&] { return server().sql("SHOW output_plugin_libraries") == libraries; });
  }
  postgres::TakeoverStep step() { return takeover_status(config_, clock_).step; }
  std::string refusal() {
    try {
      takeover_run(config_, clock_);
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::rejected);
      return error.what();
    }
    return "done";
  }
  static void expect_more(Writer const& writer, int messages) {
    auto const wanted = writer.committed_so_far() + messages;
    EXPECT_TRUE(eventually([&] { return writer.committed_so_far() >= wanted; }));
  }
  /// Until everything that was committed has come.
  Numbers relay(Numbers const& published, Numbers const& committed) {
    std::set<int> missing{committed.begin(), committed.end()};
    for (int const number : published) missing.erase(number);
    auto const source = postgres::change_source(
        {.connection = server().connection(), .new_slot = NewSlot::refuse}, clock_);
    Numbers relayed;
    EXPECT_TRUE(eventually([&] {
      auto const batch = source->read(500);
      for (auto const& row : batch.rows) {
        relayed.push_back(std::stoi(row.id));
        missing.erase(relayed.back());
        if (row.ends_at) source->confirm(*row.ends_at);
      }
      pollfd waiting{.fd = source->descriptor(), .events = POLLIN, .revents = 0};
      if (!missing.empty()) ::poll(&waiting, 1, 20);
      return missing.empty();
    })) << missing.size()
        << " are missing, the first is " << *missing.begin();
    source->flush();
    return relayed;
  }
  /// Every committed message, nothing else, and the first ones of each key in order.
  static void expect_all(Numbers const& published, Numbers const& committed) {
    std::set<int> seen;
    std::map<int, Numbers> by_key;
    for (int const number : published) {
      if (seen.insert(number).second) by_key[number % keys].push_back(number);
    }
    EXPECT_EQ(seen, std::set<int>(committed.begin(), committed.end()));
    for (auto const& [key, numbers] : by_key)
      EXPECT_TRUE(std::ranges::is_sorted(numbers)) << "key " << key;
  }

  SystemClock clock_;
  postgres::TakeoverConfig config_{.connection = server().connection(), .rows_again = 0};
};

Numbers joined(Numbers first, Numbers const& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

TEST_F(PostgresTakeoverDrill, in_the_right_order_nothing_is_lost_or_doubled_under_load) {
  Writer writer;
  OldRelay old_relay;
  expect_more(writer, 50);
  takeover_prepare(config_, clock_);
  EXPECT_TRUE(eventually([&] { return step() == stop_old_relay || step() == ready; }));
  expect_more(writer, 50);
  auto const before = old_relay.stop();
  expect_more(writer, 50);
  EXPECT_EQ(step(), ready);
  // Servers of today refuse wal2json; the copy does not need it.
  allow_wal2json("pgoutput, test_decoding");
  EXPECT_EQ(takeover_run(config_, clock_).step, copied_only);
  expect_more(writer, 50);
  writer.stop();
  auto const after = relay(before, writer.committed());
  EXPECT_EQ(takeover_drop_old_slot(config_, clock_).step, finished);
  expect_all(joined(before, after), writer.committed());
  EXPECT_EQ(before.size() + after.size(), writer.committed().size());
  EXPECT_GT(before.size(), 50U);
  EXPECT_GT(after.size(), 50U);
}

TEST_F(PostgresTakeoverDrill, in_the_wrong_order_it_refuses_and_nothing_is_lost) {
  Writer writer;
  std::optional<OldRelay> old_relay{std::in_place};
  expect_more(writer, 50);
  EXPECT_NE(refusal().find("prepare the takeover"), std::string::npos);
  // The old relay is stopped too early: it has not passed the point.
  auto const before = old_relay->stop();
  takeover_prepare(config_, clock_);
  EXPECT_TRUE(eventually([&] { return step() == waiting_for_old_relay; }));
  expect_more(writer, 50);
  EXPECT_NE(refusal().find("start the old relay again"), std::string::npos);
  EXPECT_EQ(server().sql("SELECT string_agg(slot_name, ',') FROM pg_replication_slots"),
            "eventuate_slot");
  old_relay.emplace();
  EXPECT_TRUE(eventually([&] { return step() == stop_old_relay || step() == ready; }));
  auto const published = joined(before, old_relay->stop());
  EXPECT_EQ(takeover_run(config_, clock_).step, copied_only);
  expect_more(writer, 50);
  writer.stop();
  auto const after = relay(published, writer.committed());
  expect_all(joined(published, after), writer.committed());
  EXPECT_EQ(published.size() + after.size(), writer.committed().size());
}

TEST_F(PostgresTakeoverDrill,
       with_the_old_relay_left_running_messages_come_twice_and_none_is_lost) {
  Writer writer;
  OldRelay old_relay;
  takeover_prepare(config_, clock_);
  EXPECT_TRUE(eventually([&] { return refusal() == "done"; }));
  expect_more(writer, 100);
  auto const before = old_relay.stop();
  writer.stop();
  auto const after = relay({}, [&] {
    // What the old relay published after the copy comes again; what it published before does not.
    auto rest = writer.committed();
    std::erase_if(rest,
                  [&](int number) { return std::ranges::find(before, number) != before.end(); });
    return rest;
  }());
  expect_all(joined(before, after), writer.committed());
}

}  // namespace
}  // namespace tram::testing
