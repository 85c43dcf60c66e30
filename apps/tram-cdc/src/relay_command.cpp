#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "broker_watch.hpp"
#include "caught_up_probe.hpp"
#include "commands.hpp"
#include "endpoints.hpp"
#include "heartbeat.hpp"
#include "tram/all_drivers.hpp"
#include "tram/base/mutex.hpp"
#include "tram/connect/broker.hpp"
#include "tram/connect/database.hpp"
#include "tram/host/stop_signals.hpp"
#include "tram/http/server.hpp"
#include "tram/relay/outbox_source.hpp"
#include "tram/relay/pipeline.hpp"
#include "tram/relay/relay_view.hpp"
#include "tram/schema/schema.hpp"
#include "version.hpp"

namespace tram::relay_program {
namespace {

/// Behind what is in flight, the position is stored and the connections are closed.
constexpr Duration stop_margin{std::chrono::seconds{10}};

/// Who asks whether the relay has finished waits so long for the database.
constexpr Duration log_end_patience{std::chrono::seconds{2}};

/// Who asks for the Java service's health waits so long for the broker, once in a while.
constexpr Duration broker_patience{std::chrono::seconds{2}};
constexpr Duration broker_answer_lives{std::chrono::seconds{5}};

constexpr Duration signal_echo{std::chrono::seconds{1}};

/// What is waited for now, as one thread says and another one asks.
class Waits {
 public:
  void set(std::function<std::string()> what) TRAM_EXCLUDES(mutex_) {
    Lock const lock{mutex_};
    what_ = std::move(what);
  }
  [[nodiscard]] std::string text() const TRAM_EXCLUDES(mutex_) {
    Lock const lock{mutex_};
    return what_ ? what_() : "its start";
  }

 private:
  mutable Mutex mutex_;
  std::function<std::string()> what_ TRAM_GUARDED_BY(mutex_);
};

/// The relay with all its parts.
class Program {
 public:
  Program(Configuration const& configuration, Machine const& machine, Logger const& logger)
      : configuration_{configuration},
        runtime_{machine.runtime.clock, machine.runtime.random, logger} {
    make_pipeline();
    serve();
  }

  /// What a stop that takes too long waits for.
  [[nodiscard]] std::string waits_for() const {
    auto const status = pipeline_->relay().status();
    auto const about = "relay '" + configuration_.relay.name + "', ";
    if (!status.connected) return about + "which connects to " + database_.name();
    if (status.in_flight == 0) return about + "and its connections";
    return about + "with " + std::to_string(status.in_flight) + " rows that broker '" +
           broker_->traits().name + "' has not acknowledged";
  }

  void run(std::stop_token const& stop) {
    auto const traits = broker_->traits();
    runtime_.logger.info("cdc.started",
                         {{"version", programs::version},
                          {"relay", configuration_.relay.name},
                          {"database", database_.name()},
                          {"broker", traits.name},
                          {"http_port", server_ ? std::to_string(server_->port()) : "off"},
                          {"retention", configuration_.retention_age ? "on" : "off"}});
    if (!traits.durable) {
      runtime_.logger.warning(
          "cdc.broker_not_durable",
          {{"broker", traits.name}, {"what", "published messages end with it"}});
    }
    {
      auto const beats = start_heartbeat();
      // Ends with the stop, beside the relay's drain.
      std::jthread const watch{[this, stop] { broker_watch_.run(stop); }};
      pipeline_->relay().run(stop);
    }
    runtime_.logger.info("cdc.stopped", {{"relay", configuration_.relay.name}});
  }

 private:
  [[nodiscard]] std::unique_ptr<OutboxRetention> retention() {
    auto const age = configuration_.retention_age;
    return age ? outbox_->retention(database_, *age) : nullptr;
  }

  void make_pipeline() {
    pipeline_.emplace(PipelineParts{.source = outbox_->change_source(),
                                    .retention = retention(),
                                    .broker = *broker_,
                                    .database = database_,
                                    .schema = configuration_.outbox.schema,
                                    .clock = runtime_.clock,
                                    .random = runtime_.random,
                                    .logger = runtime_.logger,
                                    .prepare_tables = [this] { install(); }},
                      configuration_.relay);
  }

