#pragma once

#include <iosfwd>

#include "command_line.hpp"
#include "configuration.hpp"
#include "tram/base/runtime.hpp"

namespace tram::relay_program {

/// What the machine gives; all of it outlives the command.
struct Machine {
  Runtime runtime;
  std::ostream& out;
  /// For what is wrong with the settings.
  std::ostream& complaints;
};

// Each returns the process' exit status; see the program's help for their meaning.

/// Relays until it is told to stop.
int relay_command(Configuration const& configuration, Machine const& machine, Logger const& logger);
/// Prints what a relay would find.
int check_command(Configuration const& configuration, Machine const& machine);
/// One step of taking over from the Java relay.
int takeover_command(Action action, Configuration const& configuration, Machine const& machine);

}  // namespace tram::relay_program
