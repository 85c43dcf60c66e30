#pragma once

#include <optional>
#include <string>
#include <string_view>

#pragma GCC visibility push(default)

namespace tram {

/// The bytes in Base64 with padding (RFC 4648 section 4).
std::string to_base64(std::string_view bytes);
/// The bytes again; nothing when the text is no Base64 with padding.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace tram

#pragma GCC visibility pop
