#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "excerpt.hpp"
#include "tram/base/error.hpp"
#include "tram/json/reader.hpp"
#include "tram/wire/message.hpp"

namespace tram {

/// The current value of `reader` as a Java consumer takes it into a string; nothing for null.
std::optional<std::string> read_text(json::Reader& reader);

/// The current value of `reader` as headers.
Headers read_headers(json::Reader& reader);

/// Reads `text` with `read(reader)`; what is malformed is told with the beginning of the text and
/// with `remedy`.
template <class Read>
auto read_whole(std::string_view subject, std::string_view text, std::string_view remedy,
                Read read) {
  try {
    // No limit here: the database or broker that the text comes from has one.
    json::Reader reader{text, {.subject = subject, .bytes_max = text.size()}};
    auto value = read(reader);
    reader.finish();
    return value;
  } catch (Error const& error) {
    throw Error{error.fault(), error.what() + (" in " + excerpt(text)).append("; ").append(remedy)};
  }
}

}  // namespace tram
