#pragma once

#include <string>
#include <vector>

#include "environment_variables.hpp"
#include "setting.hpp"

namespace tram::relay_program {

/// What the variables of the Java CDC service mean here.
struct JavaEnvironment {
  Settings settings;
  /// What is not needed here, or has no effect.
  std::vector<std::string> notes;
  /// What this program does not do: it must not start as if it did.
  std::vector<std::string> refusals;
};

/// The Java service's form for one reader. Variables of other programs are passed over. Pure.
JavaEnvironment read_java_environment(Variables const& variables);

}  // namespace tram::relay_program