  void serve() {
    if (!configuration_.http_port) return;
    server_.emplace(
        http::ServerOptions{.address = configuration_.http_address,
                            .port = *configuration_.http_port,
                            .threads = 2,
                            // Nothing here takes a body.
                            .body_bytes_max = 4096},
        endpoints({.look = [this] { return look(); },
                   .finished = [this](auto const& view) { return caught_up_probe_.passed(view); },
                   .broker_trouble = [this] { return broker_watch_.trouble(); },
                   .heartbeat_age = heartbeat_age()}),
        runtime_.clock, runtime_.logger);
  }

  /// Unset where none are written.
  [[nodiscard]] std::function<std::optional<Duration>()> heartbeat_age() const {
    if (!configuration_.heartbeat_interval) return {};
    return [this]() -> std::optional<Duration> {
      auto const last = last_heartbeat_.load();
      if (last == 0) return std::nullopt;
      return runtime_.clock.steady() - SteadyTime{SteadyTime::duration{last}};
    };
  }

  /// Beside the relay's own loop, which it must not hold up.
  [[nodiscard]] std::jthread start_heartbeat() {
    if (!configuration_.heartbeat_interval) return {};
    Heartbeat::Options options{
        .schema = configuration_.heartbeat_schema.value_or(configuration_.outbox.schema),
        .reader = configuration_.relay.name,
        .interval = *configuration_.heartbeat_interval,
        .written = [this] {
          last_heartbeat_ = runtime_.clock.steady().time_since_epoch().count();
        }};
    auto const leads = [this] {
      auto const status = pipeline_->relay().status();
      return status.connected && !status.standby;
    };
    return std::jthread{[beats = Heartbeat{database_, std::move(options), leads, runtime_.logger}](
                            std::stop_token const& stop) mutable { beats.run(stop); }};
  }

  [[nodiscard]] RelayView look() const {
    auto view = pipeline_->view();
    if (auto const broker = broker_watch_.last(); view.readiness.ready && !broker.empty()) {
      view.readiness = {.ready = false, .reason = "broker: " + broker};
    }
    return view;
  }

  void install() {
    auto const& schema = configuration_.outbox.schema;
    if (!configuration_.install_schema) return require_schema(database_, schema);
    auto const left = prepare_schema(database_, schema);
    if (!left.empty()) runtime_.logger.warning("cdc.schema_not_upgraded", {{"what", left}});
  }

  Configuration const& configuration_;
  Runtime const runtime_;
  std::unique_ptr<Broker> broker_{connect::broker(configuration_.broker_url, all_drivers(),
                                                  runtime_, configuration_.broker_properties)};
  // Whose path is mistyped does not get an empty database that nobody writes to.
  Database database_{connect::database(configuration_.database_url, all_drivers(), runtime_,
                                       {.connections_max = 2}, Opening::existing)};
  std::unique_ptr<OutboxSource> outbox_{outbox_of(database_, configuration_.outbox)};
  CaughtUpProbe caught_up_probe_{[this] {
    return outbox_->log_end(database_, Deadline::after(runtime_.clock, log_end_patience));
  }};
  BrokerWatch broker_watch_{[this](std::stop_token const& stop) {
                              broker_->ping(Deadline::after(runtime_.clock, broker_patience), stop);
                            },
                            runtime_.clock, broker_answer_lives};
  std::atomic<SteadyTime::rep> last_heartbeat_{0};
  std::optional<Pipeline> pipeline_;
  // Asks the relay: it goes first.
  std::optional<http::Server> server_;
};

}  // namespace

int relay_command(Configuration const& configuration, Machine const& machine,
                  Logger const& logger) {
  Waits waits;
  StopSignals const signals{logger, configuration.relay.drain_timeout + stop_margin, signal_echo,
                            [&] { return waits.text(); }};
  Program program{configuration, machine, logger};
  waits.set([&] { return program.waits_for(); });
  program.run(signals.stop());
  waits.set([] { return "the end of its connections"; });
  return 0;
}

}  // namespace tram::relay_program
