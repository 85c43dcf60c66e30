#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "tram/base/id.hpp"

namespace tram {

namespace sql_detail {
/// `Error{rejected}` when it is larger than a database's integers.
std::int64_t as_signed(std::uint64_t number);

template <class T>
concept CharacterType =
    std::same_as<T, char> || std::same_as<T, wchar_t> || std::same_as<T, char8_t> ||
    std::same_as<T, char16_t> || std::same_as<T, char32_t>;
/// Such as would become a bool.
template <class T>
concept StrangePointer =
    std::is_pointer_v<T> && !std::same_as<std::remove_cv_t<std::remove_pointer_t<T>>, char>;
template <class T>
inline constexpr bool never = false;
}  // namespace sql_detail

/// One value bound to a `?` of a statement: NULL, an integer, a bool (as 1 or 0), a number or a
/// text; a `char const*` that is null is NULL. Borrows text: it must outlive the call it is passed
/// to. `Error{rejected}` for an unsigned number above 2^63-1.
///
///     tx.execute("UPDATE orders SET state = ?, total = ? WHERE id = ?", "paid", 12.5, id);
class Parameter {
 public:
  using Value = std::variant<std::monostate, std::int64_t, double, std::string_view>;

  Parameter(std::nullptr_t) {}  // NOLINT(google-explicit-constructor): values convert
  Parameter(std::nullopt_t) {}  // NOLINT
  template <std::same_as<bool> Truth>
  Parameter(Truth truth) : value_{static_cast<std::int64_t>(truth ? 1 : 0)} {}  // NOLINT
  template <std::floating_point Real>
    requires(sizeof(Real) <= sizeof(double))
  Parameter(Real number) : value_{static_cast<double>(number)} {}  // NOLINT
  Parameter(std::string_view text);                                // NOLINT
  Parameter(std::string const& text);                              // NOLINT
  Parameter(char const* text);                                     // NOLINT
  template <std::integral Integer>
    requires(!std::same_as<Integer, bool> && !sql_detail::CharacterType<Integer>)
  Parameter(Integer number) : value_{in_64_bits(number)} {}  // NOLINT
  template <sql_detail::CharacterType Character>
  Parameter(Character /*letter*/) {  // NOLINT
    static_assert(sql_detail::never<Character>,
                  "tram: a single character is no parameter; bind a text or a number");
  }
  template <sql_detail::StrangePointer Pointer>
  Parameter(Pointer /*pointer*/) {  // NOLINT
    static_assert(sql_detail::never<Pointer>,
                  "tram: a pointer is no parameter; bind the value, or a std::string_view of text");
  }
  template <class Tag, class Bare>
  Parameter(Id<Tag, Bare> const& id) : Parameter{id.value} {}  // NOLINT
  template <class T>
  Parameter(std::optional<T> const& maybe)  // NOLINT
      : Parameter{maybe ? Parameter{*maybe} : Parameter{nullptr}} {}

  [[nodiscard]] Value const& value() const { return value_; }

 private:
  template <class Integer>
  static std::int64_t in_64_bits(Integer number) {
    if constexpr (std::unsigned_integral<Integer> && sizeof(Integer) >= sizeof(std::int64_t)) {
      return sql_detail::as_signed(number);
    } else {
      return static_cast<std::int64_t>(number);
    }
  }

  Value value_;
};

using Parameters = std::span<Parameter const>;

}  // namespace tram
