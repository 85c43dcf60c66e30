#include <ostream>

#include "commands.hpp"
#include "tram/base/error.hpp"
#include "tram/connect/takeover.hpp"

namespace tram::relay_program {
namespace {

connect::TakeoverAction step_of(Action action) {
  switch (action) {
    case Action::takeover_prepare: return connect::TakeoverAction::prepare;
    case Action::takeover_status: return connect::TakeoverAction::look;
    case Action::takeover_run: return connect::TakeoverAction::run;
    case Action::takeover_finish: return connect::TakeoverAction::finish;
    default: break;
  }
  throw Error{Fault::rejected, "this is no step of a takeover"};
}

}  // namespace

int takeover_command(Action action, Configuration const& configuration, Machine const& machine) {
  try {
    auto const outcome =
        connect::takeover(step_of(action), configuration.database_url, configuration.outbox,
                          configuration.old_slot, configuration.takeover_rows_again, machine.clock);
    machine.out << outcome.step << ": " << outcome.next << "\n";
    return 0;
  } catch (Error const& error) {
    machine.out << "no: " << error.what() << "\n";
    return 1;
  }
}

}  // namespace tram::relay_program
