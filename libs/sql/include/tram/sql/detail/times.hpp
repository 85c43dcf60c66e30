#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "tram/base/detail/chrono.hpp"

#pragma GCC visibility push(default)

// Points of time and durations as texts that every database takes.
namespace tram::sql_detail {

// By what they offer, so that the whole of <chrono> is paid for by those who use it.
template <class T>
concept DurationType = requires(T span) {
  { span.count() } -> std::same_as<typename T::rep>;
  typename T::period;
  // A count with a fraction has no exact text.
  requires std::integral<typename T::rep>;
};
template <class T>
concept TimePointType = requires(T time) {
  { time.time_since_epoch() } -> std::same_as<typename T::duration>;
};
template <class T>
concept SystemTimePointType =
    TimePointType<T> && DurationType<typename T::duration> && requires { T::clock::to_time_t; };

/// `2026-11-30T22:18:20.123456Z`, UTC, always with six digits: as text it has the order of time.
std::string moment_text(std::int64_t microseconds);
/// Reads what `moment_text` writes, and what PostgreSQL does for timestamps with and without a
/// zone (which counts as UTC) and for dates. Nothing for any other text.
std::optional<std::int64_t> moment_in(std::string_view text);
/// `PT-1.5S`: seconds in ISO 8601, which an INTERVAL takes.
std::string duration_text(std::int64_t nanoseconds);
/// Reads what `duration_text` writes, and what PostgreSQL writes for intervals without months.
/// Nothing for any other text.
std::optional<std::int64_t> duration_in(std::string_view text);
/// Throws: rejected.
[[noreturn]] void refuse_time();

/// The count in units of 1/`per_second` seconds, rounded down; nothing where it does not fit.
template <std::int64_t per_second, class Span>
std::optional<std::int64_t> count_in(Span span) {
  constexpr std::int64_t num = Span::period::num;
  constexpr std::int64_t den = Span::period::den;
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  auto const count = static_cast<std::int64_t>(span.count());
  if constexpr (den > per_second) {
    static_assert(num == 1 && den % per_second == 0, "tram: a duration of an odd unit has no text");
    constexpr std::int64_t factor = den / per_second;
    return count / factor - (count % factor < 0 ? 1 : 0);
  } else {
    static_assert(per_second % den == 0, "tram: a duration of an odd unit has no text");
    constexpr std::int64_t factor = per_second / den * num;
    if (count > most / factor || count < -(most / factor)) return std::nullopt;
    return count * factor;
  }
}

/// The other way, rounded down.
template <std::int64_t per_second, class Span>
std::optional<Span> span_of(std::int64_t units) {
  using Unit = std::chrono::duration<std::int64_t, std::ratio<1, per_second>>;
  constexpr std::int64_t den = Span::period::den;
  if constexpr (den > per_second) {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / (den / per_second);
    if (units > most || units < -most) return std::nullopt;
  }
  return std::chrono::floor<Span>(Unit{units});
}

inline constexpr std::int64_t micro = 1'000'000;
inline constexpr std::int64_t nano = 1'000'000'000;

}  // namespace tram::sql_detail

#pragma GCC visibility pop
