#include <ostream>

#include "commands.hpp"
#include "tram/all_drivers.hpp"
#include "tram/base/error.hpp"
#include "tram/connect/database.hpp"
#include "tram/relay/outbox_source.hpp"

namespace tram::relay_program {
namespace {

TakeoverAction step_of(Action action) {
  switch (action) {
    case Action::takeover_prepare: return TakeoverAction::prepare;
    case Action::takeover_status: return TakeoverAction::look;
    case Action::takeover_run: return TakeoverAction::run;
    case Action::takeover_finish: return TakeoverAction::finish;
    default: break;
  }
  throw Error{Fault::rejected, "this is no step of a takeover"};
}

}  // namespace

int takeover_command(Action action, Configuration const& configuration, Machine const& machine) {
  try {
    auto const outbox =
        outbox_of(connect::database(configuration.database_url, all_drivers(), machine.runtime),
                  configuration.outbox);
    auto const outcome = outbox->takeover(step_of(action), configuration.takeover);
    machine.out << outcome.step << ": " << outcome.next << "\n";
    return 0;
  } catch (Error const& error) {
    machine.out << "no: " << error.what() << "\n";
    return 1;
  }
}

}  // namespace tram::relay_program
