#include "tram/sql/detail/times.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <tuple>

#include "tram/base/error.hpp"

namespace tram::sql_detail {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

// The last whole year whose microseconds since 1970 fit in 64 bits. PostgreSQL has thirty more.
constexpr std::int64_t year_max = 294'246;

/// Takes a text apart from its beginning.
class Cut {
 public:
  explicit Cut(std::string_view text) : rest_{text} {}
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] char next() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  /// Digits alone, `least` to `most` of them.
  std::optional<std::int64_t> number(std::size_t least, std::size_t most) {
    auto const digits = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    if (digits < least || digits > most) return std::nullopt;
    std::int64_t number{};
    std::ignore = std::from_chars(rest_.data(), rest_.data() + digits, number);
    rest_.remove_prefix(digits);
    return number;
  }
  /// What is behind a decimal point, in billionths; 0 without a point.
  std::optional<std::int64_t> fraction() {
    if (!take(".")) return 0;
    auto const before = rest_.size();
    auto const number = this->number(1, 9);
    if (!number) return std::nullopt;
    auto value = *number;
    for (auto digits = before - rest_.size(); digits < 9; ++digits) value *= 10;
    return value;
  }

 private:
  std::string_view rest_;
};

std::optional<std::chrono::sys_days> date_in(Cut& cut) {
  auto const year = cut.number(4, 6);
  if (!year || *year > year_max || !cut.take("-")) return std::nullopt;
  auto const month = cut.number(2, 2);
  if (!month || !cut.take("-")) return std::nullopt;
  auto const day = cut.number(2, 2);
  if (!day) return std::nullopt;
  // `std::chrono::year` ends at 32767: the calendar repeats itself every 400 years.
  auto const cycles = *year / 400;
  std::chrono::year_month_day const date{std::chrono::year{static_cast<int>(*year % 400) + 2000},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  constexpr int days_per_cycle = 146'097;
  return std::chrono::sys_days{date} + std::chrono::days{(cycles - 5) * days_per_cycle};
}

/// `22:18:20.5`; the seconds may be missing.
std::optional<nanoseconds> clock_in(Cut& cut, std::size_t hour_digits_max, std::int64_t hour_max) {
  auto const hour = cut.number(2, hour_digits_max);
  if (!hour || *hour > hour_max || !cut.take(":")) return std::nullopt;
  auto const minute = cut.number(2, 2);
  if (!minute || *minute > 59) return std::nullopt;
  std::int64_t second = 0;
  std::int64_t rest = 0;
  if (cut.take(":")) {
    auto const number = cut.number(2, 2);
    auto const fraction = cut.fraction();
    if (!number || *number > 60 || !fraction) return std::nullopt;
    second = *number;
    rest = *fraction;
  }
  return seconds{*hour * 3600 + *minute * 60 + second} + nanoseconds{rest};
}

/// How far a zone is ahead of UTC; no zone is UTC.
std::optional<seconds> zone_in(Cut& cut) {
  if (cut.at_end() || cut.take("Z")) return seconds{0};
  int const sign = cut.next() == '-' ? -1 : 1;
  if (!cut.take("+") && !cut.take("-")) return std::nullopt;
  std::int64_t ahead = 0;
  for (std::int64_t unit : {3600, 60, 1}) {
    auto const number = cut.number(2, 2);
    if (!number || *number > 59) return std::nullopt;
    ahead += *number * unit;
    if (!cut.take(":")) break;
  }
  return seconds{sign * ahead};
}

bool add_product(std::int64_t& sum, std::int64_t one, std::int64_t other) {
  std::int64_t product{};
  return !__builtin_mul_overflow(one, other, &product) &&
         !__builtin_add_overflow(sum, product, &sum);
}

/// `PT1.5S`, with days, hours and minutes as well.
std::optional<std::int64_t> iso_duration_in(Cut& cut) {
  std::int64_t total = 0;
  bool is_time = false;
  bool found = false;
  while (!cut.at_end()) {
    if (!is_time && cut.take("T")) is_time = true;
    int const sign = cut.take("-") ? -1 : 1;
    auto const number = cut.number(1, 12);
    auto const fraction = cut.fraction();
    if (!number || !fraction) return std::nullopt;
    std::int64_t unit = 0;
    if (!is_time && cut.take("D")) unit = 86'400;
    else if (is_time && cut.take("H")) unit = 3600;
    else if (is_time && cut.take("M")) unit = 60;
    else if (is_time && cut.take("S")) unit = 1;
    else return std::nullopt;
    // The fraction apart, since the least number has no positive counterpart.
    if (!add_product(total, sign * *number * unit, nano)) return std::nullopt;
    if (!add_product(total, sign * *fraction, unit)) return std::nullopt;
    found = true;
  }
  return found ? std::optional{total} : std::nullopt;
}

/// `1 day -02:30:00.5`.
std::optional<std::int64_t> postgres_duration_in(Cut& cut) {
  // What fits in 64 bits of nanoseconds.
  constexpr std::int64_t days_max = 106'750;
  constexpr std::int64_t hours_max = 2'562'046;
  std::int64_t days = 0;
  auto ahead = cut;
  int const days_sign = ahead.take("-") ? -1 : 1;
  auto const number = ahead.number(1, 6);
  if (number && (ahead.take(" days") || ahead.take(" day"))) {
    if (*number > days_max) return std::nullopt;
    days = days_sign * *number;
    cut = ahead;
    if (cut.at_end()) return nanoseconds{std::chrono::days{days}}.count();
    if (!cut.take(" ")) return std::nullopt;
  }
  int const sign = cut.take("-") ? -1 : 1;
  cut.take("+");
  auto const clock = clock_in(cut, 7, hours_max);
  if (!clock || !cut.at_end()) return std::nullopt;
  auto total = nanoseconds{std::chrono::days{days}}.count();
  return add_product(total, sign, clock->count()) ? std::optional{total} : std::nullopt;
}

}  // namespace

