#pragma once

#include <string_view>

#pragma GCC visibility push(default)

namespace tram {

/// Whether the text can be nothing but a host: a name of letters, digits, `-`, `_` and `.`, or an
/// address, IPv6 without brackets. What is left of a URL that came apart at the wrong place is
/// none.
bool is_plain_host(std::string_view text) noexcept;

/// A port: 1 to 65535 in decimal digits.
bool is_port(std::string_view text) noexcept;

/// `host`, `host:port`, `[IPv6]` or `[IPv6]:port`.
bool is_host_and_port(std::string_view text) noexcept;

}  // namespace tram

#pragma GCC visibility pop
