#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tram/base/reflect.hpp"

#pragma GCC visibility push(default)

/// How members and enumerators are called in JSON.
namespace tram::json {

enum class Style : std::uint8_t {
  /// `order_total` becomes `orderTotal`, and the underscore that keeps `default_` from being a
  /// keyword goes.
  camel_case,
  /// Names stay as the source spells them.
  as_written,
};

struct Rename {
  std::string_view member;
  std::string_view name;
};

/// Gives single members another name. In the struct itself, like its style:
///
///     struct Order {
///       static constexpr auto json_style = tram::json::Style::as_written;
///       static constexpr auto json_renames = tram::json::renames({{"order_id", "id"}});
///       …
template <std::size_t count>
consteval std::array<Rename, count> renames(Rename const (&list)[count]) {
  return std::to_array(list);
}

template <class Enum>
struct EnumName {
  Enum value;
  std::string_view name;
};

/// The name table of an enum, to be returned by a function `enum_names` beside the enum:
///
///     enum class State { pending, approved };
///     constexpr auto enum_names(State) {
///       return tram::json::names<State>(
///           {{State::pending, "PENDING"}, {State::approved, "APPROVED"}});
///     }
template <class Enum, std::size_t count>
constexpr std::array<EnumName<Enum>, count> names(EnumName<Enum> const (&list)[count]) {
  return std::to_array(list);
}

namespace detail {

template <class T>
consteval Style style_of() {
  if constexpr (requires { T::json_style; }) return T::json_style;
  else return Style::camel_case;
}

consteval char upper_case(char letter) {
  return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
}

// Where the text goes: counts only, as long as there is no place for it.
struct Pen {
  char* place = nullptr;
  std::size_t written = 0;
  constexpr void write(char character) {
    if (place != nullptr) place[written] = character;
    ++written;
  }
  constexpr void write(std::string_view text) {
    for (char const character : text) write(character);
  }
};

consteval void write_camel_case(Pen& pen, std::string_view name) {
  auto const last = name.find_last_not_of('_');
  bool raise = false;
  for (char const character : name.substr(0, last + 1)) {
    if (character == '_') raise = true;
    else pen.write(raise ? upper_case(character) : character);
    if (character != '_') raise = false;
  }
}

template <class T>
consteval std::string_view renamed(std::string_view member) {
  if constexpr (requires { T::json_renames; }) {
    for (Rename const& rename : T::json_renames) {
      if (rename.member == member) return rename.name;
    }
  }
  return {};
}

// Loops, since <algorithm> takes the compiler 0.05 s more, a third of what <string> takes.
template <std::size_t count>
consteval bool holds(std::array<std::string_view, count> const& names, std::string_view name) {
  for (auto const each : names) {
    if (each == name) return true;
  }
  return false;
}

template <class T>
consteval bool renames_existing_members() {
  if constexpr (requires { T::json_renames; }) {
    for (Rename const& rename : T::json_renames) {
      if (!holds(reflect::member_names<T>, rename.member)) return false;
    }
  }
  return true;
}

// "name": with its quotes and colon.
template <class T>
consteval void write_key(Pen& pen, std::string_view member) {
  pen.write('"');
  if (auto const other = renamed<T>(member); !other.empty()) pen.write(other);
  else if (style_of<T>() == Style::as_written) pen.write(member);
  else write_camel_case(pen, member);
  pen.write(std::string_view{"\":"});
}

template <class T>
consteval std::size_t key_size(std::string_view member) {
  Pen pen;
  write_key<T>(pen, member);
  return pen.written;
}

template <class T>
consteval std::size_t all_keys_size() {
  std::size_t size = 0;
  for (auto const member : reflect::member_names<T>) size += key_size<T>(member);
  return size;
}

template <class T>
consteval auto write_all_keys() {
  std::array<char, all_keys_size<T>() + 1> text{};
  Pen pen{.place = text.data()};
  for (auto const member : reflect::member_names<T>) write_key<T>(pen, member);
  return text;
}

template <class T>
inline constexpr auto keys_text = write_all_keys<T>();

template <class T>
consteval auto split_keys() {
  std::array<std::string_view, reflect::member_count<T>> keys{};
  std::size_t first = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    auto const size = key_size<T>(reflect::member_names<T>[i]);
    keys[i] = std::string_view{keys_text<T>.data() + first, size};
    first += size;
  }
  return keys;
}

/// The members as they are written: `"orderTotal":`.
template <class T>
inline constexpr auto keys = split_keys<T>();

template <class T>
consteval auto strip_keys() {
  auto names = keys<T>;
  for (auto& name : names) name = name.substr(1, name.size() - 3);
  return names;
}

template <std::size_t count>
consteval bool all_different(std::array<std::string_view, count> const& names) {
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t k = i + 1; k < count; ++k) {
      if (names[i] == names[k]) return false;
    }
  }
  return true;
}

template <std::size_t count>
consteval bool need_no_escape(std::array<std::string_view, count> const& names) {
  for (auto const name : names) {
    for (char const character : name) {
      if (character == '"' || character == '\\' || (character >= 0 && character < ' '))
        return false;
    }
  }
  return true;
}

template <class T>
consteval auto checked_names() {
  constexpr auto names = strip_keys<T>();
  static_assert(renames_existing_members<T>(),
                "tram: json_renames names a member that the struct does not have");
  static_assert(all_different(names), "tram: two members of the struct have the same name in JSON");
  static_assert(need_no_escape(names),
                "tram: a name in json_renames holds a quote, a backslash or a control character");
  return names;
}

}  // namespace detail

/// The names of the members of the struct `T` in JSON, in declaration order.
template <class T>
inline constexpr auto member_names = detail::checked_names<T>();

}  // namespace tram::json

#pragma GCC visibility pop
