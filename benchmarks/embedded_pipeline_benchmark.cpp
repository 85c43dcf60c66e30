// The whole way of a message on the embedded default: sent in a transaction, relayed, handled with
// its inbox row; beside a bare SQLite loop with the same statements, which is the floor.
//
// embedded_pipeline_benchmark [FOLDER]   (the current one unless given; its disk matters)

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tram/base/clock.hpp"
#include "tram/broker/position_numbers.hpp"
#include "tram/embedded/embedded.hpp"
#include "tram/embedded/in_memory.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/relay/relay.hpp"
#include "tram/relay/sql_held_row_store.hpp"
#include "tram/schema/schema.hpp"
#include "tram/sqlite/change_source.hpp"
#include "tram/sqlite/sqlite.hpp"
#include "tram/subscriber/subscriber.hpp"
#include "tram/subscriber/workers.hpp"
#include "tram/wire/id_generator.hpp"

namespace {

using namespace tram;

constexpr int runs = 3;
constexpr int keys = 1'000;
constexpr char const* channel = "shipments";
std::string const payload = "{\"text\":\"" + std::string(288, 'x') + "\"}";

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

template <class Value>
Value quantile(std::vector<Value> values, double part) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

/// The same transactions with nothing around them.
class Bare {
 public:
  explicit Bare(std::filesystem::path const& folder) {
    for (auto const* name : {"bare.db", "bare-channels.db"}) {
      auto& file = files_.emplace_back();
      sqlite3_open((folder / name).c_str(), &file);
      run(file, "PRAGMA journal_mode = WAL");
      run(file, "PRAGMA synchronous = FULL");
    }
    run(files_[0], "CREATE TABLE shipments (id INTEGER PRIMARY KEY, text TEXT)");
    run(files_[0], "CREATE TABLE arrivals (id INTEGER, text TEXT)");
    run(files_[0], "CREATE TABLE message (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, "
                   "destination TEXT, headers TEXT, payload TEXT)");
    run(files_[0], "CREATE TABLE received_messages (consumer_id TEXT, message_id TEXT, "
                   "creation_time INTEGER, PRIMARY KEY (consumer_id, message_id))");
    run(files_[1], "CREATE TABLE record (place INTEGER PRIMARY KEY, time INTEGER, key BLOB, value "
                   "BLOB)");
    statements_ = {prepare(0, "INSERT INTO shipments VALUES (?, ?)"),
                   prepare(0, "INSERT INTO message (id, destination, headers, payload) VALUES (?, "
                              "'shipments', ?, ?)"),
                   prepare(1, "INSERT INTO record VALUES (?, 0, ?, ?)"),
                   prepare(0, "INSERT OR IGNORE INTO received_messages VALUES ('arrivals', ?, 0)"),
                   prepare(0, "INSERT INTO arrivals VALUES (?, ?)")};
  }
  ~Bare() {
    for (auto* const statement : statements_) sqlite3_finalize(statement);
    for (auto* const file : files_) sqlite3_close(file);
  }
  Bare(Bare const&) = delete;
  Bare& operator=(Bare const&) = delete;

  void send(int number) {
    run(files_[0], "BEGIN IMMEDIATE");
    step(statements_[0], number);
    step(statements_[1], number);
    run(files_[0], "COMMIT");
  }
  void publish(int number) {
    run(files_[1], "BEGIN IMMEDIATE");
    step(statements_[2], number);
    run(files_[1], "COMMIT");
  }
  void handle(int number) {
    run(files_[0], "BEGIN IMMEDIATE");
    step(statements_[3], number);
    step(statements_[4], number);
    run(files_[0], "COMMIT");
  }

