#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "http_client.hpp"
#include "outbox_file.hpp"
#include "removable_database.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/mutex.hpp"
#include "tram/base/random.hpp"
#include "tram/embedded/in_memory.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/schema/schema.hpp"
#include "tram/service/service.hpp"
#include "tram/sqlite/sqlite.hpp"

namespace tram::testing {

inline constexpr Duration patience{std::chrono::seconds{20}};

/// Things that happen on other threads, in their order.
class Happenings {
 public:
  void add(std::string what) {
    {
      Lock const lock{mutex_};
      all_.push_back(std::move(what));
    }
    news_.notify_all();
  }
  /// Waits until something contains each of the texts.
  [[nodiscard]] bool wait_for(std::string const& text, std::size_t times = 1) {
    Lock const lock{mutex_};
    while (count_locked(text) < times) {
      if (news_.wait_for(mutex_, patience) == std::cv_status::timeout) return false;
    }
    return true;
  }
  [[nodiscard]] std::size_t count(std::string const& text) const {
    Lock const lock{mutex_};
    return count_locked(text);
  }
  [[nodiscard]] std::vector<std::string> all() const {
    Lock const lock{mutex_};
    return all_;
  }

 private:
  [[nodiscard]] std::size_t count_locked(std::string const& text) const TRAM_REQUIRES(mutex_) {
    std::size_t count = 0;
    for (auto const& each : all_) count += each.find(text) != std::string::npos ? 1 : 0;
    return count;
  }

  mutable Mutex mutex_;
  std::condition_variable_any news_;
  std::vector<std::string> all_ TRAM_GUARDED_BY(mutex_);
};

/// What services stand on: a database file with our tables, and a broker.
struct ServiceWorld {
  SystemClock clock;
  SystemRandom random;
  TemporaryFolder folder;
  /// Clients that are left behind may log later.
  std::shared_ptr<Happenings> const kept_log{std::make_shared<Happenings>()};
  Happenings& log{*kept_log};
  Happenings happenings;
  std::atomic<bool> database_away{false};
  std::unique_ptr<Broker> broker = embedded::in_memory_broker({}, clock);
  Database database{
      std::make_unique<RemovableDatabase>(
          sqlite::driver({.path = path(), .durability = sqlite::Durability::process_crash}, clock,
                         random),
          database_away),
      {.connections_max = 12},
      clock,
      random};

  ServiceWorld() { install_schema(database, SchemaName{}); }

  [[nodiscard]] std::string path() const { return (folder.path() / "service.db").string(); }

  [[nodiscard]] Logger logger() {
    return Logger{[kept = kept_log](LogLevel, std::string const& line) { kept->add(line); },
                  LogLevel::debug};
  }
  [[nodiscard]] ServiceParts parts() {
    return {database, *broker, {clock, random, logger()}};
    // The analyzer does not follow what a std::function owns.
  }  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks)
  /// Soon ready, soon stopped.
  [[nodiscard]] static ServiceOptions options() {
    ServiceOptions options{.name = "shop", .version = "7"};
    options.workers = 4;
    options.http = http::ServerOptions{.address = "127.0.0.1"};
    options.database_check_interval = std::chrono::milliseconds{5};
    return options;
  }
  /// A subscription that notes what it handles.
  Subscription noting(std::string const& subscriber_id, std::string const& channel) {
    return {.subscriber_id = subscriber_id,
            .channels = {channel},
            .handler = [this](Transaction&, IncomingMessage const& incoming) {
              happenings.add(incoming.subscriber_id + " " + incoming.message.payload);
            }};
  }
  void send(Service& service, std::string const& channel, std::string const& payload,
            TransactionContext context = {}) {
    database.transact({.context = std::move(context)}, [&](Transaction& tx) {
      service.outbox().send(tx, channel, Message{.headers = {}, .payload = payload});
    });
  }
  /// Waits until the answer to a request has this in it; the last answer.
  std::string answer_with(Service const& service, std::string const& path,
                          std::string const& expected) {
    auto const deadline = Deadline::after(clock, patience);
    std::string answer;
    while (answer.find(expected) == std::string::npos && !deadline.reached(clock)) {
      clock.pause(std::chrono::milliseconds{2});
      if (service.http_port() != 0) answer = http::ask(service.http_port(), "GET " + path);
    }
    return answer;
  }
};

/// A service that runs on a thread of its own.
class Running {
 public:
  explicit Running(Service& service)
      : thread_{[this, &service](std::stop_token const& stop) { status_ = service.run(stop); }} {}
  /// What `main` would return.
  int stop() {
    thread_.request_stop();
    return wait();
  }
  int wait() {
    thread_.join();
    return status_;
  }

 private:
  int status_{-1};
  std::jthread thread_;
};

}  // namespace tram::testing
