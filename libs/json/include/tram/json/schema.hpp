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

#include "tram/base/detail/memory.hpp"
#include "tram/json/json.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Describes the JSON of a type that has a `JsonCodec`, or whose members do not say enough:
///
///     template <>
///     struct tram::JsonSchema<Money> {
///       static std::string schema() { return R"({"type":"object","required":["amount"], …})"; }
///     };
template <class T>
struct JsonSchema {};

namespace json {

/// A JSON Schema (draft 7, http://json-schema.org) for what `encode` writes under `Policy::wire`:
/// members that are not optional are required, further ones allowed. A type with a `JsonCodec` and
/// no `JsonSchema` may be anything. Throws nothing.
template <class T>
[[nodiscard]] std::string json_schema();

}  // namespace json

namespace json::detail {

/// The structs being described, innermost first.
struct OpenStruct {
  std::string_view type;
  OpenStruct const* outer;
};

inline bool is_open(OpenStruct const* innermost, std::string_view type) {
  for (auto const* each = innermost; each != nullptr; each = each->outer) {
    if (each->type == type) return true;
  }
  return false;
}

inline std::string type_schema(std::string_view type, std::string_view more = {}) {
  return R"({"type":")" + std::string{type} + "\"" + std::string{more} + "}";
}

template <class T>
concept WithOwnSchema = requires {
  { JsonSchema<T>::schema() } -> std::convertible_to<std::string>;
};
/// Described by its members: its codec is the one for plain structs.
template <class T>
concept PlainStruct = requires { JsonCodec<T>::is_of_members; };

template <class T>
std::string schema_of(OpenStruct const* outer);

template <class T>
std::string enum_schema() {
  std::string names;
  for (auto const& entry : enum_names(T{})) {
    if (!names.empty()) names += ',';
    append_string(names, entry.name);
  }
  return R"({"type":"string","enum":[)" + names + "]}";
}

template <class T>
std::string integer_schema() {
  auto const least = std::to_string(std::numeric_limits<T>::min());
  auto const most = std::to_string(std::numeric_limits<T>::max());
  return type_schema("integer", R"(,"minimum":)" + least + R"(,"maximum":)" + most);
}

template <class T, std::size_t... at>
std::string struct_schema(OpenStruct const& self, std::index_sequence<at...> /*places*/) {
  std::string properties;
  std::string required;
  [[maybe_unused]] auto const add = [&](std::string_view name, bool is_required,
                                        std::string const& schema) {
    if (!properties.empty()) properties += ',';
    append_string(properties, name);
    properties += ':' + schema;
    if (!is_required) return;
    if (!required.empty()) required += ',';
    append_string(required, name);
  };
  (add(member_names<T>[at], !may_be_absent<reflect::member_type<T, at>>,
       schema_of<reflect::member_type<T, at>>(&self)),
   ...);
  auto text = R"({"type":"object","properties":{)" + properties + "}";
  if (!required.empty()) text += R"(,"required":[)" + required + "]";
  return text + "}";
}

/// A struct that contains itself is described once; inside, it is only said to be an object.
template <class T>
std::string plain_struct_schema(OpenStruct const* outer) {
  constexpr auto type = reflect::detail::spelled_type<T>();
  if (is_open(outer, type)) return type_schema("object");
  OpenStruct const self{.type = type, .outer = outer};
  return struct_schema<T>(self, std::make_index_sequence<reflect::member_count<T>>{});
}

template <class T>
struct SchemaOf {
  static std::string schema(OpenStruct const* outer) {
    if constexpr (PlainStruct<T>) return plain_struct_schema<T>(outer);
    else if constexpr (std::same_as<T, bool>) return type_schema("boolean");
    else if constexpr (Integer<T>) return integer_schema<T>();
    else if constexpr (std::floating_point<T> || std::same_as<T, Decimal>)
      return type_schema("number");
    else if constexpr (std::convertible_to<T, std::string_view>) return type_schema("string");
    else if constexpr (std::same_as<T, std::vector<std::byte>>)
      return type_schema("string", R"(,"contentEncoding":"base64")");
    else if constexpr (std::is_enum_v<T>) return enum_schema<T>();
    else if constexpr (SystemTimePoint<T>)
      return type_schema("integer", R"(,"description":"milliseconds since 1970, UTC")");
    else if constexpr (StringMap<T>)
      return type_schema("object",
                         R"(,"additionalProperties":)" + schema_of<typename T::mapped_type>(outer));
    else if constexpr (Sequence<T>)
      return type_schema("array", R"(,"items":)" + schema_of<typename T::value_type>(outer));
    else return "{}";
  }
};

template <class T>
struct SchemaOf<std::optional<T>> {
  static std::string schema(OpenStruct const* outer) { return schema_of<T>(outer); }
};
template <class T>
struct SchemaOf<std::unique_ptr<T>> {
  static std::string schema(OpenStruct const* outer) { return schema_of<T>(outer); }
};
template <class Tag, class Value>
struct SchemaOf<Id<Tag, Value>> {
  static std::string schema(OpenStruct const* outer) { return schema_of<Value>(outer); }
};
template <class T, std::size_t size>
struct SchemaOf<std::array<T, size>> {
  static std::string schema(OpenStruct const* outer) {
    auto const count = std::to_string(size);
    return type_schema("array", R"(,"minItems":)" + count + R"(,"maxItems":)" + count +
                                    R"(,"items":)" + schema_of<T>(outer));
  }
};

template <class T>
std::string schema_of(OpenStruct const* outer) {
  if constexpr (WithOwnSchema<T>) return JsonSchema<T>::schema();
  else return SchemaOf<T>::schema(outer);
}

}  // namespace json::detail

template <class T>
std::string json::json_schema() {
  return detail::schema_of<T>(nullptr);
}

}  // namespace tram

#pragma GCC visibility pop
