#pragma once

#include <string>
#include <vector>

#include "commands.hpp"

namespace tram::operator_program {

/// The whole program but for `main`: `arguments` without its own name. Gives the exit status.
/// Raises nothing of the world's; trouble is printed.
int run(std::vector<std::string> const& arguments, Machine const& machine);

}  // namespace tram::operator_program
