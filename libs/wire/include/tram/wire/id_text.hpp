#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "tram/base/id.hpp"

#pragma GCC visibility push(default)

/// Ids as texts in headers and paths. Ids are texts, integers, and `Id` of either.
namespace tram {

namespace detail {

// Throw malformed for what is no such integer.
std::int64_t parse_signed_id(std::string_view text);
std::uint64_t parse_unsigned_id(std::string_view text);
[[noreturn]] void throw_no_such_id(std::string_view text);

template <std::integral Integer>
Integer parse_integer_id(std::string_view text) {
  auto const narrow = [&](auto number) {
    if (!std::in_range<Integer>(number)) throw_no_such_id(text);
    return static_cast<Integer>(number);
  };
  if constexpr (std::signed_integral<Integer>) return narrow(parse_signed_id(text));
  else return narrow(parse_unsigned_id(text));
}

}  // namespace detail

template <class AnyId>
std::string id_text(AnyId const& id) {
  if constexpr (requires { id.value; }) {
    return id_text(id.value);
  } else if constexpr (std::convertible_to<AnyId const&, std::string_view>) {
    return std::string{std::string_view{id}};
  } else {
    static_assert(std::integral<AnyId>,
                  "tram: an id is a text, an integer, or a tram::Id of either");
    return std::to_string(id);
  }
}

/// The way back. A text that is no such integer: malformed.
template <class AnyId>
AnyId parse_id(std::string_view text) {
  if constexpr (requires(AnyId id) { id.value; }) {
    return AnyId{parse_id<std::remove_cvref_t<decltype(AnyId{}.value)>>(text)};
  } else if constexpr (std::same_as<AnyId, std::string>) {
    return std::string{text};
  } else {
    static_assert(std::integral<AnyId>,
                  "tram: an id is a text, an integer, or a tram::Id of either");
    return detail::parse_integer_id<AnyId>(text);
  }
}

}  // namespace tram

#pragma GCC visibility pop
