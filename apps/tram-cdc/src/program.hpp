#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "commands.hpp"
#include "environment_variables.hpp"

namespace tram::relay_program {

/// The whole program: reads its settings and does what it is asked. Returns the exit status.
int run(std::vector<std::string> const& arguments, Variables const& variables,
        Machine const& machine);

}  // namespace tram::relay_program
