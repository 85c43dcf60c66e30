#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "tram/base/detail/function.hpp"
#include "tram/host/request_handler.hpp"
#include "tram/host/stepped_component.hpp"
#include "tram/messaging/message_description.hpp"
#include "tram/metrics/metric.hpp"
#include "tram/subscriber/subscription.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// In tram/sql/dialect.hpp.
struct Dialect;
/// In tram/storage/table_part.hpp.
struct TablePart;
namespace http {
struct Route;
}  // namespace http

/// A part of a service that runs on its own thread until it is asked to stop.
struct Component {
  std::string name;
  /// Returns soon after a stop is requested. Returning earlier, or throwing, ends the program with
  /// a non-zero status: a dead part must never pass for a healthy one.
  std::function<void(std::stop_token)> run;
  /// Empty while it does its work, otherwise why not; for readiness. Callable from any thread;
  /// never waits. While it throws, the service is not ready and says what it threw.
  std::function<std::string()> trouble{};
};

/// Makes the tables of a module, `saga_tables`.
using TablesOf = TablePart (*)(Dialect const& dialect);

/// What a library or an application adds to a service. The service knows nothing else of it.
struct Contribution {
  std::vector<Subscription> subscriptions{};
  /// Installed, checked and upgraded with Tram's own, before anything else starts. An empty one is
  /// not allowed.
  std::vector<TablesOf> tables{};
  std::vector<Component> components{};
  std::vector<SteppedComponent> stepped{};
  /// What operators may ask it to do; carried out one after the other.
  std::vector<RequestHandler> requests{};
  /// What it sends; what it receives is described by its subscriptions.
  std::vector<MessageDescription> messages{};
  /// Shown beside the service's own.
  std::vector<Metric> metrics{};
  /// Makes what is served beside the service's own; `tram/http/message.hpp` has the routes.
  std::function<std::vector<http::Route>()> routes{};
};

/// Puts what carries out its requests, a stepped component and its table, in their place. For hosts
/// of contributions. Throws: rejected, naming the request, for one without a kind or a function,
/// and for a kind that comes twice.
void replace_requests(Contribution& contribution, SchemaName const& schema);

}  // namespace tram

#pragma GCC visibility pop