std::string moment_text(std::int64_t count) {
  constexpr std::int64_t year_1 = -62'135'596'800 * micro;
  constexpr std::int64_t year_10000 = 253'402'300'800 * micro;
  if (count < year_1 || count >= year_10000) refuse_time();
  std::chrono::sys_time<microseconds> const moment{microseconds{count}};
  auto const day = std::chrono::floor<std::chrono::days>(moment);
  std::chrono::hh_mm_ss const time{moment - day};
  std::chrono::year_month_day const date{day};
  std::array<char, 40> text{};
  auto const size = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", int{date.year()},
      unsigned{date.month()}, unsigned{date.day()}, static_cast<int>(time.hours().count()),
      static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
      static_cast<int>(time.subseconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

std::optional<std::int64_t> moment_in(std::string_view text) {
  Cut cut{text};
  auto const day = date_in(cut);
  if (!day) return std::nullopt;
  microseconds const since{day->time_since_epoch()};
  if (cut.at_end()) return since.count();
  if (!cut.take(" ") && !cut.take("T")) return std::nullopt;
  auto const time = clock_in(cut, 2, 24);
  if (!time) return std::nullopt;
  auto const ahead = zone_in(cut);
  if (!ahead || !cut.at_end()) return std::nullopt;
  return (since + std::chrono::floor<microseconds>(*time) - *ahead).count();
}

std::string duration_text(std::int64_t count) {
  // As unsigned, since the least number has no positive counterpart.
  auto const amount =
      count < 0 ? 0 - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
  std::array<char, 40> text{};
  auto const size =
      std::snprintf(text.data(), text.size(), "PT%s%llu.%09lluS", count < 0 ? "-" : "",
                    static_cast<unsigned long long>(amount / nano),
                    static_cast<unsigned long long>(amount % nano));
  return {text.data(), static_cast<std::size_t>(size)};
}

std::optional<std::int64_t> duration_in(std::string_view text) {
  Cut cut{text};
  return cut.take("P") ? iso_duration_in(cut) : postgres_duration_in(cut);
}

void refuse_time() {
  throw Error{Fault::rejected,
              "sql: a point of time outside the years 1 to 9999, or a duration of more than 292 "
              "years, has no text that every database takes; bind it as a number"};
}

}  // namespace tram::sql_detail
