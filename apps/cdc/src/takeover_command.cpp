#include <ostream>

#include "commands.hpp"
#include "tram/base/error.hpp"
#include "tram/by_url/takeover.hpp"

namespace tram::relay_program {
namespace {

by_url::TakeoverAction step_of(Action action) {
  switch (action) {
    case Action::takeover_prepare: return by_url::TakeoverAction::prepare;
    case Action::takeover_status: return by_url::TakeoverAction::look;
    case Action::takeover_run: return by_url::TakeoverAction::run;
    case Action::takeover_finish: return by_url::TakeoverAction::finish;
    default: break;
  }
  throw Error{Fault::rejected, "this is no step of a takeover"};
}

}  // namespace

int takeover_command(Action action, Configuration const& configuration, Machine const& machine) {
  try {
    auto const outcome =
        by_url::takeover(step_of(action), configuration.database_url, configuration.outbox,
                         configuration.old_slot, configuration.takeover_rows_again, machine.clock);
    machine.out << outcome.step << ": " << outcome.next << "\n";
    return 0;
  } catch (Error const& error) {
    machine.out << "no: " << error.what() << "\n";
    return 1;
  }
}

}  // namespace tram::relay_program
