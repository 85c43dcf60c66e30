#include "tram/base/error.hpp"

#include <algorithm>

#include "tram/base/json_text.hpp"

namespace tram {
namespace {

// The ends of a text that is too long say most: what it is about, and what is wrong.
std::string shortened(std::string const& text) {
  constexpr std::size_t head = 3000;
  constexpr std::size_t tail = 1000;
  if (text.size() <= head + tail) return text;
  return text.substr(0, head) + " … " + text.substr(text.size() - tail);
}

/// A text quotes what came from elsewhere, and goes into logs and columns that take no NUL and
/// nothing but UTF-8.
std::string storable(std::string const& what) {
  auto text = shortened(what);
  std::ranges::replace(text, '\0', '?');
  std::string result;
  for (std::string_view rest{text}; !rest.empty();) {
    std::string ignored;
    auto const bad = json::append_utf8_string(ignored, rest);
    result.append(rest.substr(0, bad));
    if (bad == std::string_view::npos) break;
    result += '?';
    rest.remove_prefix(bad + 1);
  }
  return result;
}

}  // namespace

std::string_view to_string(Fault fault) noexcept {
  switch (fault) {
    case Fault::transient: return "transient";
    case Fault::conflict: return "conflict";
    case Fault::broken: return "broken";
    case Fault::in_doubt: return "in_doubt";
    case Fault::rejected: return "rejected";
    case Fault::malformed: return "malformed";
  }
  return "unknown";
}

Error::Error(Fault fault, std::string const& what, int native_code, std::source_location where)
    : std::runtime_error{storable(what)}, fault_{fault}, native_code_{native_code}, where_{where} {}

Error Error::with_remark(std::string_view remark) const {
  Error error{fault_, what() + std::string{remark}, native_code_, where_};
  error.is_about_setup_ = is_about_setup_;
  return error.with_sqlstate(sqlstate());
}

Error Error::with_sqlstate(std::string_view code) const {
  auto error = *this;
  error.has_sqlstate_ = code.size() == error.sqlstate_.size();
  if (error.has_sqlstate_) std::ranges::copy(code, error.sqlstate_.begin());
  return error;
}

Error Error::about_setup() const {
  auto error = *this;
  error.is_about_setup_ = true;
  return error;
}

}  // namespace tram
