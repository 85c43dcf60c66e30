#include "tram/host/request_handler.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/base/thrown.hpp"
#include "tram/host/contribution.hpp"
#include "tram/requests/operator_requests.hpp"
#include "tram/requests/request_tables.hpp"
#include "tram/sql/database.hpp"
#include "tram/sql/transaction.hpp"

namespace tram {
namespace {

constexpr std::chrono::milliseconds pause{500};
constexpr std::chrono::hours removal_pause{1};
constexpr std::chrono::milliseconds answer_age{std::chrono::hours{24}};

class RequestStepper final : public Stepper {
 public:
  RequestStepper(std::vector<RequestHandler> handlers, SchemaName const& schema,
                 StepParts const& parts)
      : handlers_{std::move(handlers)},
        requests_{parts.database.dialect(), schema},
        parts_{parts},
        next_removal_{parts.clock.steady()} {
    for (auto const& each : handlers_) kinds_.push_back(each.kind);
  }

  bool step() override {
    begun_.reset();
    try {
      TransactOptions const options{.begins = [&] { begun_.reset(); }};
      if (parts_.database.transact(options, [&](Transaction& tx) { return carry_out_next(tx); }))
        return true;
    } catch (Error const& error) {
      if (!begun_) throw;
      failed(error);
      return true;
    } catch (...) {  // thread top: whatever a module throws is the answer
      if (!begun_) throw;
      refuse(describe_current_exception());
      return true;
    }
    after_ = 0;
    remove_old();
    return false;
  }
  [[nodiscard]] SteadyTime next_step() const override { return parts_.clock.steady() + pause; }

 private:
  bool carry_out_next(Transaction& tx) {
    auto const request = requests_.take(tx, kinds_, after_);
    if (!request) return false;
    begun_ = request;
    auto const handler = std::ranges::find(handlers_, request->kind, &RequestHandler::kind);
    auto text = handler->carry_out(tx, *request);
    requests_.answer(tx, *request,
                     {.outcome = RequestAnswer::Outcome::done, .text = std::move(text)});
    return true;
  }

  /// One that only cannot be carried out now must not keep those behind it.
  void failed(Error const& error) {
    bool const for_good = error.fault() == Fault::rejected || error.fault() == Fault::malformed;
    if (for_good) return refuse(error.what());
    after_ = begun_->number;
    parts_.logger.warning(
        "request.failed",
        {{"kind", begun_->kind}, {"argument", begun_->argument}, {"what", error.what()}});
  }
  void refuse(std::string const& why) {
    parts_.logger.warning("request.refused",
                          {{"kind", begun_->kind}, {"argument", begun_->argument}, {"what", why}});
    try {
      answer_no(why);
    } catch (Error const& error) {
      if (error.fault() != Fault::rejected) throw;
      answer_no(
          "refused, for a reason that the database does not take as a text; it is in the log");
    }
  }
  void answer_no(std::string const& why) {
    parts_.database.transact([&](Transaction& tx) {
      requests_.answer(tx, *begun_, {.outcome = RequestAnswer::Outcome::refused, .text = why});
    });
  }

  void remove_old() {
    if (parts_.clock.steady() < next_removal_) return;
    parts_.database.transact(
        [&](Transaction& tx) { requests_.remove_old(tx, answer_age.count()); });
    next_removal_ = parts_.clock.steady() + removal_pause;
  }

  std::vector<RequestHandler> handlers_;
  std::vector<std::string> kinds_;
  OperatorRequests requests_;
  StepParts parts_;
  SteadyTime next_removal_;
  /// The one that is being carried out.
  std::optional<OperatorRequest> begun_;
  /// Requests up to this number have had their turn.
  std::int64_t after_{};
};

void check(RequestHandler const& handler, std::vector<RequestHandler> const& all) {
  auto const reject = [&](std::string const& what) {
    throw Error{Fault::rejected, "request '" + handler.kind + "' " + what};
  };
  if (handler.kind.empty()) reject("has no kind; give it one");
  if (!handler.carry_out) reject("has nothing that carries it out");
  if (std::ranges::count(all, handler.kind, &RequestHandler::kind) > 1)
    reject("has two handlers; remove one");
}

}  // namespace

SteppedComponent carrying_out(std::vector<RequestHandler> handlers, SchemaName const& schema) {
  auto name = "requests of kind '" + handlers.front().kind + "'";
  return {.name = std::move(name),
          .make = [handlers = std::move(handlers), schema](StepParts const& parts) {
            return std::make_unique<RequestStepper>(handlers, schema, parts);
          }};
}

void replace_requests(Contribution& contribution, SchemaName const& schema) {
  auto handlers = std::exchange(contribution.requests, {});
  if (handlers.empty()) return;
  for (auto const& each : handlers) check(each, handlers);
  contribution.tables.push_back(request_tables);
  contribution.stepped.push_back(carrying_out(std::move(handlers), schema));
}

}  // namespace tram
