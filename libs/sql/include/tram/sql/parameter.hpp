#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "tram/base/decimal.hpp"
#include "tram/base/id.hpp"
#include "tram/base/uuid.hpp"
#include "tram/sql/detail/times.hpp"

#pragma GCC visibility push(default)

namespace tram {

class Parameter;

/// Bytes that somebody else owns.
struct BytesView {
  char const* data;
  std::size_t size;
  friend bool operator==(BytesView const&, BytesView const&) = default;
};

namespace sql_detail {
/// `Error{rejected}` when it is larger than a database's integers.
std::int64_t as_signed(std::uint64_t number);
/// `Error{rejected}`.
[[noreturn]] void no_name_of(std::int64_t enum_value, std::string const& names);

template <class T>
concept CharacterType =
    std::same_as<T, char> || std::same_as<T, wchar_t> || std::same_as<T, char8_t> ||
    std::same_as<T, char16_t> || std::same_as<T, char32_t>;
/// Such as would become a bool.
template <class T>
concept StrangePointer =
    std::is_pointer_v<T> && !std::same_as<std::remove_cv_t<std::remove_pointer_t<T>>, char>;
template <class T>
concept Text = std::convertible_to<T const&, std::string_view>;
template <class T>
concept ByteRange = std::convertible_to<T const&, std::span<std::byte const>>;
template <class T>
inline constexpr bool never = false;
}  // namespace sql_detail

/// One value bound to a `?` of a statement: NULL, an integer, a bool (as 1 or 0), a number, a text,
/// bytes, a `Decimal`, a `Uuid`, an `Id`, an enum by its name in `enum_names`, a time point of
/// `std::chrono::system_clock` (ISO 8601, UTC, microseconds), a duration (ISO 8601, as an INTERVAL
/// takes it), or `std::optional` of these. A `char const*` that is null is NULL. Borrows text and
/// bytes: they must outlive the call that it is passed to. Throws: rejected for an unsigned number
/// above 2^63-1, an enum value without a name, and a time outside the years 1 to 9999.
///
///     tx.execute("UPDATE orders SET state = ?, total = ? WHERE id = ?", "paid", 12.5, id);
class Parameter {
 public:
  using Value = std::variant<std::monostate, std::int64_t, double, std::string_view, BytesView>;

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
  template <sql_detail::ByteRange Bytes>
  Parameter(Bytes const& bytes) {  // NOLINT
    borrow(bytes);
  }
  Parameter(Decimal const& number) : Parameter{number.text()} {}  // NOLINT
  Parameter(Uuid const& uuid);                                    // NOLINT
  template <class Enum>
    requires std::is_enum_v<Enum>
  Parameter(Enum value) : value_{name_of(value)} {}  // NOLINT
  template <sql_detail::SystemTimePointType Time>
  Parameter(Time time) {  // NOLINT
    auto const count = sql_detail::count_in<sql_detail::micro>(time.time_since_epoch());
    if (!count) sql_detail::refuse_time();
    keep(sql_detail::moment_text(*count));
  }
  template <sql_detail::DurationType Span>
  Parameter(Span span) {  // NOLINT
    auto const count = sql_detail::count_in<sql_detail::nano>(span);
    if (!count) sql_detail::refuse_time();
    keep(sql_detail::duration_text(*count));
  }
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
  template <class T>
    requires(std::is_class_v<T> && !sql_detail::Text<T> && !sql_detail::ByteRange<T> &&
             !sql_detail::DurationType<T> && !sql_detail::SystemTimePointType<T> &&
             !std::same_as<T, Parameter>)
  Parameter(T const& /*value*/) {  // NOLINT
    static_assert(
        sql_detail::never<T>,
        "tram: this type is no parameter; bind numbers, bool, text, bytes, Decimal, Uuid, "
        "Id, an enum with enum_names, a system_clock time, a duration, or std::optional "
        "of these");
  }
  template <class Tag, class Bare>
  Parameter(Id<Tag, Bare> const& id) : Parameter{id.value} {}  // NOLINT
  template <class T>
  Parameter(std::optional<T> const& maybe)  // NOLINT
      : Parameter{maybe ? Parameter{*maybe} : Parameter{nullptr}} {}

  [[nodiscard]] Value value() const {
    return own_size_ == 0 ? value_ : Value{std::string_view{own_.data(), own_size_}};
  }

 private:
  template <class Enum>
  static std::string_view name_of(Enum value) {
    if constexpr (requires { enum_names(value); }) {
      for (auto const& entry : enum_names(Enum{})) {
        if (entry.value == value) return entry.name;
      }
      std::string names;
      for (auto const& entry : enum_names(Enum{})) {
        names.append(names.empty() ? "" : ", ").append(entry.name);
      }
      sql_detail::no_name_of(static_cast<std::int64_t>(value), names);
    } else {
      static_assert(sql_detail::never<Enum>,
                    "tram: an enum needs a table of its names beside it: constexpr auto "
                    "enum_names(State) { return tram::json::names<State>({{State::pending, "
                    "\"PENDING\"}}); }");
    }
  }
  void borrow(std::span<std::byte const> bytes);
  void keep(std::string_view text);

  template <class Integer>
  static std::int64_t in_64_bits(Integer number) {
    if constexpr (std::unsigned_integral<Integer> && sizeof(Integer) >= sizeof(std::int64_t)) {
      return sql_detail::as_signed(number);
    } else {
      return static_cast<std::int64_t>(number);
    }
  }

  Value value_;
  // A text that nobody else has.
  std::array<char, 40> own_;
  std::uint8_t own_size_{};
};

using Parameters = std::span<Parameter const>;

}  // namespace tram

#pragma GCC visibility pop