 private:
  static void run(sqlite3* file, char const* sql) {
    if (sqlite3_exec(file, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return;
    std::fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(file));
    std::exit(1);
  }
  sqlite3_stmt* prepare(std::size_t file, char const* sql) {
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v2(files_[file], sql, -1, &statement, nullptr);
    return statement;
  }
  static void step(sqlite3_stmt* statement, int number) {
    sqlite3_bind_int(statement, 1, number);
    for (int at = 2; at <= sqlite3_bind_parameter_count(statement); ++at) {
      sqlite3_bind_text(statement, at, payload.c_str(), -1, SQLITE_STATIC);
    }
    sqlite3_step(statement);
    sqlite3_reset(statement);
  }

  std::vector<sqlite3*> files_;
  std::vector<sqlite3_stmt*> statements_;
};

/// Sender, relay and subscription in this process.
class Pipeline {
 public:
  struct Parts {
    std::string database_path;
    std::unique_ptr<Broker> broker;
    std::size_t messages_per_transaction{1};
    /// Sender and handler write a row of their own beside the message's.
    bool with_rows{true};
  };
  Pipeline(Parts parts, SystemClock& clock)
      : clock_{clock},
        with_rows_{parts.with_rows},
        database_{sqlite::connect({.path = parts.database_path}, {.connections_max = 16}, clock,
                                  random_)},
        broker_{std::move(parts.broker)} {
    install_schema(database_, SchemaName{});
    database_.transact([](Transaction& tx) {
      tx.execute("CREATE TABLE shipments (id INTEGER PRIMARY KEY, text TEXT)");
      tx.execute("CREATE TABLE arrivals (id INTEGER, text TEXT)");
    });
    source_ = sqlite::change_source({.path = parts.database_path}, clock);
    held_ = std::make_unique<SqlHeldRowStore>(database_, SchemaName{}, *source_);
    relay_ = std::make_unique<Relay>(
        RelayParts{*source_, *broker_, *held_, nullptr, clock, random_}, RelayOptions{});
    SubscriptionOptions options;
    options.messages_per_transaction = parts.messages_per_transaction;
    Subscription subscription{
        "arrivals", {channel}, [this](auto& tx, auto const& incoming) { handle(tx, incoming); }};
    subscription.options = options;
    subscriber_ =
        std::make_unique<Subscriber>(SubscriberParts{database_, *broker_, workers_, clock, random_},
                                     SubscriberOptions{}, std::vector<Subscription>{subscription});
    outbox_ = std::make_unique<Outbox>(Outbox::of(database_, ids_, random_));
    threads_.emplace_back([this](std::stop_token const& stop) { relay_->run(stop); });
    threads_.emplace_back([this](std::stop_token const& stop) { subscriber_->run(stop); });
    // Everybody is there when the first message came through.
    send(0, 1);
    await(1);
  }
  ~Pipeline() {
    for (auto& thread : threads_) thread.request_stop();
    threads_.clear();
  }
  Pipeline(Pipeline const&) = delete;
  Pipeline& operator=(Pipeline const&) = delete;

  /// `count` messages in one transaction.
  void send(int first, int count) {
    database_.transact([&](Transaction& tx) {
      for (int number = first; number < first + count; ++number) {
        if (with_rows_) tx.execute("INSERT INTO shipments VALUES (?, ?)", number, payload);
        outbox_->send(tx, channel, Message{.headers = {}, .payload = payload},
                      {.partition_key = std::to_string(number % keys)});
      }
    });
  }
  void await(int count) const {
    while (handled_.load() < count) clock_.pause(std::chrono::microseconds{200});
  }
  [[nodiscard]] SteadyTime handled_last() const { return SteadyTime{Duration{handled_last_}}; }

 private:
  void handle(Transaction& tx, IncomingMessage const& incoming) {
    handled_last_ = clock_.steady().time_since_epoch().count();
    if (with_rows_) {
      tx.execute("INSERT INTO arrivals VALUES (?, ?)", numbers_of(incoming.position).first,
                 incoming.message.payload);
    }
    ++handled_;
  }

