#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include "tram/base/detail/bind_members.hpp"

#pragma GCC visibility push(default)

/// The members of a plain struct, by name and in declaration order, without macros.
///
/// A struct qualifies when it is an aggregate without base classes that can be made by `T{}`, with
/// at most 32 members and no C array among them. Whatever does not qualify is told so by a
/// `static_assert`.
namespace tram::reflect {

inline constexpr std::size_t member_count_max = 32;

namespace detail {

// Both are only questions to the compiler; neither conversion exists.
struct Anything {
  template <class T>
  operator T() const;
};
template <class T>
struct AnyBaseOf {
  template <class Base>
    requires(std::is_base_of_v<Base, T> && !std::same_as<Base, T>)
  operator Base() const;
};

template <class T>
concept HasBase = requires { T{AnyBaseOf<T>{}}; };

template <std::size_t>
using AnythingAt = Anything;

template <class T, std::size_t... at>
consteval bool takes(std::index_sequence<at...> /*places*/) {
  return requires { T{AnythingAt<at>{}...}; };
}

// How many initialisers T takes, which is the number of its members unless one of them is a C
// array.
template <class T, std::size_t count = 0>
consteval std::size_t initialiser_count() {
  if constexpr (count > member_count_max) return count;
  else if constexpr (!takes<T>(std::make_index_sequence<count + 1>{})) return count;
  else return initialiser_count<T, count + 1>();
}

// A C array spreads over several initialisers when it is given without braces, but over one with
// braces.
template <class T, std::size_t... before, std::size_t... after>
consteval bool takes_braces_between(std::index_sequence<before...> /*places*/,
                                    std::index_sequence<after...> /*places*/) {
  return requires { T{AnythingAt<before>{}..., {}, AnythingAt<after>{}...}; };
}

template <class T, std::size_t... at>
consteval bool takes_braces_everywhere(std::index_sequence<at...> /*places*/) {
  return (takes_braces_between<T>(std::make_index_sequence<at>{},
                                  std::make_index_sequence<sizeof...(at) - at - 1>{}) &&
          ...);
}

template <class T>
consteval std::size_t count_members() {
  static_assert(
      std::is_aggregate_v<T> && !std::is_union_v<T> && !std::is_array_v<T>,
      "tram: only a plain struct has members by name: no constructors, no private members");
  static_assert(std::is_default_constructible_v<T>,
                "tram: a struct with members by name must be constructible by T{}");
  static_assert(!HasBase<T>,
                "tram: a struct with a base class is not supported; make the base a member");
  constexpr auto count = initialiser_count<T>();
  static_assert(count <= member_count_max,
                "tram: a struct has at most 32 members (or it holds a C array: use std::array)");
  if constexpr (count <= member_count_max && !HasBase<T>) {
    static_assert(takes_braces_everywhere<T>(std::make_index_sequence<count>{}),
                  "tram: a C array is not supported, use std::array; and every member must be "
                  "constructible by {}");
  }
  return count;
}

// An object that never comes to life: the compiler only spells the names of its members.
template <class T>
union Nowhere {
  constexpr Nowhere() : nothing{} {}
  constexpr ~Nowhere() {}
  char nothing;
  T value;
};
template <class T>
inline constexpr Nowhere<T> nowhere{};

template <auto address>
consteval std::string_view spelled() {
  return __PRETTY_FUNCTION__;
}

consteval bool is_name_part(char character) {
  return character == '_' || (character >= '0' && character <= '9') ||
         (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         static_cast<unsigned char>(character) >= 0x80;
}

// From `… [with auto address = (& nowhere<Order>.Nowhere<Order>::value.Order::total); …]` the last
// name before the semicolon; clang spells likewise, without more behind.
consteval std::string_view last_name(std::string_view text) {
  text = text.substr(0, text.find(';'));
  while (!text.empty() && !is_name_part(text.back())) text.remove_suffix(1);
  auto first = text.size();
  while (first > 0 && is_name_part(text[first - 1])) --first;
  return text.substr(first);
}

template <std::size_t index, class First, class... Rest>
constexpr auto const* nth_address(First const& first, Rest const&... rest) {
  if constexpr (index == 0) return &first;
  else return nth_address<index - 1>(rest...);
}

template <class T, std::size_t index>
consteval auto const* member_address() {
  return bind_members<count_members<T>()>(
      nowhere<T>.value, [](auto const&... members) { return nth_address<index>(members...); });
}

template <class T, std::size_t... at>
consteval std::array<std::string_view, sizeof...(at)> names_of(
    std::index_sequence<at...> /*places*/) {
  return {last_name(spelled<member_address<T, at>()>())...};
}

template <class T>
consteval std::string_view spelled_type() {
  return __PRETTY_FUNCTION__;
}

// The name without its namespaces; those inside template arguments stay.
constexpr std::string_view unqualified(std::string_view name) {
  auto const arguments = name.find('<');
  auto const qualifier = name.substr(0, arguments).rfind("::");
  return qualifier == std::string_view::npos ? name : name.substr(qualifier + 2);
}

constexpr std::string_view type_in(std::string_view spelled) {
  auto const first = spelled.find("T = ") + 4;
  auto const end = spelled.find_first_of(";]", first);
  return spelled.substr(first, end - first);
}

}  // namespace detail

/// The number of members of the struct `T`.
template <class T>
inline constexpr std::size_t member_count = detail::count_members<T>();

/// The names of the members as the source spells them.
template <class T>
inline constexpr std::array<std::string_view, member_count<T>> member_names =
    detail::names_of<T>(std::make_index_sequence<member_count<T>>{});

template <class T, std::size_t index>
using member_type =
    std::remove_cv_t<std::remove_pointer_t<decltype(detail::member_address<T, index>())>>;

/// The name of the type without its namespaces: for messages to people, never for the wire.
template <class T>
inline constexpr std::string_view type_name =
    detail::unqualified(detail::type_in(detail::spelled_type<T>()));

/// Calls `visitor(first, second, …)` with references to all members of `value`, and returns its
/// result.
template <class T, class Visitor>
constexpr decltype(auto) with_members(T& value, Visitor&& visitor) {
  return detail::bind_members<member_count<std::remove_const_t<T>>>(value,
                                                                    std::forward<Visitor>(visitor));
}

}  // namespace tram::reflect

#pragma GCC visibility pop
