#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tram {

/// What a Java program makes of a JSON number that it reads and writes again: an integer stays as
/// it is, any other becomes a double (`1.50` → `1.5`, `1e10` → `1.0E10`). What is too small for one
/// is zero. Nothing when it is too large.
std::optional<std::string> java_number(std::string_view number);

}  // namespace tram
