#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "tram/base/decimal.hpp"
#include "tram/base/detail/memory.hpp"
#include "tram/base/id.hpp"
#include "tram/json/codec.hpp"
#include "tram/json/detail/struct_codec.hpp"

#pragma GCC visibility push(default)

// How everything that is no plain struct becomes JSON.
namespace tram::json::detail {

template <class T>
concept Integer = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> &&
                  !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> &&
                  !std::same_as<T, char16_t> && !std::same_as<T, char32_t> && sizeof(T) <= 8;

template <class T>
concept StringMap =
    std::same_as<typename T::key_type, std::string> && requires { typename T::mapped_type; };

template <class T>
concept Sequence = requires(T sequence, typename T::value_type element) {
  sequence.push_back(std::move(element));
} && !std::same_as<T, std::string>;

template <class T>
concept SystemTimePoint = TimePoint<T> && requires(T time) { T::clock::to_time_t(time); };

template <class T>
consteval bool has_enum_names() {
  return requires(T value) { enum_names(value); };
}

std::string base64(std::vector<std::byte> const& bytes);
std::vector<std::byte> decode_base64(Reader& reader);
Decimal decode_decimal(Reader& reader);

}  // namespace tram::json::detail

namespace tram {

template <>
struct JsonCodec<bool> {
  static void encode(json::Writer& writer, bool value) { writer.boolean(value); }
  static bool decode(json::Reader& reader) { return reader.boolean(); }
};

template <json::detail::Integer T>
struct JsonCodec<T> {
  static void encode(json::Writer& writer, T value) {
    if constexpr (std::signed_integral<T>) writer.signed_integer(value);
    else writer.unsigned_integer(value);
  }
  static T decode(json::Reader& reader) {
    if constexpr (std::signed_integral<T>) return narrow(reader, reader.signed_integer());
    else return narrow(reader, reader.unsigned_integer());
  }

 private:
  static T narrow(json::Reader& reader, auto value) {
    if (!std::in_range<T>(value)) {
      reader.fail("expected an integer in range, got " + std::to_string(value));
    }
    return static_cast<T>(value);
  }
};

template <>
struct JsonCodec<double> {
  static void encode(json::Writer& writer, double value) { writer.floating_point(value); }
  static double decode(json::Reader& reader) { return reader.floating_point(); }
};

template <>
struct JsonCodec<float> {
  static void encode(json::Writer& writer, float value) { writer.floating_point(value); }
  static float decode(json::Reader& reader) {
    auto const value = reader.floating_point();
    constexpr double largest = std::numeric_limits<float>::max();
    constexpr auto infinite = std::numeric_limits<double>::infinity();
    if ((value > largest && value < infinite) || (value < -largest && value > -infinite)) {
      reader.fail("expected a number in range of a float");
    }
    return static_cast<float>(value);
  }
};

template <>
struct JsonCodec<std::string> {
  static void encode(json::Writer& writer, std::string_view value) { writer.string(value); }
  static std::string decode(json::Reader& reader) { return std::string{reader.string()}; }
};

template <>
struct JsonCodec<std::string_view> {
  static void encode(json::Writer& writer, std::string_view value) { writer.string(value); }
  template <class Reader>
  static std::string_view decode(Reader& /*reader*/) {
    static_assert(
        std::same_as<Reader, void>,
        "tram: a std::string_view can be written, but not read: nobody would own its text");
    return {};
  }
};

template <class T>
  requires std::is_enum_v<T>
struct JsonCodec<T> {
  static_assert(
      json::detail::has_enum_names<T>(),
      "tram: an enum needs a table of its names beside it: constexpr auto enum_names(State) { "
      "return tram::json::names<State>({{State::pending, \"PENDING\"}}); }");

  static void encode(json::Writer& writer, T value) {
    for (auto const& entry : enum_names(T{})) {
      if (entry.value == value) return writer.string(entry.name);
    }
    using Number = std::conditional_t<std::is_signed_v<std::underlying_type_t<T>>, long long,
                                      unsigned long long>;
    writer.fail(std::to_string(static_cast<Number>(value)) + " is no value of this enum (" +
                all_names() + "); add it to enum_names, or send one of them");
  }

  static T decode(json::Reader& reader) {
    auto const name = reader.string();
    for (auto const& entry : enum_names(T{})) {
      if (entry.name == name) return entry.value;
    }
    reader.fail("expected " + all_names(), name);
  }

 private:
  // No more of them than fit into an error.
  static std::string all_names() {
    constexpr std::size_t size_max = 200;
    std::string all;
    for (auto const& entry : enum_names(T{})) {
      if (all.size() > size_max) return all + " or others";
      if (!all.empty()) all += " or ";
      all += entry.name;
    }
    return all;
  }
};

template <class T>
struct JsonCodec<std::optional<T>> {
  static void encode(json::Writer& writer, std::optional<T> const& value) {
    if (value) JsonCodec<T>::encode(writer, *value);
    else writer.null();
  }
  static std::optional<T> decode(json::Reader& reader) {
    if (reader.null()) return std::nullopt;
    return JsonCodec<T>::decode(reader);
  }
};

template <class T>
struct JsonCodec<std::unique_ptr<T>> {
  static void encode(json::Writer& writer, std::unique_ptr<T> const& value) {
    if (value) JsonCodec<T>::encode(writer, *value);
    else writer.null();
  }
  static std::unique_ptr<T> decode(json::Reader& reader) {
    if (reader.null()) return nullptr;
    return std::make_unique<T>(JsonCodec<T>::decode(reader));
  }
};

template <json::detail::Sequence T>
struct JsonCodec<T> {
  using Element = typename T::value_type;

