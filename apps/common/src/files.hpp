#pragma once

#include <optional>
#include <string>

namespace tram::programs {

/// All of a file, which may be empty; nothing when it cannot be read, with `errno` saying why.
std::optional<std::string> content_of_file(std::string const& path);

}  // namespace tram::programs
