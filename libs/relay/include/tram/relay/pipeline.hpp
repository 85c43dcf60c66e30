#pragma once

#include <functional>
#include <string>

#include "tram/base/detail/memory.hpp"
#include "tram/base/log.hpp"
#include "tram/relay/outbox_retention.hpp"
#include "tram/relay/relay.hpp"
#include "tram/sql/dialect.hpp"

#pragma GCC visibility push(default)

namespace tram {

class Database;
class HeldRowStore;
/// In relay_view.hpp.
struct RelayView;

/// What a pipeline is made of, and what it works with: references outlive it.
struct PipelineParts {
  /// From `OutboxSource::change_source`.
  std::unique_ptr<ChangeSource> source;
  /// From `OutboxSource::retention`. Without one, old rows of the outbox stay.
  std::unique_ptr<OutboxRetention> retention{};
  Broker& broker;
  /// The outbox's own, which keeps the held rows.
  Database& database;
  SchemaName schema{};
  Clock& clock;
  Random& random;
  Logger logger{};
  /// Called before the first use of held rows, and again after it threw: makes sure that the tables
  /// are there. Without one, they must be.
  std::function<void()> prepare_tables{};
};

/// One outbox on its way to a broker: source, held rows, retention, the relay over them, and what
/// is known of it. Several fit into one process, each with its thread and its `RelayOptions::name`.
///
///     auto const outbox = tram::sqlite::outbox_source({.path = "orders.db"}, clock, random);
///     tram::Pipeline orders{{.source = outbox->change_source(),
///                            .retention = outbox->retention(database, std::chrono::hours{48}),
///                            .broker = *broker, .database = database,
///                            .clock = clock, .random = random},
///                           {.name = "orders"}};
///     orders.relay().run(stop);
class Pipeline final {
 public:
  /// Throws: rejected without a source.
  Pipeline(PipelineParts parts, RelayOptions options);
  ~Pipeline();
  Pipeline(Pipeline const&) = delete;
  Pipeline& operator=(Pipeline const&) = delete;

  [[nodiscard]] std::string const& name() const { return name_; }
  [[nodiscard]] Relay& relay() { return relay_; }
  [[nodiscard]] Relay const& relay() const { return relay_; }

  /// For health, metrics (`write_relay_metrics`) and people. Any thread may call it; never waits.
  [[nodiscard]] RelayView view() const;
  /// It follows the outbox, or another process does, or it has said what is in its way. Any thread
  /// may call it; never waits.
  [[nodiscard]] bool has_begun() const;

 private:
  std::string name_;
  Duration stall_after_;
  Clock& clock_;
  std::unique_ptr<ChangeSource> source_;
  std::unique_ptr<OutboxRetention> retention_;
  std::unique_ptr<HeldRowStore> held_;
  Relay relay_;
};

}  // namespace tram

#pragma GCC visibility pop
