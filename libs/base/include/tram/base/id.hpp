#pragma once

#include <compare>
#include <string>
#include <utility>

#pragma GCC visibility push(default)

namespace tram {

/// An identifier that cannot be mistaken for another kind:
///
///     using OrderId = tram::Id<struct OrderTag>;
///
/// On the wire it is its bare value: a string, or a number for `Id<Tag, std::int64_t>`.
template <class Tag, class Value = std::string>
struct Id {
  Value value{};
  friend auto operator<=>(Id const&, Id const&) = default;
};

}  // namespace tram

#pragma GCC visibility pop
