#pragma once

#include <tram/by_url/broker.hpp>
#include <tram/by_url/database.hpp>
#include <tram/by_url/outbox.hpp>
#include <tram/cdc/relay.hpp>
#include <tram/cdc/relay_held_store.hpp>
#include <tram/messaging/outbox.hpp>
#include <tram/messaging/subscriber.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "options.hpp"

namespace examples {

/// What example 01 puts together by hand: database, broker, relay and outbox, in one process.
class Platform final {
 public:
  Platform(int argc, char** argv, std::vector<std::string> const& tables)
      : options_{options(argc, argv)} {
    database.transact([&](tram::Transaction& tx) {
      for (auto const& table : tables) tx.execute("CREATE TABLE IF NOT EXISTS " + table);
    });
    while (!relay_.status().caught_up) clock.pause(std::chrono::milliseconds{10});
  }

  /// Once, with all of them.
  void start(std::vector<tram::Subscription> subscriptions) {
    subscriber_.emplace(tram::SubscriberParts{database, *broker, workers_, clock, random},
                        tram::SubscriberOptions{}, std::move(subscriptions));
    subscribing_ = std::jthread{[this](std::stop_token const& stop) { subscriber_->run(stop); }};
  }

  /// Looks until the condition holds, for a minute at most.
  bool eventually(std::function<bool(tram::Transaction&)> const& condition) {
    auto const deadline = tram::Deadline::after(clock, std::chrono::minutes{1});
    while (!deadline.reached(clock)) {
      if (database.transact({.access = tram::Access::read_only}, condition)) return true;
      clock.pause(std::chrono::milliseconds{10});
    }
    return false;
  }

 private:
  Options options_;

 public:
  tram::SystemClock clock;
  tram::SystemRandom random;
  tram::Database database = tram::by_url::database(options_.database_url, {}, clock, random);
  std::unique_ptr<tram::Broker> broker = tram::by_url::broker(options_.broker_url, {}, clock);

 private:
  tram::IdGenerator ids_{clock, tram::MachineNumber::choose(std::nullopt, random)};

 public:
  tram::Outbox outbox = installed_outbox();

 private:
  tram::Outbox installed_outbox() {
    tram::install_schema(database, tram::SchemaName{});
    return tram::Outbox::of(database, ids_, random);
  }

  std::unique_ptr<tram::ChangeSource> source_ =
      tram::by_url::change_source(options_.database_url, {}, clock);
  tram::RelayHeldStore held_{database, tram::SchemaName{}, "relay"};
  tram::Relay relay_{{*source_, *broker, held_, nullptr, clock, random}, {}};
  tram::WorkerPool workers_{2};
  std::optional<tram::Subscriber> subscriber_;
  std::jthread relaying_{[this](std::stop_token const& stop) { relay_.run(stop); }};
  std::jthread subscribing_;
};

}  // namespace examples
