#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#pragma GCC visibility push(default)

namespace tram {

/// The longest name that a message may carry, in bytes: an aggregate id, a key, a type.
inline constexpr std::size_t name_size_max = 4096;

/// What keeps a text from being a name that every receiver can use, in the words of an error: `is
/// empty`, `holds a control character at byte 3`. Empty when it can be one: 1 to 4096 bytes of
/// UTF-8 without control characters.
std::string problem_of_name(std::string_view name);

}  // namespace tram

#pragma GCC visibility pop
