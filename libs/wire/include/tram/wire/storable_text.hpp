#pragma once

#include <cstddef>
#include <string_view>

#pragma GCC visibility push(default)

namespace tram {

/// The place of the first byte that belongs to no valid UTF-8; `npos` when all of it is valid.
std::size_t find_no_utf8(std::string_view text);

/// Where the first byte lies that some database does not take in a text: a NUL, or one that belongs
/// to no valid UTF-8; `npos` when every database takes it.
std::size_t find_unstorable(std::string_view text);

}  // namespace tram

#pragma GCC visibility pop