  SystemClock& clock_;
  bool with_rows_;
  SystemRandom random_;
  Database database_;
  std::unique_ptr<Broker> broker_;
  std::unique_ptr<ChangeSource> source_;
  std::unique_ptr<SqlHeldRowStore> held_;
  std::unique_ptr<Relay> relay_;
  WorkerPool workers_{4};
  std::unique_ptr<Subscriber> subscriber_;
  IdGenerator ids_{clock_, MachineNumber::choose(std::nullopt, random_)};
  std::unique_ptr<Outbox> outbox_;
  std::atomic<int> handled_{0};
  std::atomic<Duration::rep> handled_last_{0};
  std::vector<std::jthread> threads_;
};

/// A new folder below the given one, gone at the end.
class Folder {
 public:
  explicit Folder(std::filesystem::path const& below, int number)
      : path_{below / ("tram-pipeline-" + std::to_string(number))} {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(Folder const&) = delete;
  Folder& operator=(Folder const&) = delete;
  [[nodiscard]] std::filesystem::path const& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

Pipeline::Parts in_files(Folder const& folder, SystemClock& clock) {
  return {.database_path = folder.path() / "tram.db",
          .broker = embedded::connect({.path = folder.path() / "channels.db"}, clock)};
}

double per_second(SystemClock const& clock, int count, std::function<void()> const& work) {
  auto const begin = clock.steady();
  work();
  return count / seconds(clock.steady() - begin);
}

void throughput(std::filesystem::path const& below, SystemClock& clock) {
  constexpr int messages = 1'000;
  std::vector<double> ratios;
  std::vector<double> ours;
  std::vector<double> floors;
  for (int run = 0; run < runs; ++run) {
    Folder const folder{below, run};
    Bare bare{folder.path()};
    floors.push_back(per_second(clock, messages, [&] {
      for (int number = 1; number <= messages; ++number) {
        bare.send(number);
        bare.publish(number);
        bare.handle(number);
      }
    }));
    Pipeline pipeline{in_files(folder, clock), clock};
    ours.push_back(per_second(clock, messages, [&] {
      for (int number = 1; number <= messages; ++number) pipeline.send(number, 1);
      pipeline.await(messages + 1);
    }));
    ratios.push_back(ours.back() / floors.back());
  }
  std::printf("send to handled, one message per transaction, synced: %.0f messages/s; bare SQLite "
              "%.0f; ratio %.2f (at least 0.6 wanted)\n",
              quantile(ours, 0.5), quantile(floors, 0.5), quantile(ratios, 0.5));
}

void latency(std::filesystem::path const& below, SystemClock& clock) {
  constexpr int messages = 300;
  Folder const folder{below, 0};
  Bare bare{folder.path()};
  Pipeline pipeline{in_files(folder, clock), clock};
  std::vector<double> ours;
  std::vector<double> floors;
  for (int number = 1; number <= messages; ++number) {
    clock.pause(std::chrono::milliseconds{4});
    auto const begin = clock.steady();
    bare.publish(number);
    floors.push_back(1e3 * seconds(clock.steady() - begin));
    clock.pause(std::chrono::milliseconds{4});
    pipeline.send(number, 1);
    auto const committed = clock.steady();
    pipeline.await(number + 1);
    ours.push_back(1e3 * seconds(pipeline.handled_last() - committed));
  }
  std::printf("commit to handler: p50 %.2f ms, p99 %.2f ms; the one synced insert on that way: p50 "
              "%.2f ms, p99 %.2f ms\n",
              quantile(ours, 0.5), quantile(ours, 0.99), quantile(floors, 0.5),
              quantile(floors, 0.99));
}

void in_memory(SystemClock& clock) {
  constexpr int messages = 200'000;
  constexpr int batch = 200;
  SystemRandom random;
  std::vector<double> ours;
  for (int run = 0; run < runs; ++run) {
    Pipeline pipeline{{.database_path = sqlite::memory_path(random),
                       .broker = embedded::in_memory_broker({}, clock),
                       .messages_per_transaction = batch,
                       .with_rows = false},
                      clock};
    ours.push_back(per_second(clock, messages, [&] {
      for (int number = 1; number <= messages; number += batch) pipeline.send(number, batch);
      pipeline.await(messages + 1);
    }));
  }
  std::printf("in memory, %d messages per transaction: %.0f messages/s (100000 wanted)\n", batch,
              quantile(ours, 0.5));
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  std::filesystem::path const below{argc > 1 ? argv[1] : "."};
  SystemClock clock;
  if (argc < 3) {
    throughput(below, clock);
    latency(below, clock);
  }
  in_memory(clock);
}
