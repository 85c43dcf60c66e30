#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "tram/base/detail/memory.hpp"
#include "tram/base/runtime.hpp"
#include "tram/base/time.hpp"
#include "tram/host/contribution.hpp"
#include "tram/host/exit_status.hpp"
#include "tram/http/server_options.hpp"
#include "tram/outbox/outbox_options.hpp"
#include "tram/relay/relay_options.hpp"
#include "tram/service/trace_context.hpp"
#include "tram/sql/dialect.hpp"
#include "tram/subscriber/handle_messages.hpp"
#include "tram/subscriber/subscriber_options.hpp"
#include "tram/wire/id_numbers.hpp"

#pragma GCC visibility push(default)

namespace tram {

class Broker;
class Database;
/// In tram/relay/outbox_source.hpp, and with each driver's.
class OutboxSource;
/// In tram/outbox/outbox.hpp.
class Outbox;
/// In asyncapi.hpp.
struct ServiceDescription;
namespace http {
/// In tram/http/message.hpp.
struct Route;
}  // namespace http

struct ServiceOptions {
  /// Names the service in logs, metrics and documents, and to the other members of its consumer
  /// groups: it tells apart two services that use one subscriber id. There the default is the name
  /// of the program.
  std::string name{"service"};
  std::string version{"0"};
  /// Of the database; in place of those in `outbox` and `subscriber`.
  SchemaName schema{};
  /// Makes the tables that are missing at the start, before anything else; existing ones are never
  /// altered.
  bool install_schema{false};
  /// Threads that handle messages, each with a connection of the database's pool while it does; one
  /// pool for all subscriptions. The service makes room in the database's pool for these, for the
  /// threads that answer requests, and for two more; a pool whose number was chosen and is smaller
  /// is logged at the start.
  std::size_t workers{8};
  SubscriberOptions subscriber{};
  OutboxOptions outbox{};
  /// The place of the process in the ids of its messages; drawn at random when not given.
  std::optional<MachineNumber> machine{};
  /// Around everything that the service sends, receives and handles: outside those of `outbox`,
  /// `subscriber` and of each subscription.
  Interceptors interceptors{};
  NewTraces new_traces{NewTraces::never};
  /// Where health, metrics and documents are served; nothing: nowhere.
  std::optional<http::ServerOptions> http{};
  /// How often it checks whether the database answers.
  Duration database_check_interval{std::chrono::seconds{2}};
  /// A run of a handler that takes longer is logged while it runs, as `service.handler_blocks`:
  /// again each time that it has taken twice as long.
  Duration slow_handler_after{std::chrono::seconds{10}};
  /// Not ready if messages have waited this long and none was handled.
  Duration stall_after{std::chrono::seconds{60}};
  /// From the request to stop until `run` returns; after that the process exits with
  /// `exit_stop_timed_out`. Handlers that run may use three quarters of it, and
  /// `SubscriberOptions::drain_timeout` at most; leaving the groups an eighth of it, and
  /// `SubscriberOptions::close_timeout` at most.
  Duration stop_timeout{std::chrono::seconds{20}};
};

/// What a service needs; all of it outlives the service.
struct ServiceParts {
  Database& database;
  Broker& broker;
  Runtime runtime;
};

/// A relay of the service's own outbox, in its process.
struct ServiceRelay {
  /// Nothing: the outbox of the service's database. Shared, so that a program which names none need
  /// not know what a source is.
  std::shared_ptr<OutboxSource> outbox{};
  /// Published rows that are older are removed, which needs the DELETE privilege. Nothing: old rows
  /// stay.
  std::optional<std::chrono::milliseconds> outbox_age{std::chrono::hours{48}};
  /// It always publishes what is committed before it stops.
  RelayOptions options{};
};

/// Runs a whole service in one process: outbox, subscriptions, relay, health and metrics. Starts
/// them in order, watches them, and stops them in reverse order.
///
///     tram::Service shop{{database, *broker, runtime},
///                        {.name = "shop", .http = tram::http::ServerOptions{.port = 8080}}};
///     shop.relay_outbox();
///     shop.subscribe("arrivals", {"shipments"}, book_arrival);
///     shop.add(tram::handle_events<Order>("credit-view").on(order_approved));
///     return shop.run(signals.stop());
class Service final {
 public:
  /// Throws: rejected, for no workers, a null interceptor, and a time below zero or
  /// above ten years; it names the option.
  Service(ServiceParts parts, ServiceOptions options);
  ~Service();
  Service(Service const&) = delete;
  Service& operator=(Service const&) = delete;

  // Not while `run` runs. Throws: rejected, naming the part, while it does, and for a part that
  // could not run: see `require_runnable`, components without a name or a function, empty
  // functions, a relay of a database whose driver does not say how its outbox is followed.

  /// Makes the application's own tables, in a transaction of each start: behind those of Tram, and
  /// before anything is handled, relayed or served. Several functions run in their order, each in
  /// its own transaction. While the database is down, the service waits for it, and calls them
  /// then.
  ///
  ///     shop.prepare([](tram::Transaction& tx) {
  ///       tx.execute("CREATE TABLE IF NOT EXISTS arrivals (shipment_id TEXT, carrier TEXT)");
  ///     });
  Service& prepare(std::function<void(Transaction&)> make_tables);
  /// Handles messages; see `handle_messages`.
  template <class Handler>
  Service& subscribe(std::string subscriber_id, std::vector<std::string> channels, Handler handler,
                     SubscriptionOptions options = {}) {
    return add(handle_messages(std::move(subscriber_id), std::move(channels), std::move(handler),
                               std::move(options)));
  }
  /// Publishes what the service's transactions send. Leave it out where `tram-cdc` does that.
  Service& relay_outbox(ServiceRelay relay = {});

  Service& add(Contribution contribution);
  Service& add(Component component);
  Service& add(Subscription subscription);
  /// Messages that the service publishes or sends, for documents.
  Service& add(std::vector<MessageDescription> messages);
  /// Serves the application's own requests beside `/health/live`, `/health/ready`, `/metrics` and
  /// `/asyncapi.json`; answered with 503 before the service has started and while it stops. Throws:
  /// the errors of `http::check_routes`, and rejected for one of these paths.
  Service& route(http::Route route);

  /// Sends in the caller's transactions. Callable from any thread, also before `run`; does not ask
  /// the database. The first `send` before `run` reads the table's layout: it throws the errors of
  /// `probe_outbox_table`, and rejected when `outbox_id` is missing.
  [[nodiscard]] Outbox const& outbox();
  /// Of what was added; see `asyncapi`.
  [[nodiscard]] ServiceDescription description() const;
  /// Where HTTP is served; 0 while it is not. Callable from any thread.
  [[nodiscard]] std::uint16_t http_port() const;

  /// Everything has started, and no stop was requested. Callable from any thread.
  [[nodiscard]] bool is_running() const;

  /// Runs until a stop is requested or a part fails, and returns what `main` should: 0 after a
  /// clean stop, `exit_cannot_start` or `exit_cannot_go_on`. Throws nothing. It may be called again
  /// afterwards; while it runs, a second call is refused, with `exit_cannot_start`.
  ///
  /// Started: the schema is checked, or installed with `install_schema`, the application's own
  /// tables are made (`prepare`), HTTP served, then relays, and, when these follow the outbox or
  /// have said why they cannot, subscriptions and components. While the database is down it waits,
  /// alive and not ready. Stopped: no new requests or messages, handlers that run may finish,
  /// relays publish what is committed.
  [[nodiscard]] int run(std::stop_token stop);

 private:
  friend class ServiceRun;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tram

#pragma GCC visibility pop
