#include "java_double.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace tram {
namespace {

constexpr int fraction_bits = 52;
constexpr std::uint64_t hidden_bit = std::uint64_t{1} << 52U;

/// A natural number of any size; as much as the conversion needs.
class Natural {
 public:
  static Natural of(std::uint64_t number, int fives, int twos) {
    Natural result;
    result.limbs_ = {static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(number >> 32U)};
    for (; fives > 0; --fives) result.multiply(5);
    result.shift_left(static_cast<unsigned>(twos));
    result.trim();
    return result;
  }

  void multiply(std::uint32_t factor) {
    std::uint64_t carry = 0;
    for (auto& limb : limbs_) {
      carry += std::uint64_t{limb} * factor;
      limb = static_cast<std::uint32_t>(carry);
      carry >>= 32U;
    }
    if (carry > 0) limbs_.push_back(static_cast<std::uint32_t>(carry));
  }

  /// Takes `other` off as often as it can, and tells how often: a digit.
  unsigned take_digit(Natural const& other) {
    unsigned digit = 0;
    for (; compare(*this, other) >= 0; ++digit) subtract(other);
    return digit;
  }

  static int compare(Natural const& left, Natural const& right) {
    if (left.limbs_.size() != right.limbs_.size())
      return left.limbs_.size() < right.limbs_.size() ? -1 : 1;
    for (auto at = left.limbs_.size(); at-- > 0;) {
      if (left.limbs_[at] != right.limbs_[at]) return left.limbs_[at] < right.limbs_[at] ? -1 : 1;
    }
    return 0;
  }

  static Natural sum(Natural left, Natural const& right) {
    if (left.limbs_.size() < right.limbs_.size()) left.limbs_.resize(right.limbs_.size());
    std::uint64_t carry = 0;
    for (std::size_t at = 0; at < left.limbs_.size(); ++at) {
      carry += left.limbs_[at] + std::uint64_t{at < right.limbs_.size() ? right.limbs_[at] : 0U};
      left.limbs_[at] = static_cast<std::uint32_t>(carry);
      carry >>= 32U;
    }
    if (carry > 0) left.limbs_.push_back(static_cast<std::uint32_t>(carry));
    return left;
  }

 private:
  void shift_left(unsigned bits) {
    limbs_.insert(limbs_.begin(), bits / 32, 0U);
    multiply(std::uint32_t{1} << (bits % 32));
  }
  void subtract(Natural const& other) {
    std::int64_t borrow = 0;
    for (std::size_t at = 0; at < limbs_.size(); ++at) {
      borrow += limbs_[at];
      borrow -= at < other.limbs_.size() ? other.limbs_[at] : 0U;
      limbs_[at] = static_cast<std::uint32_t>(borrow);
      borrow >>= 32;
    }
    trim();
  }
  void trim() {
    while (!limbs_.empty() && limbs_.back() == 0) limbs_.pop_back();
  }

  std::vector<std::uint32_t> limbs_;
};

/// A number as 0.DIGITS times ten to the power of `exponent`.
struct Decimal {
  std::string digits;
  int exponent{};

  void round_up() {
    auto at = digits.size() - 1;
    while (digits[at] == '9' && at > 0) digits[at--] = '0';
    if (digits[at] != '9') {
      ++digits[at];
      return;
    }
    digits[at] = '1';
    ++exponent;
  }
};

/// A double without its sign: `bits` times two to the power of `exponent - 52`, the highest of 53
/// bits set.
struct Unpacked {
  std::uint64_t bits{};
  int exponent{};
  int significant{53};

