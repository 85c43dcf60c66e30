#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "setting.hpp"

namespace tram::relay_program {

enum class Action : std::uint8_t {
  relay,
  check,
  takeover_prepare,
  takeover_status,
  takeover_run,
  takeover_finish,
  /// Write `text` and be done.
  print,
};

struct CommandLine {
  Action action{Action::relay};
  /// Empty: none.
  std::string configuration_file;
  Settings settings;
  std::string text;
};

/// `arguments` without the program's own name. Faults: rejected for what is not known, with the
/// nearest known flag.
CommandLine parse_command_line(std::vector<std::string> const& arguments);

}  // namespace tram::relay_program
