#pragma once

#include <string>
#include <string_view>

#include "setting.hpp"

namespace tram::relay_program {

/// The settings in a TOML text, in its order; `name` stands in their places. Faults: rejected for
/// what is no TOML, and for values that are neither text, number nor truth.
Settings parse_configuration(std::string_view text, std::string const& name);

/// The same of a file. Faults: rejected, also when it cannot be read.
Settings read_configuration_file(std::string const& path);

}  // namespace tram::relay_program
