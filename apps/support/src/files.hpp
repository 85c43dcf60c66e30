#pragma once

#include <optional>
#include <string>

namespace tram::programs {

/// All of a file, which may be empty; nothing when it cannot be read or has more than 4 MiB, with
/// `errno` saying why.
std::optional<std::string> content_of_file(std::string const& path);

}  // namespace tram::programs
