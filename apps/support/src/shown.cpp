#include "shown.hpp"

namespace tram::programs {
namespace {

constexpr std::string_view not_shown{"(not shown: it may hold a password)"};

void replace_all(std::string& text, std::string_view what) {
  for (auto at = text.find(what); at != std::string::npos;
       at = text.find(what, at + not_shown.size()))
    text.replace(at, what.size(), not_shown);
}

}  // namespace

bool looks_like_a_url(std::string_view text) {
  return text.find("://") != std::string_view::npos ||
         text.find_first_of("@=?&") != std::string_view::npos;
}

bool may_hold_a_password(std::string_view text) {
  return text.find_first_of(":@=?&%") != std::string_view::npos;
}

std::string shown(std::string_view text) {
  return may_hold_a_password(text) ? std::string{not_shown} : "'" + std::string{text} + "'";
}

std::string without_passwords(std::string text, std::span<std::string const> arguments) {
  for (std::string_view const argument : arguments) {
    auto const equals = argument.starts_with('-') ? argument.find('=') : std::string_view::npos;
    bool const is_flag_s = equals != std::string_view::npos && equals + 1 < argument.size();
    if (is_flag_s) replace_all(text, argument.substr(equals + 1));
    else if (may_hold_a_password(argument)) replace_all(text, argument);
  }
  return text;
}

}  // namespace tram::programs
