#pragma once

#include <cstddef>
#include <string_view>

namespace tram::relay_program {

/// The line, from 1, of the first key of a TOML text that has more levels than any key needs; 0
/// where there is none. The library that reads TOML descends one call per level, and a text of a
/// few kilobytes would end the process.
std::size_t line_of_deep_key(std::string_view text);

}  // namespace tram::relay_program
