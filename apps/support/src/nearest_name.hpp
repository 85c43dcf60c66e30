#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace tram::programs {

/// How many letters must be added, taken away, replaced or swapped with their neighbour.
std::size_t edit_distance(std::string_view left, std::string_view right);

/// The known name that was probably meant; empty when none is near.
std::string nearest_name(std::string_view name, std::span<std::string const> known);

/// `there is no 'x'; did you mean 'y'?`. A word that is near no known one is not shown: it may be a
/// part of a password that the shell took apart.
std::string no_such_argument(std::string_view word, std::span<std::string const> known);

/// `; did you mean 'x'?`, or nothing.
std::string did_you_mean(std::string_view name, std::span<std::string const> known);

}  // namespace tram::programs
