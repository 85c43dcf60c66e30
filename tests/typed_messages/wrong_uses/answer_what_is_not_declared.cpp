// expect: tram: the command does not declare this answer: name it in its `Success` or `Failure`
#include "customers.hpp"

tram::Subscription handlers(tram::Outbox const& outbox) {
  return tram::handle_commands(service, outbox)
      .on([](tram::Transaction&,
             tram::Command<ReserveCredit> const&) -> tram::Outcome<ReserveCredit> {
        return tram::Success{};
      });
}
