#include "service_run.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "service_endpoints.hpp"
#include "tram/base/thrown.hpp"
#include "tram/schema/schema.hpp"

namespace tram {
namespace {

constexpr std::chrono::milliseconds relay_check_pause{5};
constexpr Duration broker_check_interval{std::chrono::seconds{5}};

/// What is left of the stop goes to relays and to what must be closed.
Duration drain_timeout(ServiceOptions const& options) {
  return std::min(options.subscriber.drain_timeout, options.stop_timeout * 3 / 4);
}

/// Two programs that both keep the default name are two services.
std::string owner_name(std::string const& name) {
  return name == ServiceOptions{}.name ? program_invocation_short_name : name;
}

/// `around` are the service's own.
SubscriberOptions subscriber_options(ServiceOptions const& options, Interceptors around) {
  auto result = options.subscriber;
  result.schema = options.schema;
  result.service = owner_name(options.name);
  result.drain_timeout = drain_timeout(options);
  result.close_timeout = std::min(options.subscriber.close_timeout, options.stop_timeout / 8);
  for (auto const* const all : {&options.interceptors, &options.subscriber.interceptors})
    around.insert(around.end(), all->begin(), all->end());
  result.interceptors = std::move(around);
  return result;
}

/// A function that answers for one part must not take the answers about the others away.
std::string trouble_of(Component const& component) {
  try {
    return component.trouble();
  } catch (...) {  // thread top: whatever the user's code threw
    return "cannot be asked: " + describe_current_exception();
  }
}

std::optional<std::uint64_t> value_of(Metric const& metric) {
  try {
    return metric.value();
  } catch (...) {  // thread top: whatever the user's code threw
    return std::nullopt;
  }
}

using HandleTimesOf = std::map<std::string, HandleTimes>;

/// `times` has all subscribers, and stays as it is.
std::shared_ptr<MessageInterceptor> measured(HandleTimesOf& times, Clock& clock) {
  return around_handlers([&times, &clock](Transaction& tx, IncomingMessage const& incoming,
                                          MessageHandler const& next) {
    auto const began = clock.steady();
    auto const add = [&] {
      times.find(incoming.subscriber_id)->second.add(clock.steady() - began);
    };
    try {
      next(tx, incoming);
    } catch (std::exception const&) {
      add();
      throw;
    }
    add();
  });
}

bool means_away(Error const& error) {
  return error.fault() != Fault::rejected && error.fault() != Fault::malformed;
}

}  // namespace

ServiceRun::ServiceRun(Service::State& state, StopDeadline& deadline)
    : state_{state},
      deadline_{deadline},
      database_watch_{state.parts.database, state.options.schema,
                      state.options.database_check_interval},
      broker_watch_{state.parts.broker, state.parts.runtime.clock, state.parts.runtime.logger,
                    broker_check_interval},
      handler_watch_{state.parts.runtime.clock, state.parts.runtime.logger,
                     state.options.slow_handler_after},
      workers_{state.options.workers},
      crew_{state.parts.runtime.logger} {
  state_.phase = ServicePhase::starting;
  auto const& parts = state_.parts;
  for (auto const& relay : state_.relays) {
    pipelines_.push_back(make_pipeline(relay, parts, state_.options.schema));
  }
  for (auto const& component : state_.stepped) {
    stepped_.push_back(std::make_unique<SteppedRun>(
        component, StepParts{parts.database, parts.runtime.clock, parts.runtime.random,
                             parts.runtime.logger}));
  }
  if (state_.subscriptions.empty()) return;
  subscriber_.emplace(SubscriberParts{.database = parts.database,
                                      .broker = parts.broker,
                                      .workers = workers_,
                                      .clock = parts.runtime.clock,
                                      .random = parts.runtime.random,
                                      .logger = parts.runtime.logger},
                      subscriber_options(state_.options, interceptors()), state_.subscriptions);
}

ServiceRun::~ServiceRun() { state_.http_port = 0; }

Interceptors ServiceRun::interceptors() {
  auto& runtime = state_.parts.runtime;
  for (auto const& each : state_.subscriptions) (void)state_.handle_times[each.subscriber_id];
  return {trace_handlers(runtime.random, state_.options.new_traces), handler_watch_.interceptor(),
          measured(state_.handle_times, runtime.clock)};
}

/// Handlers, requests, relays, stepped components and the database watch each have a connection
/// while they work.
void ServiceRun::make_room() {
  auto const& options = state_.options;
  auto const steady = std::max<std::size_t>(pipelines_.size() + stepped_.size(), 1) + 1;
  auto const needed = options.workers + (options.http ? options.http->threads : 0) + steady;
  auto const connections = state_.parts.database.make_room_for(needed);
  if (connections >= needed) return;
  state_.parts.runtime.logger.warning(
      "service.pool_too_small",
      {{"connections_max", connections},
       {"needed", needed},
       {"what",
        "handlers and requests wait for connections; raise PoolOptions::connections_max, or "
        "leave it out"}});
}

int ServiceRun::run(std::stop_token const& stop) {
  crew_.ends_with(stop);
  make_room();
  deadline_.waiting_for("the database, which is looked at before the start");
  bool const checked = check_schema();
  serve();
  if (!checked) wait_for_database(stop);
  if (!stop.stop_requested()) {
    start_relays(stop);
    start_parts();
    state_.phase = ServicePhase::running;
    state_.parts.runtime.logger.info("service.started",
                                     {{"service", state_.options.name},
                                      {"version", state_.options.version},
                                      {"http_port", state_.http_port.load()},
                                      {"relays", pipelines_.size()},
                                      {"subscriptions", state_.subscriptions.size()},
                                      {"components", state_.components.size() + stepped_.size()}});
    crew_.watch(stop);
  }
  deadline_.begin();
  stop_parts();
  return crew_.lost() ? exit_cannot_go_on : 0;
}

/// False when the database is away.
bool ServiceRun::check_schema() {
  auto const trouble = database_watch_.look();
  if (trouble && means_away(*trouble)) return false;
  try {
    auto& database = state_.parts.database;
    if (state_.options.install_schema) prepare_tables();
    require_schema(database, state_.options.schema, state_.further_tables);
    for (auto const& make : state_.prepares) make_tables(database, make);
    database.transact({.access = Access::read_only},
                      [&](Transaction& tx) { state_.outbox().look_at_table(tx); });
    return true;
  } catch (Error const& error) {
    if (means_away(error)) return false;
    throw;
  }
}

void ServiceRun::prepare_tables() {
  auto const& parts = state_.parts;
  auto const left = prepare_schema(parts.database, state_.options.schema, state_.further_tables);
  if (!left.empty()) parts.runtime.logger.warning("service.schema_not_upgraded", {{"what", left}});
}

void ServiceRun::wait_for_database(std::stop_token const& stop) {
  auto const& parts = state_.parts;
  parts.runtime.logger.warning("service.waits_for_database",
                               {{"reason", database_watch_.trouble()}});
  while (!stop.stop_requested() && !check_schema()) {
    parts.runtime.clock.pause(state_.options.database_check_interval, stop);
  }
}

void ServiceRun::serve() {
  if (!state_.options.http) return;
  server_.emplace(*state_.options.http,
                  service_endpoints([this] { return view(); }, asyncapi(state_.description()),
                                    state_.routes, [this] { return state_.phase.load(); }),
                  state_.parts.runtime.clock, state_.parts.runtime.logger);
  state_.http_port = server_->port();
}

/// Nothing else of the service sends before they follow the outbox: rows that are older than the
/// mark which a new relay makes in the log would never be relayed.
void ServiceRun::start_relays(std::stop_token const& stop) {
  for (auto const& pipeline : pipelines_) {
    crew_.start(StopStage::relays, "relay '" + pipeline->name() + "'",
                [&relay = pipeline->relay()](std::stop_token const& until) { relay.run(until); });
  }
  auto const have_begun = [&] {
    return std::ranges::all_of(pipelines_,
                               [](auto const& pipeline) { return pipeline->has_begun(); });
  };
  while (!have_begun() && !stop.stop_requested() && !crew_.lost()) {
    state_.parts.runtime.clock.pause(relay_check_pause, stop);
  }
}

void ServiceRun::start_parts() {
  if (subscriber_) {
    crew_.start(StopStage::subscriber, "subscriber",
                [this](std::stop_token const& stop) { subscriber_->run(stop); });
    crew_.start(StopStage::components, "handler watch",
                [this](std::stop_token const& stop) { handler_watch_.run(stop); });
  }
  crew_.start(StopStage::components, "database watch",
              [this](std::stop_token const& stop) { database_watch_.run(stop); });
  if (uses_broker()) {
    crew_.start(StopStage::components, "broker watch",
                [this](std::stop_token const& stop) { broker_watch_.run(stop); });
  }
  for (auto const& component : state_.components) {
    crew_.start(StopStage::components, "component '" + component.name + "'", component.run);
  }
  for (auto const& component : stepped_) {
    crew_.start(StopStage::components, "component '" + component->name() + "'",
                [&component = *component](std::stop_token const& stop) { component.run(stop); });
  }
}

void ServiceRun::stop_parts() {
  state_.phase = ServicePhase::stopping;
  auto const& logger = state_.parts.runtime.logger;
  logger.info("service.stopping", {{"service", state_.options.name}});
  stop_stage(StopStage::components);
  stop_stage(StopStage::subscriber);
  stop_stage(StopStage::relays);
  // All that can still take its time when this object is destroyed.
  deadline_.waiting_for("the HTTP server" + running_handlers());
  logger.info("service.stopped", {{"service", state_.options.name}});
}

/// A handler that hangs may hold what others wait for: on SQLite, the lock that the relay needs to
/// store its position.
void ServiceRun::stop_stage(StopStage stage) {
  crew_.stop(stage,
             [&](std::string const& name) { deadline_.waiting_for(name + running_handlers()); });
}

std::string ServiceRun::running_handlers() const {
  std::string text;
  if (!subscriber_) return text;
  for (auto const& status : subscriber_->status()) {
    if (status.running == 0) continue;
    text += text.empty() ? ", and handlers that run: " : ", ";
    text += std::to_string(status.running) + " of subscription '" + status.subscriber_id + "'";
  }
  return text;
}

ServiceView ServiceRun::view() const {
  ServiceView view{.name = state_.options.name,
                   .version = state_.options.version,
                   .phase = state_.phase,
                   .database_trouble = database_watch_.trouble(),
                   .broker_trouble = uses_broker() ? broker_watch_.trouble() : std::string{},
                   .has_subscriptions = subscriber_.has_value(),
                   .sent = state_.send_counts->counts(),
                   .now = state_.parts.runtime.clock.steady(),
                   .stall_after = state_.options.stall_after};
  for (auto const& pipeline : pipelines_) view.relays.push_back(pipeline->view());
  if (subscriber_) view.subscriptions = subscriber_->status();
  for (auto const& component : state_.components) {
    if (component.trouble) view.components.push_back({component.name, trouble_of(component)});
  }
  for (auto const& component : stepped_) {
    view.components.push_back({component->name(), component->trouble()});
  }
  for (auto const& [subscriber, times] : state_.handle_times) {
    view.handle_times.emplace(subscriber, times.counts());
  }
  for (auto const& metric : state_.metrics) {
    if (auto const value = value_of(metric)) view.metrics.push_back({&metric, *value});
  }
  return view;
}

}  // namespace tram
