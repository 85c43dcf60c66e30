#include "tram/base/decimal.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "tram/base/error.hpp"

namespace tram {
namespace {

// digits × 10^-scale; the digits have no leading zeros beyond those that the scale needs.
struct Parts {
  bool negative = false;
  std::string digits;
  long scale = 0;
};

bool is_digit(char character) { return character >= '0' && character <= '9'; }

std::string_view take_digits(std::string_view& text) {
  auto const end = std::find_if_not(text.begin(), text.end(), is_digit);
  auto const digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  return digits;
}

bool take(std::string_view& text, char wanted) {
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<long> take_exponent(std::string_view& text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  int exponent = 0;
  auto const [end, code] = std::from_chars(text.data(), text.data() + text.size(), exponent);
  if (code != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return exponent;
}

std::optional<Parts> split(std::string_view text) {
  Parts parts;
  parts.negative = take(text, '-');
  auto const whole = take_digits(text);
  auto const has_point = take(text, '.');
  auto const fraction = has_point ? take_digits(text) : std::string_view{};
  if (whole.empty() || (has_point && fraction.empty())) return std::nullopt;
  auto const exponent = take(text, 'e') || take(text, 'E') ? take_exponent(text) : 0L;
  if (!exponent || !text.empty()) return std::nullopt;
  parts.digits.append(whole).append(fraction);
  parts.scale = static_cast<long>(fraction.size()) - *exponent;
  return parts;
}

void drop_leading_zeros(std::string& digits) {
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
}

// Gives the digits the length that the plain form has, and a scale that is not negative.
void make_plain(Parts& parts) {
  drop_leading_zeros(parts.digits);
  if (parts.scale < 0) {
    if (parts.digits != "0") parts.digits.append(static_cast<std::size_t>(-parts.scale), '0');
    parts.scale = 0;
  }
  auto const needed = static_cast<std::size_t>(parts.scale) + 1;
  if (parts.digits.size() < needed) parts.digits.insert(0, needed - parts.digits.size(), '0');
}

bool is_small(Parts const& parts) {
  constexpr auto most = static_cast<long>(Decimal::digits_max);
  return parts.scale >= -most && parts.scale < most && parts.digits.size() <= Decimal::digits_max &&
         static_cast<long>(parts.digits.size()) - parts.scale <= most;
}

// Most texts have the plain form already. Says no too often rather than too seldom: to a leading
// zero, for one, which only the long way tells from a plain one.
bool is_plain(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  if (text.empty() || text.size() > Decimal::digits_max || text.front() == '0') return false;
  auto const whole = take_digits(text);
  if (whole.empty() || text.empty()) return !whole.empty();
  auto const has_point = take(text, '.');
  return has_point && !take_digits(text).empty() && text.empty();
}

std::string join(Parts const& parts) {
  auto const is_zero = parts.digits.find_first_not_of('0') == std::string::npos;
  std::string text = parts.negative && !is_zero ? "-" : "";
  text += parts.digits;
  if (parts.scale > 0) text.insert(text.size() - static_cast<std::size_t>(parts.scale), 1, '.');
  return text;
}

std::string_view without_sign(std::string_view text) {
  return text.starts_with('-') ? text.substr(1) : text;
}

std::string_view whole_part(std::string_view text) { return text.substr(0, text.find('.')); }

std::string_view fraction_part(std::string_view text) {
  auto const point = text.find('.');
  auto const fraction =
      point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
  return fraction.substr(0, fraction.find_last_not_of('0') + 1);
}

// Without signs; plain forms have no leading zeros, so the longer whole part is the larger one.
std::strong_ordering compare_magnitudes(std::string_view left, std::string_view right) {
  auto const left_whole = whole_part(left);
  auto const right_whole = whole_part(right);
  if (left_whole.size() != right_whole.size()) return left_whole.size() <=> right_whole.size();
  if (auto const order = left_whole <=> right_whole; order != 0) return order;
  return fraction_part(left) <=> fraction_part(right);
}

}  // namespace

Decimal Decimal::parse(std::string_view text) {
  if (is_plain(text)) return Decimal{std::string{text}};
  auto parts = split(text);
  if (!parts) throw Error{Fault::malformed, "decimal: expected a decimal number"};
  if (!is_small(*parts)) {
    throw Error{Fault::malformed,
                "decimal: expected at most " + std::to_string(digits_max) + " digits"};
  }
  make_plain(*parts);
  return Decimal{join(*parts)};
}

std::strong_ordering operator<=>(Decimal const& left, Decimal const& right) {
  auto const left_negative = left.text().starts_with('-');
  auto const right_negative = right.text().starts_with('-');
  if (left_negative != right_negative) return right_negative <=> left_negative;
  auto const order = compare_magnitudes(without_sign(left.text()), without_sign(right.text()));
  return left_negative ? 0 <=> order : order;
}

}  // namespace tram
