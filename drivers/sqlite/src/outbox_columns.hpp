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

/// What `sqlite_master` has of a table: the arguments of `numbering_complaint`.
inline constexpr std::string_view numbering_question{
    "SELECT type, coalesce(sql, '') FROM sqlite_master WHERE name = ? COLLATE NOCASE AND type IN "
    "('table', 'view')"};
/// Why numbers of this table may come twice, with the remedy; empty when they do not. `kind` and
/// `statement` are what `sqlite_master` has of it. Pure.
std::string numbering_complaint(std::string_view kind, std::string_view statement);

}  // namespace tram::sqlite
