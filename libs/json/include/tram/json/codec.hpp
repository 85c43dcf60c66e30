#pragma once

#include <optional>

#include "tram/base/detail/memory.hpp"
#include "tram/json/reader.hpp"
#include "tram/json/writer.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// How values of type `T` become JSON and come back.
///
/// Known are: plain structs (see reflect.hpp), bool, integers of every width, float and double,
/// std::string, std::string_view (to write), enums with a table of names (see json_names.hpp),
/// std::optional, std::unique_ptr, std::vector and other sequences, std::array, maps from
/// std::string, `Id`, `Decimal`, points of system time (epoch milliseconds), std::vector<std::byte>
/// (base64), `json::Value`. For any other type or form, specialise it:
///
///     template <>
///     struct tram::JsonCodec<Money> {
///       static void encode(tram::json::Writer& writer, Money const& money);
///       static Money decode(tram::json::Reader& reader);
///     };
template <class T>
struct JsonCodec;

namespace json {

/// Types with a state that means "absent": such members may be missing.
template <class T>
inline constexpr bool may_be_absent = false;
template <class T>
inline constexpr bool may_be_absent<std::optional<T>> = true;
template <class T>
inline constexpr bool may_be_absent<std::unique_ptr<T>> = true;

}  // namespace json
}  // namespace tram

#pragma GCC visibility pop
