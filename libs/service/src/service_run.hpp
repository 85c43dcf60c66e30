#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "broker_watch.hpp"
#include "database_watch.hpp"
#include "handler_watch.hpp"
#include "service_pipeline.hpp"
#include "service_state.hpp"
#include "service_view.hpp"
#include "tram/host/stepped_run.hpp"
#include "tram/host/stop_deadline.hpp"
#include "tram/host/thread_supervisor.hpp"
#include "tram/http/server.hpp"
#include "tram/subscriber/subscriber.hpp"
#include "tram/subscriber/workers.hpp"

namespace tram {

/// One run of a service: its parts, which live as long as this.
class ServiceRun final {
 public:
  /// Faults: rejected, for what the parts refuse.
  ServiceRun(Service::State& state, StopDeadline& deadline);
  ~ServiceRun();
  ServiceRun(ServiceRun const&) = delete;
  ServiceRun& operator=(ServiceRun const&) = delete;

  /// The exit status. Faults: those of `require_schema` and of the HTTP server.
  int run(std::stop_token const& stop);

 private:
  void make_room();
  bool check_schema();
  void prepare_tables();
  void wait_for_database(std::stop_token const& stop);
  void serve();
  void start_relays(std::stop_token const& stop);
  void start_parts();
  void stop_parts();
  void stop_stage(StopStage stage);
  [[nodiscard]] std::string running_handlers() const;
  /// It publishes or reads; what it only sends is its outbox's matter.
  [[nodiscard]] bool uses_broker() const { return subscriber_.has_value() || !pipelines_.empty(); }
  [[nodiscard]] ServiceView view() const;
  [[nodiscard]] Interceptors interceptors();

  Service::State& state_;
  StopDeadline& deadline_;
  DatabaseWatch database_watch_;
  BrokerWatch broker_watch_;
  HandlerWatch handler_watch_;
  WorkerPool workers_;
  std::vector<std::unique_ptr<Pipeline>> pipelines_;
  std::vector<std::unique_ptr<SteppedRun>> stepped_;
  std::optional<Subscriber> subscriber_;
  // Looks at the ones above.
  std::optional<http::Server> server_;
  // Its threads use all of the above.
  ThreadSupervisor crew_;
};

}  // namespace tram
