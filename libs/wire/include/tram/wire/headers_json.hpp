#pragma once

#include <string>
#include <string_view>

#include "tram/wire/message.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Headers as in the outbox and in records: one JSON object of strings, no white space, in their
/// order.
std::string headers_to_json(Headers const& headers);
/// The same, appended to `out`.
void append_headers_json(std::string& out, Headers const& headers);

/// Reads an object as leniently as a Java consumer does: numbers and truth values become their
/// text, nulls are as if absent, of equal names the last one wins. Text that is no such object:
/// malformed, with the reason and its beginning.
Headers headers_from_json(std::string_view text);

}  // namespace tram

#pragma GCC visibility pop
