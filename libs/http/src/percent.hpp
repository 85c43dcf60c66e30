#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tram::http {

enum class Plus : std::uint8_t { is_itself, is_a_space };

/// `%C3%A9` → `é`; nothing for a broken escape.
std::optional<std::string> percent_decoded(std::string_view text, Plus plus);

}  // namespace tram::http
