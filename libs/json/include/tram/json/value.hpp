#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tram/json/codec.hpp"

#pragma GCC visibility push(default)

namespace tram::json {

/// A number as it was written; `1.0` and `1.00` differ.
struct Number {
  std::string text;
  friend bool operator==(Number const&, Number const&) = default;
};

struct Member;

/// Any JSON: for members of unknown shape. Order, repeated names and the text of numbers survive
/// reading and writing; white space does not.
///
///     auto const value = tram::json::decode<tram::json::Value>(text);
///     auto const* const name = value.find("name");
class Value {
 public:
  using Array = std::vector<Value>;
  using Object = std::vector<Member>;
  using Content = std::variant<std::nullptr_t, bool, Number, std::string, Array, Object>;

  /// Null.
  Value() = default;
  Value(Content content);

  [[nodiscard]] Content const& content() const noexcept { return content_; }

  /// The last member of this name; null when it is missing, or when this is no object. It lives as
  /// long as this value.
  [[nodiscard]] Value const* find(std::string_view name) const;

  friend bool operator==(Value const& left, Value const& right);

 private:
  Content content_;
};

struct Member {
  std::string name;
  Value value;
  friend bool operator==(Member const&, Member const&) = default;
};

inline Value::Value(Content content) : content_{std::move(content)} {}

}  // namespace tram::json

template <>
struct tram::JsonCodec<tram::json::Value> {
  static void encode(json::Writer& writer, json::Value const& value);
  static json::Value decode(json::Reader& reader);
};

#pragma GCC visibility pop
