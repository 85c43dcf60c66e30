#include "tram/wire/http_date.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include "excerpt.hpp"
#include "tram/base/error.hpp"

namespace tram {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::seconds;

constexpr std::array<std::string_view, 7> weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// A date has four digits for the year.
constexpr WallTime first_moment{std::chrono::sys_days{std::chrono::year{0} / 1 / 1}};
constexpr WallTime last_moment{std::chrono::sys_days{std::chrono::year{10000} / 1 / 1} -
                               seconds{1}};

template <std::size_t count>
void append_digits(std::string& out, unsigned value) {
  std::array<char, count> digits{};
  for (std::size_t at = count; at > 0; value /= 10) {
    digits[--at] = static_cast<char>('0' + value % 10);
  }
  out.append(digits.data(), count);
}

/// Takes the date apart from left to right. After the first mismatch it takes nothing more.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_{text} {}

  void literal(std::string_view expected) {
    if (rest_.starts_with(expected)) return rest_.remove_prefix(expected.size());
    fail();
  }

  unsigned number(std::size_t digits_min, std::size_t digits_max) {
    std::size_t digits = 0;
    unsigned value = 0;
    for (; digits < digits_max && digits < rest_.size() && rest_[digits] >= '0' &&
           rest_[digits] <= '9';
         ++digits) {
      value = value * 10 + static_cast<unsigned>(rest_[digits] - '0');
    }
    if (digits < digits_min) fail();
    rest_.remove_prefix(std::min(digits, rest_.size()));
    return value;
  }

  /// The place of the next three letters in `names`.
  template <std::size_t count>
  unsigned name(std::array<std::string_view, count> const& names) {
    auto const found = std::ranges::find(names, rest_.substr(0, 3));
    if (found == names.end()) {
      fail();
      return 0;
    }
    rest_.remove_prefix(3);
    return static_cast<unsigned>(found - names.begin());
  }

  [[nodiscard]] bool matched_everything() const { return matching_ && rest_.empty(); }

 private:
  void fail() {
    matching_ = false;
    rest_ = {};
  }

  std::string_view rest_;
  bool matching_{true};
};

std::optional<WallTime> read(std::string_view text) {
  Reader reader{text};
  auto const weekday = reader.name(weekdays);
  reader.literal(", ");
  auto const day = reader.number(1, 2);
  reader.literal(" ");
  auto const month = reader.name(months) + 1;
  reader.literal(" ");
  auto const year = static_cast<int>(reader.number(4, 4));
  reader.literal(" ");
  auto const hour = reader.number(2, 2);
  reader.literal(":");
  auto const minute = reader.number(2, 2);
  reader.literal(":");
  auto const second = reader.number(2, 2);
  reader.literal(" GMT");
  std::chrono::year_month_day const date{std::chrono::year{year}, std::chrono::month{month},
                                         std::chrono::day{day}};
  if (!reader.matched_everything() || !date.ok() || hour > 23 || minute > 59 || second > 59)
    return std::nullopt;
  std::chrono::sys_days const midnight{date};
  if (std::chrono::weekday{midnight}.c_encoding() != weekday) return std::nullopt;
  return midnight + std::chrono::hours{hour} + std::chrono::minutes{minute} + seconds{second};
}

}  // namespace

std::string http_date(WallTime any_time) {
  auto const time = std::clamp(any_time, first_moment, last_moment);
  auto const midnight = floor<days>(time);
  std::chrono::year_month_day const date{midnight};
  auto const year = static_cast<int>(date.year());
  std::chrono::hh_mm_ss const clock{floor<seconds>(time - midnight)};
  auto const day = static_cast<unsigned>(date.day());
  std::string out;
  out.reserve(std::string_view{"Tue, 15 Nov 1994 08:12:31 GMT"}.size());
  out.append(weekdays.at(std::chrono::weekday{midnight}.c_encoding())).append(", ");
  if (day < 10) append_digits<1>(out, day);
  else append_digits<2>(out, day);
  out.append(" ").append(months.at(static_cast<unsigned>(date.month()) - 1)).append(" ");
  append_digits<4>(out, static_cast<unsigned>(year));
  out.push_back(' ');
  append_digits<2>(out, static_cast<unsigned>(clock.hours().count()));
  out.push_back(':');
  append_digits<2>(out, static_cast<unsigned>(clock.minutes().count()));
  out.push_back(':');
  append_digits<2>(out, static_cast<unsigned>(clock.seconds().count()));
  return out.append(" GMT");
}

WallTime parse_http_date(std::string_view text) {
  if (auto const time = read(text)) return *time;
  throw Error{Fault::malformed,
              "date: " + excerpt(text) + " is no date like 'Tue, 3 Jun 2008 11:05:30 GMT'"};
}

}  // namespace tram
