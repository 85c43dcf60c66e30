#pragma once

#include <optional>
#include <string>
#include <string_view>

#pragma GCC visibility push(default)

namespace tram {

/// `%C3%A9` → `é`, as RFC 3986 section 2.1 says; `%00` gives a NUL, and what is no escape stays.
/// Nothing for a `%` that is not followed by two hexadecimal digits. Waits for nothing.
std::optional<std::string> percent_decoded(std::string_view text);

}  // namespace tram

#pragma GCC visibility pop
