#include "tram/requests/request_desk.hpp"

#include <chrono>
#include <utility>

#include "tram/base/clock.hpp"
#include "tram/base/deadline.hpp"
#include "tram/base/error.hpp"
#include "tram/base/random.hpp"
#include "tram/sql/database.hpp"
#include "tram/sql/transaction.hpp"

namespace tram {
namespace {

constexpr std::chrono::milliseconds pause{50};

}  // namespace

RequestDesk::RequestDesk(Database& database, SchemaName const& schema, Random& random)
    : database_{database}, random_{random}, requests_{database.dialect(), schema} {}

RequestAnswer RequestDesk::ask(OperatorRequest request, Duration timeout) const {
  if (request.kind.empty())
    throw Error{Fault::rejected, "a request has no kind; say what is to be done"};
  request.id = std::to_string(random_.bits()) + "-" + std::to_string(random_.bits());
  database_.transact([&](Transaction& tx) { requests_.ask(tx, request); });
  return wait(request, timeout);
}

RequestAnswer RequestDesk::wait(OperatorRequest const& request, Duration timeout) const {
  auto& clock = database_.clock();
  auto const deadline = Deadline::after(clock, timeout);
  while (true) {
    auto answer = database_.transact({.access = Access::read_only}, [&](Transaction& tx) {
      return requests_.answer(tx, request.id);
    });
    if (answer) return *std::move(answer);
    if (deadline.reached(clock)) return give_up(request);
    clock.pause(pause, {});
  }
}

RequestAnswer RequestDesk::give_up(OperatorRequest const& request) const {
  return database_.transact([&](Transaction& tx) {
    requests_.withdraw(tx, request.id);
    return requests_.answer(tx, request.id)
        .value_or(RequestAnswer{.outcome = RequestAnswer::Outcome::refused,
                                .text = "no service has answered, and the request is taken back; "
                                        "see that a service runs that carries out '" +
                                        request.kind + "'"});
  });
}

}  // namespace tram
