#pragma once

#include <string>
#include <vector>

#include "environment_variables.hpp"
#include "setting.hpp"

namespace tram::relay_program {

/// What the environment says.
struct Environment {
  Settings settings;
  /// For the log: what is not needed, and what has no effect.
  std::vector<std::string> notes;
};

/// `TRAM_CDC_DATABASE_URL` for `database.url`.
std::string variable_of(std::string const& key);

/// The environment as settings: first the variables of the Java CDC service in its form for one
/// reader, then our own, which are `TRAM_CDC_` and the key in capitals; with `_FILE` behind, the
/// variable names a file that holds the value. Faults: rejected, one line per variable that is not
/// known, or asks for what this program does not do.
Environment read_environment(Variables const& variables);

}  // namespace tram::relay_program
