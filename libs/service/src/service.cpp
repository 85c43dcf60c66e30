#include "tram/service/service.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

#include "service_endpoints.hpp"
#include "service_run.hpp"
#include "service_state.hpp"
#include "tram/base/error.hpp"
#include "tram/base/option_check.hpp"
#include "tram/host/stop_deadline.hpp"
#include "tram/http/message.hpp"
#include "tram/metrics/metric_check.hpp"

namespace tram {
namespace {

OutboxOptions outbox_options(ServiceOptions const& options,
                             std::shared_ptr<MessageInterceptor> const& counts) {
  auto result = options.outbox;
  result.schema = options.schema;
  result.interceptors.insert(result.interceptors.begin(), options.interceptors.begin(),
                             options.interceptors.end());
  result.interceptors.push_back(counts);
  return result;
}

[[noreturn]] void reject(std::string const& service, std::string const& what) {
  throw Error{Fault::rejected, "service '" + service + "': " + what};
}

void check(std::string const& service, Component const& component) {
  if (component.name.empty()) reject(service, "a component has no name; give it one");
  if (!component.run) reject(service, "component '" + component.name + "' has nothing to run");
}

void check(std::string const& service, SteppedComponent const& component) {
  if (component.name.empty()) reject(service, "a stepped component has no name; give it one");
  if (!component.make)
    reject(service, "stepped component '" + component.name + "' has nothing that makes it");
}

/// Returns all of them.
std::vector<Metric> checked(std::string const& service, std::vector<Metric> all,
                            std::vector<Metric> const& further) {
  for (auto const& metric : further) {
    auto const problem = problem_of(metric, all);
    if (!problem.empty()) reject(service, "metric '" + metric.name + "' " + problem);
    all.push_back(metric);
  }
  return all;
}

void check(ServiceOptions const& options) {
  constexpr std::size_t workers_max = 10'000;
  auto const owner = "service '" + options.name + "'";
  if (options.workers == 0)
    reject(options.name, "it has no workers to handle messages; give it one at least");
  if (options.workers > workers_max)
    reject(options.name, "it has more than 10000 workers; each is a thread with a connection");
  require_pause(owner, "database_check_interval", options.database_check_interval);
  require_pause(owner, "slow_handler_after", options.slow_handler_after);
  require_time(owner, "stall_after", options.stall_after);
  require_time(owner, "stop_timeout", options.stop_timeout);
  require_usable(options.subscriber, owner);
  require_interceptors(options.interceptors, owner);
  require_interceptors(options.outbox.interceptors, owner);
}

/// One at a time.
class InRun final {
 public:
  InRun(std::atomic<bool>& flag, std::string const& service) : flag_{flag} {
    if (flag_.exchange(true)) reject(service, "it runs already; run() returns when it is stopped");
  }
  ~InRun() { flag_ = false; }
  InRun(InRun const&) = delete;
  InRun& operator=(InRun const&) = delete;

