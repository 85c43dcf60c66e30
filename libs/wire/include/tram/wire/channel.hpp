#pragma once

#include <string_view>

namespace tram {

/// A channel by its name in the code, before mapping:
///
///     inline constexpr tram::Channel order_replies{"orders-replies"};
///
/// Does not own its name.
struct Channel {
  std::string_view name;
  friend bool operator==(Channel, Channel) = default;
};

}  // namespace tram
