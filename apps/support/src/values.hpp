#pragma once

#include <cstdint>
#include <string>

#include "tram/base/clock.hpp"

namespace tram::programs {

// Texts as they stand in configurations. Each throws `Error{rejected}` that says what it takes.

/// `500ms`, `10s`, `5m`, `48h`, `2d`.
Duration parse_duration(std::string const& text);
/// From 0: `16MiB`, `500kB`, `1000`.
std::uint64_t parse_bytes(std::string const& text);
std::uint64_t parse_number(std::string const& text, std::uint64_t lowest, std::uint64_t highest);
/// `true` or `false`.
bool parse_bool(std::string const& text);

}  // namespace tram::programs