 private:
  std::atomic<bool>& flag_;
};

std::vector<MessageDescription> descriptions_of(Subscription const& subscription) {
  if (!subscription.messages.empty()) return subscription.messages;
  std::vector<MessageDescription> result;
  for (auto const& channel : subscription.channels) {
    result.push_back({.channel = channel, .payload = {}, .operation = subscription.subscriber_id});
  }
  return result;
}

}  // namespace

Service::State::State(ServiceParts its_parts, ServiceOptions its_options)
    : parts{std::move(its_parts)},
      options{std::move(its_options)},
      ids{parts.runtime.clock,
          options.machine.value_or(MachineNumber::choose(std::nullopt, parts.runtime.random))} {}

Outbox const& Service::State::outbox() {
  Lock const lock{mutex};
  if (!made_outbox) {
    made_outbox = std::make_unique<Outbox>(Outbox::Parts{.dialect = parts.database.dialect(),
                                                         .table = std::nullopt,
                                                         .ids = ids,
                                                         .clock = parts.runtime.clock,
                                                         .random = parts.runtime.random},
                                           outbox_options(options, send_counts));
  }
  return *made_outbox;
}

ServiceDescription Service::State::description() const {
  ServiceDescription result{.name = options.name, .version = options.version, .messages = {}};
  for (auto const& subscription : subscriptions) {
    auto messages = descriptions_of(subscription);
    std::ranges::move(messages, std::back_inserter(result.messages));
  }
  result.messages.insert(result.messages.end(), sends.begin(), sends.end());
  return result;
}

void Service::State::add_kind(std::string const& kind) {
  if (request_kinds.insert(kind).second) return;
  reject(options.name, "request '" + kind + "' has two handlers; remove one");
}

/// Several contributions of one module bring its tables once.
void Service::State::add(TablesOf tables) {
  auto part = tables(parts.database.dialect());
  auto const [known, is_new] = table_makers.emplace(part.name, tables);
  if (is_new) further_tables.push_back(std::move(part));
  else if (known->second != tables)
    reject(options.name, "tables '" + part.name + "' come from two modules; rename one part");
}

void Service::State::require_before_run(std::string const& part) const {
  if (!is_in_run) return;
  reject(options.name, part + " was added after run() began; add it before");
}

Service::Service(ServiceParts parts, ServiceOptions options)
    : state_{std::make_unique<State>(std::move(parts), std::move(options))} {
  check(state_->options);
}

Service::~Service() = default;

Service& Service::add(Contribution contribution) {
  auto& state = *state_;
  state.require_before_run("a contribution");
  for (auto const& each : contribution.requests) state.add_kind(each.kind);
  replace_requests(contribution, state.options.schema);
  for (auto const& each : contribution.components) check(state.options.name, each);
  for (auto const& each : contribution.stepped) check(state.options.name, each);
  if (std::ranges::find(contribution.tables, nullptr) != contribution.tables.end())
    reject(state.options.name, "a contribution has tables without a function that makes them");
  state.metrics = checked(state.options.name, state.metrics, contribution.metrics);
  for (auto& subscription : contribution.subscriptions) add(std::move(subscription));
  if (contribution.routes) {
    for (auto& each : contribution.routes()) route(std::move(each));
  }
  for (auto const tables : contribution.tables) state.add(tables);
  std::ranges::move(contribution.components, std::back_inserter(state.components));
  std::ranges::move(contribution.stepped, std::back_inserter(state.stepped));
  return add(std::move(contribution.messages));
}

Service& Service::add(Component component) {
  return add(Contribution{.components = {std::move(component)}});
}

Service& Service::add(std::vector<MessageDescription> messages) {
  state_->require_before_run("a description of messages");
  std::ranges::move(messages, std::back_inserter(state_->sends));
  return *this;
}

Service& Service::add(Subscription subscription) {
  state_->require_before_run("subscription '" + subscription.subscriber_id + "'");
  require_runnable(subscription, state_->subscriptions, state_->options.subscriber.channel_mapping);
  state_->metrics = checked(state_->options.name, state_->metrics, subscription.metrics);
  state_->subscriptions.push_back(std::move(subscription));
  return *this;
}

Service& Service::prepare(std::function<void(Transaction&)> make_tables) {
  state_->require_before_run("a function that makes tables");
  if (!make_tables) reject(state_->options.name, "a function that makes tables is empty");
  state_->prepares.push_back(std::move(make_tables));
  return *this;
}

Service& Service::relay_outbox(ServiceRelay relay) {
  auto const& options = state_->options;
  state_->require_before_run("a relay");
  if (!relay.outbox) relay.outbox = outbox_of(state_->parts.database, {.schema = options.schema});
  auto const owner = "relay '" + relay.options.name + "'";
  if (relay.outbox_age) require_time(owner, "outbox_age", *relay.outbox_age);
  require_usable(relay.options, owner);
  state_->relays.push_back(std::move(relay));
  return *this;
}

Service& Service::route(http::Route route) {
  state_->require_before_run("route '" + route.pattern + "'");
  if (std::ranges::find(service_paths, route.pattern) != service_paths.end()) {
    throw Error{Fault::rejected, "service: route '" + route.method + " " + route.pattern +
                                     "' is the service's own; choose another path"};
  }
  auto routes = state_->routes;
  routes.push_back(std::move(route));
  http::check_routes(routes);
  state_->routes = std::move(routes);
  return *this;
}

Outbox const& Service::outbox() { return state_->outbox(); }

ServiceDescription Service::description() const { return state_->description(); }

std::uint16_t Service::http_port() const { return state_->http_port; }

bool Service::is_running() const { return state_->phase == ServicePhase::running; }

int Service::run(std::stop_token stop) {
  auto const& logger = state_->parts.runtime.logger;
  auto const& name = state_->options.name;
  try {
    InRun const in_run{state_->is_in_run, name};
    StopDeadline deadline{state_->options.stop_timeout, logger};
    std::stop_callback const begin{stop, [&] { deadline.begin(); }};
    return ServiceRun{*state_, deadline}.run(stop);
  } catch (Error const& error) {
    logger.error("service.cannot_start",
                 {{"service", name}, {"fault", to_string(error.fault())}, {"what", error.what()}});
  } catch (std::exception const& error) {
    logger.error("service.cannot_start", {{"service", name}, {"what", error.what()}});
  }
  return exit_cannot_start;
}

}  // namespace tram
