#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <string_view>

#include "tram/wire/name.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// The name of a type on the wire; for peers in Java that is its class name. Any text; it is a
/// promise to every service that reads it:
///
///     struct OrderPlaced {
///       static constexpr tram::WireType wire_type{"orders.OrderPlaced"};
///       Money total;
///     };
struct WireType {
  Name name;
  friend bool operator==(WireType const&, WireType const&) = default;
};

/// Names under which a type was written once and is still read:
///
///     static constexpr auto former_wire_types = tram::wire_types("orders.OrderMade");
template <class... Names>
consteval std::array<WireType, sizeof...(Names)> wire_types(Names... names) {
  return {WireType{names}...};
}

/// A type with a name on the wire.
template <class T>
concept WireTyped = requires {
  { T::wire_type } -> std::convertible_to<WireType>;
};

namespace detail {

template <class T>
consteval auto collect_wire_names() {
  static_assert(WireTyped<T>, "tram: this type does not say what it is called on the wire: give it "
                              "`static constexpr tram::WireType wire_type{\"...\"};`");
  if constexpr (!WireTyped<T>) {
    return std::array<std::string_view, 1>{};
  } else if constexpr (requires { T::former_wire_types; }) {
    std::array<std::string_view, T::former_wire_types.size() + 1> names{T::wire_type.name};
    for (std::size_t i = 0; i < T::former_wire_types.size(); ++i)
      names[i + 1] = T::former_wire_types[i].name;
    return names;
  } else {
    return std::array<std::string_view, 1>{T::wire_type.name};
  }
}

}  // namespace detail

/// The names under which `T` is read; the first one is also written.
template <class T>
inline constexpr auto wire_names = detail::collect_wire_names<T>();

}  // namespace tram

#pragma GCC visibility pop
