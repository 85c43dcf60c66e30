#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "tram/base/id.hpp"

namespace tram {

/// One value bound to a `?` of a statement. Borrows text: it must outlive the call it is passed to.
class Parameter {
 public:
  using Value = std::variant<std::monostate, std::int64_t, double, std::string_view>;

  Parameter(std::nullptr_t) {}  // NOLINT(google-explicit-constructor): values convert
  Parameter(std::nullopt_t) {}  // NOLINT
  Parameter(bool truth) : value_{static_cast<std::int64_t>(truth ? 1 : 0)} {}  // NOLINT
  Parameter(double number) : value_{number} {}                                 // NOLINT
  Parameter(std::string_view text) : value_{text} {}                           // NOLINT
  Parameter(std::string const& text) : value_{std::string_view{text}} {}       // NOLINT
  Parameter(char const* text) : value_{std::string_view{text}} {}              // NOLINT
  template <std::integral Integer>
    requires(!std::same_as<Integer, bool> && (std::signed_integral<Integer> || sizeof(Integer) < 8))
  Parameter(Integer number) : value_{static_cast<std::int64_t>(number)} {}  // NOLINT
  template <class Tag, class Bare>
  Parameter(Id<Tag, Bare> const& id) : Parameter{id.value} {}  // NOLINT
  template <class T>
  Parameter(std::optional<T> const& maybe)  // NOLINT
      : Parameter{maybe ? Parameter{*maybe} : Parameter{nullptr}} {}

  [[nodiscard]] Value const& value() const { return value_; }

 private:
  Value value_;
};

using Parameters = std::span<Parameter const>;

}  // namespace tram
