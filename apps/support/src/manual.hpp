#pragma once

#include <string>

#include "command_words.hpp"

namespace tram::programs {

/// The program's manual page in the macros of man(7), for that section of the manual.
std::string manual_page(ProgramWords const& program, std::string const& version, int section);

}  // namespace tram::programs
