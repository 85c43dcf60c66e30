#pragma once

#include <optional>
#include <string_view>

namespace tram {

/// The headers in a text that needs no change on its way to the broker. The values have no escapes.
struct FlatHeaders {
  std::optional<std::string_view> id;
  std::optional<std::string_view> partition_id;
  bool empty{true};
};

/// Looks through a header text once, without memory of its own. Nothing, unless it is an object of
/// strings with unique names, without white space, and written exactly as Java would write it
/// again. When in doubt: nothing.
std::optional<FlatHeaders> scan_flat_headers(std::string_view text);

}  // namespace tram
