#include "tram/base/secrets.hpp"

#include <algorithm>
#include <utility>

namespace tram {
namespace {

constexpr std::size_t part_min{6};
constexpr std::size_t bare_min{3};

bool is_quote(char character) { return character == '"' || character == '\''; }

/// As far as both begin alike.
std::size_t common(std::string_view left, std::string_view right) {
  auto const size = std::min(left.size(), right.size());
  auto const end = left.begin() + static_cast<std::ptrdiff_t>(size);
  return static_cast<std::size_t>(std::mismatch(left.begin(), end, right.begin()).first -
                                  left.begin());
}

/// How much of the beginning of `text` is a part of the value.
std::size_t shown_part(std::string_view text, std::string_view value) {
  std::size_t longest = 0;
  for (std::size_t from = 0; from < value.size(); ++from)
    longest = std::max(longest, common(text, value.substr(from)));
  bool const whole = longest == value.size() && longest >= bare_min;
  return whole || longest >= part_min ? longest : 0;
}

bool is_quoted(std::string_view text, std::size_t at, std::string_view value) {
  auto const end = at + value.size();
  return at > 0 && is_quote(text[at - 1]) && text.substr(at).starts_with(value) &&
         end < text.size() && is_quote(text[end]);
}

}  // namespace

void Secrets::add(std::string name, std::string value) {
  if (value.empty()) return;
  secrets_.push_back({.name = std::move(name), .value = std::move(value)});
}

void Secrets::add_quoted(std::string name, std::string value) {
  if (value.empty()) return;
  secrets_.push_back({.name = std::move(name), .value = std::move(value), .in_quotes_only = true});
}

Secrets::Find Secrets::find_at(std::string_view text, std::size_t at) const {
  Find found;
  for (auto const& [name, value, in_quotes_only] : secrets_) {
    auto const bare = in_quotes_only ? 0 : shown_part(text.substr(at), value);
    auto const size = is_quoted(text, at, value) ? value.size() : bare;
    if (size > found.size) found = {.size = size, .name = name};
  }
  return found;
}

std::string Secrets::hidden_in(std::string_view text) const {
  std::string shown;
  for (std::size_t at = 0; at < text.size();) {
    auto const found = find_at(text, at);
    if (found.size == 0) shown += text[at++];
    else shown.append("<").append(found.name).append(">");
    at += found.size;
  }
  return shown;
}

}  // namespace tram
