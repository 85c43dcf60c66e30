#pragma once

#include <string_view>

namespace tram {

// RFC 4648, table 1.
inline constexpr std::string_view base64_alphabet{
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"};

}  // namespace tram
