#pragma once

#include <string>
#include <string_view>

#pragma GCC visibility push(default)

namespace tram::json {

/// Appends `text` as a JSON string, quotes included, byte for byte as Java peers write it: `\b \t
/// \n \f \r` in short form, other controls as `\u00XX` with upper-case digits, `"` and `\` escaped,
/// everything else raw. Invalid UTF-8 (an encoded surrogate included) becomes `?`.
void append_string(std::string& out, std::string_view text);

/// The same where all of it is valid UTF-8, and then gives `npos`; otherwise the first byte that is
/// none, with an unfinished string in `out`.
std::size_t append_utf8_string(std::string& out, std::string_view text);

/// Appends the escaped text without quotes: for text that is put together piece by piece. A
/// character must not be split over two calls.
void append_escaped(std::string& out, std::string_view text);

}  // namespace tram::json

#pragma GCC visibility pop
