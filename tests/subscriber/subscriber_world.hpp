#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/embedded/in_memory.hpp"
#include "tram/schema/schema.hpp"
#include "tram/sqlite/sqlite.hpp"
#include "tram/subscriber/held_messages.hpp"
#include "tram/subscriber/inbox.hpp"
#include "tram/subscriber/subscriber.hpp"
#include "tram/subscriber/workers.hpp"
#include "tram/wire/record.hpp"

namespace tram::testing {

using Texts = std::vector<std::string>;

/// Workers without threads: the test runs the jobs.
class ListedWorkers final : public Workers {
 public:
  void submit(Job job) override { jobs_.push_back(std::move(job)); }
  [[nodiscard]] std::size_t count() const override { return 4; }

  /// False when there was none.
  bool run_one() {
    if (jobs_.empty()) return false;
    auto const job = std::move(jobs_.front());
    jobs_.pop_front();
    job();
    return true;
  }
  [[nodiscard]] std::size_t size() const { return jobs_.size(); }
  void forget() { jobs_.clear(); }

 private:
  std::deque<Job> jobs_;
};

/// A subscriber in one thread, on manual time, with SQL and a broker in memory.
class SubscriberWorld : public ::testing::Test {
 protected:
  SubscriberWorld() {
    install_schema(database, SchemaName{});
    broker.create_channels(std::array{std::string{"orders"}}, 1, Deadline::now());
    database.transact([](Transaction& tx) { tx.execute("CREATE TABLE effect (id TEXT)"); });
  }
  ~SubscriberWorld() override { workers.forget(); }

  void send_value(std::string const& key, std::string const& value) {
    ASSERT_TRUE(producer->submit({.channel = "orders", .key = key, .value = value}, ++sequence_));
    for (auto const& completion : producer->completions()) ASSERT_FALSE(completion.error);
  }
  void send(std::string const& key, std::string const& id, std::string const& payload = "{}") {
    send_value(key, record_value({.headers = {{"ID", id}}, .payload = payload}));
  }

  /// Handles by noting the id, here and in the database; throws what `trouble` says.
  Subscription subscription(SubscriptionOptions const& options = {},
                            std::string const& id = "billing") {
    return {.subscriber_id = id,
            .channels = {"orders"},
            .handler =
                [this](Transaction& tx, IncomingMessage const& incoming) {
                  runs.push_back(incoming.id());
                  attempts.push_back(incoming.attempt);
                  if (trouble) trouble(incoming);
                  if (does_first) does_first(tx, incoming);
                  tx.execute("INSERT INTO effect VALUES (?)", incoming.id());
                },
            .options = options};
  }
  SubscriberParts parts() {
    return {.database = database,
            .broker = broker,
            .workers = workers,
            .clock = clock,
            .random = random,
            .logger = Logger{[this](LogLevel, std::string const& line) { log.push_back(line); },
                             LogLevel::info}};
  }
  void start(SubscriptionOptions const& options = {}) {
    subscriber.emplace(parts(), SubscriberOptions{}, std::vector{subscription(options)});
  }

  /// Works until nothing is left to do at this moment.
  void settle() {
    bool progressed = true;
    while (progressed) {
      progressed = subscriber->step();
      while (workers.run_one()) progressed = true;
    }
  }
  /// The same with time going on while that helps.
  void run_for(Duration duration) {
    auto const end = clock.steady() + duration;
    for (settle(); clock.steady() < end; settle()) {
      clock.advance(std::max(Duration{1}, std::min(subscriber->next_step(), end) - clock.steady()));
    }
  }

  Texts effects() {
    return database.transact([](Transaction& tx) {
      Texts ids;
      for (auto const row : tx.execute("SELECT id FROM effect ORDER BY rowid")) {
        ids.push_back(row.get<std::string>(0));
      }
      return ids;
    });
  }
  std::vector<HeldMessage> held() {
    return database.transact(
        [&](Transaction& tx) { return held_messages.messages(tx, HeldFilter{}, 100); });
  }
  Texts held_ids() {
    Texts ids;
    for (auto const& message : held()) ids.push_back(message.message_id);
    return ids;
  }
  void request_retry() {
    database.transact([&](Transaction& tx) { held_messages.request_retry(tx, HeldFilter{}); });
  }
  SubscriptionStatus status() { return subscriber->status().front(); }
  SubscriptionCounters counters() { return status().counters; }
  /// Log lines of that event.
  std::size_t logged(std::string const& event) {
    auto const is_it = [&](std::string const& line) {
      return line.find("event=" + event + " ") != std::string::npos;
    };
    return static_cast<std::size_t>(std::ranges::count_if(log, is_it));
  }

  ManualClock clock;
  SeededRandom random{1};
  std::string path = sqlite::memory_path(random);
  Database database = sqlite::connect({.path = path}, {}, clock, random);
  embedded::InMemoryBroker broker{{.partitions = 1}, clock};
  std::unique_ptr<Producer> producer = broker.producer();
  ListedWorkers workers;
  HeldMessages held_messages{database.dialect(), SchemaName{}};
  std::function<void(IncomingMessage const&)> trouble;
  /// What a handler does first in its transaction.
  std::function<void(Transaction&, IncomingMessage const&)> does_first;
  Texts runs;
  std::vector<int> attempts;
  Texts log;
  std::optional<Subscriber> subscriber;

 private:
  Sequence sequence_{};
};

}  // namespace tram::testing
