#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <thread>

#include "postgres_server.hpp"
#include "relay_world.hpp"
#include "tram/postgres/change_source.hpp"
#include "tram/postgres/outbox_retention.hpp"
#include "tram/postgres/postgres.hpp"
#include "tram/relay/sql_held_row_store.hpp"
#include "tram/schema/schema.hpp"

namespace tram::testing {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

inline PostgresServer& server() {
  static PostgresServer instance{"-c max_prepared_transactions=5"};
  return instance;
}

/// A semicolon behind a backslash belongs to the statement.
inline std::size_t end_of_statement(std::string const& statements, std::size_t from) {
  auto at = statements.find(';', from);
  while (at != std::string::npos && at > 0 && statements[at - 1] == '\\') {
    at = statements.find(';', at + 1);
  }
  return std::min(at, statements.size());
}

inline void run_each(std::string const& statements) {
  std::size_t from = 0;
  while (from < statements.size()) {
    auto const end = end_of_statement(statements, from);
    auto statement = statements.substr(from, end - from);
    std::erase(statement, '\\');
    server().sql(statement);
    from = end + 1;
  }
}

/// The command that a reason tells.
inline std::string remedy(std::string const& reason) {
  auto const at = reason.find("run: ");
  return at == std::string::npos ? "" : reason.substr(at + 5);
}

/// A relay of a real server, in a thread of its own, into a broker of which the test decides.
class PostgresRelay : public ::testing::Test {
 protected:
  PostgresRelay() {
    forget_outbox(server());
    install_schema(database_, schema_);
    options_.drain_timeout = 200ms;
    options_.back_off_longest = 200ms;
    options_.held_check_interval = 20ms;
    options_.retention_interval = 20ms;
  }
  ~PostgresRelay() override { stop(); }

  void start(OutboxRetention* retention = nullptr) {
    begin(retention);
    ASSERT_TRUE(eventually([&] { return relay_->readiness().ready; }))
        << relay_->readiness().reason;
  }
  /// Without waiting until it is ready.
  void begin(OutboxRetention* retention = nullptr) {
    if (source_config_.connection.empty()) source_config_.connection = server().connection();
    source_ = postgres::change_source(source_config_, clock_);
    held_.emplace(database_, schema_, *source_);
    relay_ = std::make_unique<Relay>(RelayParts{.source = *source_,
                                                .broker = broker_,
                                                .held = *held_,
                                                .retention = retention,
                                                .clock = clock_,
                                                .random = random_},
                                     options_);
    loop_ = std::jthread{[this](std::stop_token const& stop) { relay_->run(stop); }};
  }
  void stop() {
    loop_ = {};
    relay_.reset();
    source_.reset();
  }
  static void insert(std::string const& id, std::string const& key,
                     std::string const& payload = "") {
    server().sql("INSERT INTO eventuate.message (id, destination, headers, payload, creation_time) "
                 "VALUES ('" +
                 id + "', 'orders', '{\"ID\":\"" + id + "\",\"PARTITION_ID\":\"" + key + "\"}', '" +
                 (payload.empty() ? id : payload) + "', 1000)");
  }
  bool published(std::uint64_t rows) {
    return eventually([&] { return relay_->status().counters.rows_published >= rows; });
  }
  static std::string rows(std::string const& ids) {
    return server().sql("SELECT count(*) FROM eventuate.message WHERE id LIKE '" + ids + "%'");
  }
  /// The payloads, in the order in which they landed.
  Texts landed() {
    Texts payloads;
    for (auto const& record : broker_.landed) payloads.push_back(payload_of(record));
    return payloads;
  }
  void expect_landed(Texts const& wanted) {
    auto const all = landed();
    for (auto const& each : wanted) {
      EXPECT_NE(std::ranges::find(all, each), all.end()) << each << " is not published";
    }
  }
  Texts first_occurrences(std::string const& key) {
    Texts firsts;
    for (auto const& record : broker_.landed) {
      auto const payload = payload_of(record);
      if (record.key == key && std::ranges::find(firsts, payload) == firsts.end())
        firsts.push_back(payload);
    }
    return firsts;
  }

  SystemClock clock_;
  SystemRandom random_;
  SchemaName schema_;
  Database database_{postgres::connect({.connection = server().connection()}, {}, clock_, random_)};
  std::optional<SqlHeldRowStore> held_;
  ScriptedBroker broker_;
  RelayOptions options_;
  postgres::ChangeSourceConfig source_config_{
      .connection = {}, .status_interval = 20ms, .look_interval = 20ms};
  std::unique_ptr<ChangeSource> source_;
  std::unique_ptr<Relay> relay_;
  std::jthread loop_;
};

/// The relay in the test's own thread, so that the test decides when the broker answers.
class SteppedPostgresRelay : public PostgresRelay {
 protected:
  void make() { make(clock_, server().connection()); }
  void make(Clock& clock, std::string const& connection) {
    broker_.lands_at_once = false;
    source_config_.connection = connection;
    source_ = postgres::change_source(source_config_, clock);
    held_.emplace(database_, schema_, *source_);
    relay_ = std::make_unique<Relay>(RelayParts{.source = *source_,
                                                .broker = broker_,
                                                .held = *held_,
                                                .clock = clock,
                                                .random = random_},
                                     options_);
    EXPECT_TRUE(eventually([&] {
      relay_->step();
      return relay_->readiness().ready;
    })) << relay_->readiness().reason;
  }
  static void insert_one_transaction(std::size_t rows, std::string const& payload = "i::text") {
    server().sql("INSERT INTO eventuate.message (id, destination, headers, payload) SELECT i, "
                 "'orders', '{\"ID\":\"' || i || '\",\"PARTITION_ID\":\"k\"}', " +
                 payload + " FROM generate_series(1, " + std::to_string(rows) + ") i");
  }
  void step_for(Duration duration) {
    auto const end = clock_.steady() + duration;
    while (clock_.steady() < end) {
      if (!relay_->step()) std::this_thread::yield();
    }
  }
};

}  // namespace tram::testing
