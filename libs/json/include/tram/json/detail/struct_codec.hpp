#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "tram/base/reflect.hpp"
#include "tram/json/codec.hpp"
#include "tram/json/names.hpp"

#pragma GCC visibility push(default)

// How plain structs become JSON, and words for the types that cannot.
namespace tram::json::detail {

// By what they offer, so that <chrono> and <variant> are paid for by those who use them.
template <class T>
concept TimeSpan = requires(T span) {
  { span.count() } -> std::same_as<typename T::rep>;
  typename T::period;
};
template <class T>
concept TimePoint = requires(T time) {
  { time.time_since_epoch() } -> std::same_as<typename T::duration>;
};
template <class T>
concept Alternative = requires(T value) {
  value.valueless_by_exception();
  value.index();
};

template <class T>
bool is_left_out(Writer const& writer, T const& value) {
  if constexpr (may_be_absent<T>) return !value && writer.policy() == Policy::wire;
  else return false;
}

template <class T>
void encode_member(Writer& writer, std::string_view key, T const& value) {
  if (is_left_out(writer, value)) return;
  writer.member_as_is(key);
  JsonCodec<T>::encode(writer, value);
}

template <class T, std::size_t... at>
void encode_members(Writer& writer, T const& value, std::index_sequence<at...> /*places*/) {
  reflect::with_members(
      value, [&](auto const&... members) { (encode_member(writer, keys<T>[at], members), ...); });
}

inline constexpr std::size_t unknown_member = reflect::member_count_max;

// Members mostly come in the order of their declaration: tries `expected` first.
template <std::size_t count>
std::size_t find_member(std::array<std::string_view, count> const& names, std::string_view name,
                        std::size_t expected) {
  if (expected < count && names[expected] == name) return expected;
  for (std::size_t i = 0; i < count; ++i) {
    if (names[i] == name) return i;
  }
  return unknown_member;
}

template <class T>
void decode_member(Reader& reader, T& member) {
  member = JsonCodec<T>::decode(reader);
}

template <class T, std::size_t... at>
void decode_member_at(Reader& reader, T& value, std::size_t index,
                      std::index_sequence<at...> /*places*/) {
  reflect::with_members(value, [&](auto&... members) {
    static_cast<void>(((at == index && (decode_member(reader, members), true)) || ...));
  });
}

// A bit for each member that must be there.
template <class T>
consteval std::uint32_t required_members() {
  return []<std::size_t... at>(std::index_sequence<at...>) {
    return (0U | ... |
            (static_cast<std::uint32_t>(!may_be_absent<reflect::member_type<T, at>>) << at));
  }(std::make_index_sequence<reflect::member_count<T>>{});
}

template <class T>
consteval bool has_bare_form() {
  if constexpr (requires { T::json_bare_value; }) {
    static_assert(reflect::member_count<T> == 1,
                  "tram: json_bare_value is for structs with one member");
    return T::json_bare_value;
  }
  return false;
}

template <class T>
T decode_bare(Reader& reader) {
  T value{};
  reflect::with_members(value, [&](auto& member) { decode_member(reader, member); });
  return value;
}

template <class T>
T decode_members(Reader& reader) {
  T value{};
  constexpr auto places = std::make_index_sequence<reflect::member_count<T>>{};
  std::uint32_t seen = 0;
  std::size_t expected = 0;
  reader.enter_object();
  while (auto const name = reader.next_member()) {
    auto const index = find_member(member_names<T>, *name, expected);
    if (index == unknown_member) continue;
    decode_member_at(reader, value, index, places);
    seen |= 1U << index;
    expected = index + 1;
  }
  auto const missing = required_members<T>() & ~seen;
  if (missing != 0)
    reader.fail_missing(member_names<T>[static_cast<std::size_t>(std::countr_zero(missing))]);
  return value;
}

template <class T>
consteval bool is_supported() {
  static_assert(!Alternative<T>,
                "tram: a std::variant does not say in JSON which alternative it holds: specialise "
                "tram::JsonCodec for it, or make the alternatives optional members");
  static_assert(!TimeSpan<T>, "tram: a duration has no unit in JSON: use an integer whose name "
                              "says the unit, or specialise "
                              "tram::JsonCodec for a type of your own");
  static_assert(!TimePoint<T>,
                "tram: only points of std::chrono::system_clock have a form in JSON");
  static_assert(!std::is_pointer_v<T> && !std::is_reference_v<T>,
                "tram: a pointer or reference owns nothing that could be read: use std::unique_ptr "
                "or std::optional");
  static_assert(!std::is_array_v<T>, "tram: a C array is not supported, use std::array");
  static_assert(
      std::is_class_v<T> || std::is_pointer_v<T> || std::is_array_v<T>,
      "tram: this type has no form in JSON (for one character use std::string, for long double use "
      "double or tram::Decimal)");
  return std::is_class_v<T> && !Alternative<T> && !TimeSpan<T> && !TimePoint<T>;
}

}  // namespace tram::json::detail

template <class T>
struct tram::JsonCodec {
  /// For descriptions of types: it has no codec of the application.
  static constexpr bool is_of_members = true;

  static void encode(json::Writer& writer, T const& value) {
    if constexpr (json::detail::is_supported<T>()) {
      writer.begin_object();
      json::detail::encode_members(writer, value,
                                   std::make_index_sequence<reflect::member_count<T>>{});
      writer.end_object();
    }
  }

  static T decode(json::Reader& reader) {
    if constexpr (json::detail::is_supported<T>()) {
      if constexpr (json::detail::has_bare_form<T>()) {
        if (reader.policy() == json::Policy::rest && reader.kind() != json::Kind::object) {
          return json::detail::decode_bare<T>(reader);
        }
      }
      return json::detail::decode_members<T>(reader);
    }
  }
};

#pragma GCC visibility pop
