#pragma once

#include <map>
#include <string>

namespace tram::relay_program {

/// By name.
using Variables = std::map<std::string, std::string>;

}  // namespace tram::relay_program