  [[nodiscard]] int trailing_zeros() const { return std::countr_zero(bits); }
  [[nodiscard]] int used_bits() const { return fraction_bits + 1 - trailing_zeros(); }
  /// Bits behind the point.
  [[nodiscard]] int tiny_bits() const { return std::max(0, used_bits() - exponent - 1); }
};

Unpacked unpack(double number) {
  constexpr int bias = 1023;
  auto const raw = std::bit_cast<std::uint64_t>(number) & ~(std::uint64_t{1} << 63U);
  auto const exponent = static_cast<int>(raw >> 52U);
  auto const fraction = raw & (hidden_bit - 1);
  if (exponent > 0) return {.bits = fraction | hidden_bit, .exponent = exponent - bias};
  int const zeros = std::countl_zero(fraction);
  int const shift = zeros - (63 - fraction_bits);
  return {.bits = fraction << static_cast<unsigned>(shift),
          .exponent = 1 - shift - bias,
          .significant = 64 - zeros};
}

/// Digits that a power of two of this size is too coarse to tell.
int digits_too_many(int power) {
  constexpr std::array<int, 64> known{
      0,  0,  0,  0,  1,  1,  1,  2,  2,  2,  3,  3,  3,  3,  4,  4,  4,  5,  5,  5,  6,  6,
      6,  6,  7,  7,  7,  8,  8,  8,  9,  9,  9,  9,  10, 10, 10, 11, 11, 11, 12, 12, 12, 12,
      13, 13, 13, 14, 14, 14, 15, 15, 15, 15, 16, 16, 16, 17, 17, 17, 18, 18, 18, 19};
  return power > 1 && power < static_cast<int>(known.size())
             ? known[static_cast<std::size_t>(power)]
             : 0;
}

Decimal whole_number(std::uint64_t number, int digits_to_drop) {
  std::uint64_t ten = 1;
  for (int i = 0; i < digits_to_drop; ++i) ten *= 10;
  auto const rest = number % ten;
  number = number / ten + (digits_to_drop > 0 && rest >= ten / 2 ? 1 : 0);
  Decimal decimal{.digits = std::to_string(number)};
  decimal.exponent = static_cast<int>(decimal.digits.size()) + digits_to_drop;
  decimal.digits.erase(decimal.digits.find_last_not_of('0') + 1);
  return decimal;
}

/// Bits of five to this power, as the Java class estimates them.
int bits_of_five(int power) {
  constexpr std::array<int, 27> known{0,  3,  5,  7,  10, 12, 14, 17, 19, 21, 24, 26, 28, 31,
                                      33, 35, 38, 40, 42, 45, 47, 49, 52, 54, 56, 59, 61};
  return power < static_cast<int>(known.size()) ? known[static_cast<std::size_t>(power)]
                                                : power * 3;
}

int estimated_exponent(Unpacked const& number) {
  auto const mantissa =
      std::bit_cast<double>(std::uint64_t{1023} << 52U | (number.bits & (hidden_bit - 1)));
  return static_cast<int>(std::floor((mantissa - 1.5) * 0.289529654 + 0.176091259 +
                                     static_cast<double>(number.exponent) * 0.301029995663981));
}

/// The number as value / scale, and half of the distance to its neighbours as margin / scale, each
/// a product of powers of five and two.
struct Fraction {
  std::uint64_t bits{};
  int fives{};
  int value_twos{};
  int margin_twos{};
  int scale_fives{};
  int scale_twos{};
};

Fraction fraction_of(Unpacked const& number, int exponent) {
  int const used = number.used_bits();
  Fraction f{.bits = number.bits >> static_cast<unsigned>(number.trailing_zeros()),
             .fives = std::max(0, -exponent),
             .scale_fives = std::max(0, exponent)};
  f.value_twos = f.fives + number.tiny_bits() + number.exponent;
  f.scale_twos = f.scale_fives + number.tiny_bits();
  f.margin_twos = f.value_twos - number.significant;
  f.value_twos -= used - 1;
  int const common = std::min(f.value_twos, f.scale_twos);
  f.value_twos -= common;
  f.scale_twos -= common;
  f.margin_twos -= common;
  if (used == 1) --f.margin_twos;
  int const missing = std::max(0, -f.margin_twos);
  f.value_twos += missing;
  f.scale_twos += missing;
  f.margin_twos += missing;
  return f;
}

/// How the digits ended: what is left lies within the margin below or above, and how it compares to
/// half a digit.
struct Rest {
  bool low{};
  bool high{};
  int half{};
};

/// Numbers of 32 or 64 bits as Java has them: what is too large wraps around.
template <class Signed>
class Narrow {
 public:
  using Unsigned = std::make_unsigned_t<Signed>;

  explicit Narrow(Fraction const& f)
      : value_{of(f.bits, f.fives, f.value_twos)},
        margin_{of(1, f.fives, f.margin_twos)},
        scale_{of(1, f.scale_fives, f.scale_twos)},
        ten_scales_{wrapped(scale_ * Unsigned{10})} {}

  char next(Rest& rest) {
    auto const digit = static_cast<Unsigned>(value_ / scale_);
    value_ = wrapped(Unsigned{10} * (value_ % scale_));
    margin_ = wrapped(margin_ * Unsigned{10});
    bool const overflows = !first_ && as_signed(margin_) <= 0;
    first_ = false;
    rest.low = overflows || as_signed(value_) < as_signed(margin_);
    rest.high = overflows || as_signed(wrapped(value_ + margin_)) > as_signed(ten_scales_);
    return static_cast<char>('0' + digit);
  }
  [[nodiscard]] int half() const {
    auto const difference = as_signed(wrapped(wrapped(value_ << 1U) - ten_scales_));
    return difference < 0 ? -1 : static_cast<int>(difference > 0);
  }

