#pragma once

#include <string>
#include <vector>

#include "tram/base/detail/function.hpp"
#include "tram/host/stepped_component.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// In tram/requests/operator_requests.hpp.
struct OperatorRequest;
class SchemaName;
class Transaction;

/// Carries out one kind of operators' requests.
///
///     tram::RequestHandler{"sagas.retry", [](tram::Transaction& tx, auto const& request) {
///       return engine.retry(tx, request.argument, request.asked_by, request.reason);
///     }}
struct RequestHandler {
  /// With the module's name: `sagas.retry`.
  std::string kind;
  /// Runs in the transaction that stores the answer, which it returns. Throws: rejected or
  /// malformed, when it will not; then its transaction is rolled back, and the error's text is the
  /// answer. After other faults the request is tried again, behind those that came later.
  std::function<std::string(Transaction&, OperatorRequest const&)> carry_out;
};

/// Looks for requests of these kinds twice a second, carries them out one by one, and removes
/// answers after a day.
SteppedComponent carrying_out(std::vector<RequestHandler> handlers, SchemaName const& schema);

}  // namespace tram

#pragma GCC visibility pop
