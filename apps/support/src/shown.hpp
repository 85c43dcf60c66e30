#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tram::programs {

/// Whether the text looks like a URL, user, password and host, or a connection string: `…://…`,
/// `…@…`, `password=…`, `…?…`.
bool looks_like_a_url(std::string_view text);

/// Whether the text may be any of these or a part of one: it also has a `:` or an escape. Names,
/// numbers, times and most paths have neither.
bool may_hold_a_password(std::string_view text);

/// `'text'`, unless it may hold a password; then words that stand for it.
std::string shown(std::string_view text);

/// The text of a library's complaint about arguments, without what stands behind a flag's `=` and
/// without those that may hold a password.
std::string without_passwords(std::string text, std::span<std::string const> arguments);

}  // namespace tram::programs