 private:
  static Unsigned wrapped(std::uint64_t number) { return static_cast<Unsigned>(number); }
  static Signed as_signed(Unsigned number) { return static_cast<Signed>(number); }
  static Unsigned of(std::uint64_t number, int fives, int twos) {
    for (; fives > 0; --fives) number *= 5;
    return wrapped(number << static_cast<unsigned>(twos));
  }

  Unsigned value_;
  Unsigned margin_;
  Unsigned scale_;
  Unsigned ten_scales_;
  bool first_{true};
};

class Wide {
 public:
  explicit Wide(Fraction const& f)
      : value_{Natural::of(f.bits, f.fives, f.value_twos)},
        margin_{Natural::of(1, f.fives, f.margin_twos)},
        scale_{Natural::of(1, f.scale_fives, f.scale_twos)},
        ten_scales_{Natural::of(10, f.scale_fives, f.scale_twos)} {}

  char next(Rest& rest) {
    auto const digit = value_.take_digit(scale_);
    value_.multiply(10);
    margin_.multiply(10);
    rest.low = Natural::compare(value_, margin_) < 0;
    rest.high = Natural::compare(Natural::sum(value_, margin_), ten_scales_) >= 0;
    return static_cast<char>('0' + digit);
  }
  [[nodiscard]] int half() const {
    auto twice = value_;
    twice.multiply(2);
    return Natural::compare(twice, ten_scales_);
  }

 private:
  Natural value_;
  Natural margin_;
  Natural scale_;
  Natural ten_scales_;
};

/// Digit by digit until what is left lies within the margin. A quirk of the Java class is kept:
/// with an exponent there is always a second digit.
template <class Numbers>
Decimal develop(Numbers numbers, int exponent) {
  Decimal decimal;
  Rest rest;
  char const first = numbers.next(rest);
  if (first == '0' && !rest.high) --exponent;
  else decimal.digits.push_back(first);
  if (exponent < -3 || exponent >= 8) rest.high = rest.low = false;
  while (!rest.low && !rest.high) decimal.digits.push_back(numbers.next(rest));
  decimal.exponent = exponent + 1;
  if (rest.high && rest.low) rest.half = numbers.half();
  bool const is_odd = (decimal.digits.back() - '0') % 2 != 0;
  if (rest.high && (!rest.low || rest.half > 0 || (rest.half == 0 && is_odd))) decimal.round_up();
  return decimal;
}

/// The Java class computes in 32 or 64 bits where it thinks that these suffice.
Decimal digit_by_digit(Unpacked const& number) {
  int const exponent = estimated_exponent(number);
  auto const f = fraction_of(number, exponent);
  int const bits = std::max(number.used_bits() + f.value_twos + bits_of_five(f.fives),
                            f.scale_twos + 1 + bits_of_five(f.scale_fives + 1));
  if (bits < 32) return develop(Narrow<std::int32_t>{f}, exponent);
  if (bits < 64) return develop(Narrow<std::int64_t>{f}, exponent);
  return develop(Wide{f}, exponent);
}

Decimal decimal_of(Unpacked const& number) {
  constexpr int whole_max = 62;
  constexpr int whole_min = -21;
  bool const is_whole = number.tiny_bits() == 0 && number.exponent <= whole_max &&
                        number.exponent >= whole_min && number.used_bits() < 64;
  if (!is_whole) return digit_by_digit(number);
  int const drop = number.exponent > number.significant
                       ? digits_too_many(number.exponent - number.significant - 1)
                       : 0;
  int const shift = number.exponent - fraction_bits;
  auto const whole = shift >= 0 ? number.bits << static_cast<unsigned>(shift)
                                : number.bits >> static_cast<unsigned>(-shift);
  return whole_number(whole, drop);
}

std::string or_zero(std::string digits) { return digits.empty() ? "0" : digits; }

std::string written(Decimal const& decimal) {
  auto const& digits = decimal.digits;
  if (decimal.exponent > 0 && decimal.exponent < 8) {
    auto const before = static_cast<std::size_t>(decimal.exponent);
    std::string whole = digits.substr(0, before);
    whole.append(before - whole.size(), '0');
    return whole + "." + or_zero(digits.size() > before ? digits.substr(before) : "");
  }
  if (decimal.exponent <= 0 && decimal.exponent > -3)
    return "0." + std::string(static_cast<std::size_t>(-decimal.exponent), '0') + digits;
  return digits.substr(0, 1) + "." + or_zero(digits.substr(1)) + "E" +
         std::to_string(decimal.exponent - 1);
}

}  // namespace

std::string to_java_text(double number) {
  std::string const sign{std::signbit(number) ? "-" : ""};
  if (number == 0) return sign + "0.0";
  return sign + written(decimal_of(unpack(number)));
}

}  // namespace tram
