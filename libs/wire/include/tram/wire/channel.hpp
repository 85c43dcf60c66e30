#pragma once

#include "tram/wire/name.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// A channel by its name in the code, before mapping:
///
///     inline constexpr tram::Channel order_replies{"orders-replies"};
struct Channel {
  Name name;
  friend bool operator==(Channel const&, Channel const&) = default;
};

}  // namespace tram

#pragma GCC visibility pop
