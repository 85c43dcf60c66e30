#pragma once

#include "tram/base/time.hpp"
#include "tram/requests/operator_requests.hpp"

#pragma GCC visibility push(default)

namespace tram {

class Database;
class Random;

/// Asks running services for something and waits for their answer.
///
///     tram::RequestDesk const desk{database, schema, random};
///     auto const answer = desk.ask({.kind = "sagas.retry", .argument = "order-17"}, 10s);
class RequestDesk final {
 public:
  /// All but `schema` outlive the desk.
  RequestDesk(Database& database, SchemaName const& schema, Random& random);

  /// Chooses the request's id. Waits for an answer, up to `timeout`; then takes the request back,
  /// so that nothing is done later, and answers `refused`. A request that is being carried out then
  /// is waited for. Throws: rejected, for an empty kind, and the errors of the driver.
  [[nodiscard]] RequestAnswer ask(OperatorRequest request, Duration timeout) const;

 private:
  [[nodiscard]] RequestAnswer wait(OperatorRequest const& request, Duration timeout) const;
  [[nodiscard]] RequestAnswer give_up(OperatorRequest const& request) const;

  Database& database_;
  Random& random_;
  OperatorRequests requests_;
};

}  // namespace tram

#pragma GCC visibility pop
