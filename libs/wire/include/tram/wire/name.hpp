#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#pragma GCC visibility push(default)

namespace tram {

/// A name that code gives. One that is made when the program is compiled refers to its literal,
/// which lives for ever; any other owns its text, so that none outlives what it was made of.
///
///     inline constexpr tram::Channel order_replies{"orders-replies"};  // its name refers to the
///     literal
class Name final {
 public:
  constexpr Name() = default;
  template <class Text>
    requires(std::convertible_to<Text const&, std::string_view> && !std::same_as<Text, Name>)
  constexpr Name(Text const& text) {  // NOLINT(google-explicit-constructor): a name is a text
    std::string_view const view{text};
    if (std::is_constant_evaluated()) literal_ = view;
    else owned_.emplace(view);
  }

  /// Valid as long as this name.
  [[nodiscard]] constexpr std::string_view view() const {
    return owned_ ? std::string_view{*owned_} : literal_;
  }
  constexpr operator std::string_view() const {  // NOLINT(google-explicit-constructor)
    return view();
  }
  [[nodiscard]] constexpr bool empty() const { return view().empty(); }
  [[nodiscard]] constexpr std::size_t size() const { return view().size(); }

  template <class Text>
    requires std::convertible_to<Text const&, std::string_view>
  friend constexpr bool operator==(Name const& left, Text const& right) {
    return left.view() == std::string_view{right};
  }

 private:
  std::string_view literal_;
  std::optional<std::string> owned_;
};

}  // namespace tram

#pragma GCC visibility pop
