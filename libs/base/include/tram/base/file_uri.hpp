#pragma once

#include <string>
#include <string_view>

#pragma GCC visibility push(default)

namespace tram {

/// The path of a file as a URI (RFC 8089, in the short form `file:PATH`), for what takes parameters
/// behind a `?`: SQLite. What means something in a URI is escaped (RFC 3986, section 2.1). Callable
/// from any thread; waits for nothing.
std::string file_uri(std::string_view path);

}  // namespace tram

#pragma GCC visibility pop
