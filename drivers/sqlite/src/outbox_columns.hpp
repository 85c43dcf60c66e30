#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tram::sqlite {

/// Whether a table keeps types as they are declared (`STRICT`).
enum class Typing : std::uint8_t { flexible, strict };

/// Why a column of the outbox would give back another text than was written, with the remedy; empty
/// when it would not. `declared` is its type. Pure.
std::string column_complaint(std::string_view column, std::string_view declared, Typing typing);

}  // namespace tram::sqlite
