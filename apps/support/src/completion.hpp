#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command_words.hpp"

namespace tram::programs {

/// `bash`, `zsh`, `fish`.
std::vector<std::string> const& shells();

/// The script with which that shell completes the program's command line; nothing for another
/// shell.
std::optional<std::string> completion_script(CommandWords const& program, std::string_view shell);

}  // namespace tram::programs