  static void encode(json::Writer& writer, T const& value) {
    writer.begin_array();
    for (Element const& element : value) {
      writer.element();
      JsonCodec<Element>::encode(writer, element);
    }
    writer.end_array();
  }

  static T decode(json::Reader& reader) {
    // Most lists are short: one allocation instead of three.
    constexpr std::size_t likely_size = 4;
    T value;
    reader.enter_array();
    while (reader.next_element()) {
      if constexpr (requires { value.reserve(likely_size); }) {
        if (value.empty()) value.reserve(likely_size);
      }
      value.push_back(JsonCodec<Element>::decode(reader));
    }
    return value;
  }
};

template <class T, std::size_t size>
struct JsonCodec<std::array<T, size>> {
  static void encode(json::Writer& writer, std::array<T, size> const& value) {
    writer.begin_array();
    for (T const& element : value) {
      writer.element();
      JsonCodec<T>::encode(writer, element);
    }
    writer.end_array();
  }

  static std::array<T, size> decode(json::Reader& reader) {
    std::array<T, size> value{};
    std::size_t count = 0;
    reader.enter_array();
    while (reader.next_element()) {
      if (count < size) value[count] = JsonCodec<T>::decode(reader);
      ++count;
    }
    if (count != size) {
      reader.fail("expected " + std::to_string(size) + " elements, got " + std::to_string(count));
    }
    return value;
  }
};

template <json::detail::StringMap T>
struct JsonCodec<T> {
  using Mapped = typename T::mapped_type;

  static void encode(json::Writer& writer, T const& value) {
    writer.begin_object();
    for (auto const& [name, mapped] : value) {
      if (json::detail::is_left_out(writer, mapped)) continue;
      writer.member(name);
      JsonCodec<Mapped>::encode(writer, mapped);
    }
    writer.end_object();
  }

  static T decode(json::Reader& reader) {
    T value;
    reader.enter_object();
    while (auto const name = reader.next_member()) {
      value.insert_or_assign(std::string{*name}, JsonCodec<Mapped>::decode(reader));
    }
    return value;
  }
};

template <class Tag, class Value>
struct JsonCodec<Id<Tag, Value>> {
  static void encode(json::Writer& writer, Id<Tag, Value> const& id) {
    JsonCodec<Value>::encode(writer, id.value);
  }
  static Id<Tag, Value> decode(json::Reader& reader) { return {JsonCodec<Value>::decode(reader)}; }
};

/// Milliseconds since the epoch, as java.util.Date; what is finer is cut off, towards the past.
template <json::detail::SystemTimePoint T>
struct JsonCodec<T> {
  static void encode(json::Writer& writer, T value) {
    auto const ticks = static_cast<std::int64_t>(value.time_since_epoch().count());
    auto milliseconds = floor(ticks);
    if (__builtin_mul_overflow(milliseconds, milliseconds_per_tick, &milliseconds)) {
      writer.fail("this point in time is out of the range of epoch milliseconds");
    }
    writer.signed_integer(milliseconds);
  }

  static T decode(json::Reader& reader) {
    auto const milliseconds = reader.signed_integer();
    std::int64_t ticks = milliseconds / milliseconds_per_tick;
    if (milliseconds % milliseconds_per_tick != 0) {
      reader.fail("expected a coarser point in time, got " + std::to_string(milliseconds));
    }
    if (__builtin_mul_overflow(ticks, ticks_per_millisecond, &ticks) ||
        !std::in_range<typename T::rep>(ticks)) {
      reader.fail("expected epoch milliseconds in range, got " + std::to_string(milliseconds));
    }
    return T{typename T::duration{static_cast<typename T::rep>(ticks)}};
  }

 private:
  using Period = typename T::duration::period;
  static_assert(std::integral<typename T::rep>,
                "tram: a point in time needs an integer representation");
  static_assert(Period::num * 1000 % Period::den == 0 || Period::den % (Period::num * 1000) == 0,
                "tram: a point in time must count multiples or fractions of a millisecond");
  static constexpr std::int64_t milliseconds_per_tick =
      Period::num * 1000 >= Period::den ? Period::num * 1000 / Period::den : 1;
  static constexpr std::int64_t ticks_per_millisecond =
      Period::num * 1000 >= Period::den ? 1 : Period::den / (Period::num * 1000);

  static constexpr std::int64_t floor(std::int64_t ticks) {
    auto const quotient = ticks / ticks_per_millisecond;
    return ticks % ticks_per_millisecond < 0 ? quotient - 1 : quotient;
  }
};

template <>
struct JsonCodec<Decimal> {
  static void encode(json::Writer& writer, Decimal const& value) { writer.number(value.text()); }
  static Decimal decode(json::Reader& reader) { return json::detail::decode_decimal(reader); }
};

/// Base64 with padding, as Java writes byte[].
template <>
struct JsonCodec<std::vector<std::byte>> {
  static void encode(json::Writer& writer, std::vector<std::byte> const& value) {
    writer.string(json::detail::base64(value));
  }
  static std::vector<std::byte> decode(json::Reader& reader) {
    return json::detail::decode_base64(reader);
  }
};

}  // namespace tram

#pragma GCC visibility pop
