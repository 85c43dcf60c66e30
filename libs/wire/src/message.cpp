#include "tram/wire/message.hpp"

#include <algorithm>

#include "last_wins.hpp"
#include "tram/base/error.hpp"
#include "tram/wire/header_names.hpp"

namespace tram {
namespace {

/// Up to here comparing every pair is cheaper than sorting.
constexpr std::size_t few_headers = 32;

/// Whether a name occurs twice, or there are too many to look for that here.
bool may_repeat(std::vector<Header> const& headers) {
  if (headers.size() > few_headers) return true;
  for (auto header = headers.begin(); header != headers.end(); ++header) {
    if (std::find_if(headers.begin(), header,
                     [&](Header const& other) { return other.name == header->name; }) != header) {
      return true;
    }
  }
  return false;
}

bool equal_when_sorted(Headers const& left, Headers const& right) {
  std::vector<Header> a{left.begin(), left.end()};
  std::vector<Header> b{right.begin(), right.end()};
  std::ranges::sort(a, {}, &Header::name);
  std::ranges::sort(b, {}, &Header::name);
  return a == b;
}

}  // namespace

Headers::Headers(std::vector<Header> headers)
    : headers_{may_repeat(headers) ? last_wins(std::move(headers)) : std::move(headers)} {}

Headers::Headers(std::initializer_list<Header> headers) : Headers{std::vector<Header>{headers}} {}

void Headers::reserve(std::size_t count) { headers_.reserve(count); }

Headers& Headers::set(std::string_view name, std::string value) {
  if (auto const* known = entry(name)) {
    headers_[static_cast<std::size_t>(known - headers_.data())].value = std::move(value);
  } else {
    headers_.push_back({std::string{name}, std::move(value)});
  }
  return *this;
}

void Headers::erase(std::string_view name) {
  std::erase_if(headers_, [&](Header const& header) { return header.name == name; });
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  auto const* found = entry(name);
  if (found == nullptr) return std::nullopt;
  return found->value;
}

std::string const& Headers::require(std::string_view name) const {
  if (auto const* found = entry(name)) return found->value;
  throw Error{Fault::malformed,
              "message: header '" + std::string{name} +
                  "' is missing; the service that sent the message has to set it"};
}

Header const* Headers::entry(std::string_view name) const {
  auto const found = std::ranges::find(headers_, name, &Header::name);
  return found == headers_.end() ? nullptr : &*found;
}

bool operator==(Headers const& left, Headers const& right) {
  if (left.size() != right.size()) return false;
  if (left.size() > few_headers) return equal_when_sorted(left, right);
  return std::ranges::all_of(
      left, [&](Header const& header) { return right.find(header.name) == header.value; });
}

std::string const& Message::id() const { return headers.require(header::id); }

std::string const& Message::destination() const { return headers.require(header::destination); }

std::optional<std::string_view> Message::partition_key() const {
  return headers.find(header::partition_id);
}

std::optional<std::string_view> Message::date() const { return headers.find(header::date); }

}  // namespace tram
