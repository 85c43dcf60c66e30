#pragma once

#include <simdjson.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tram/base/decimal.hpp"
#include "tram/base/id.hpp"
#include "tram/json/json.hpp"
#include "tram/wire/wire_type.hpp"

/// A payload of 300 bytes, with code written by hand for just this struct.
namespace benchmarks {

struct Line {
  std::string product_id;
  std::int32_t quantity;
  tram::Decimal price;
};

struct OrderPlaced {
  static constexpr tram::WireType wire_type{"orders.OrderPlaced"};
  tram::Id<struct OrderTag> order_id;
  tram::Id<struct CustomerTag> customer_id;
  tram::Decimal order_total;
  std::int64_t placed_at;
  bool express;
  std::optional<std::string> note;
  std::vector<Line> lines;
};

inline OrderPlaced const& payload() {
  static OrderPlaced const value{.order_id = {"0000018bcfe56800-0242ac1100800000"},
                                 .customer_id = {"customer-4711"},
                                 .order_total = tram::Decimal::parse("1234.50"),
                                 .placed_at = 1'700'000'000'123,
                                 .express = true,
                                 .note = "Leave it with the neighbours, please",
                                 .lines = {{"product-12345", 2, tram::Decimal::parse("500.00")},
                                           {"product-67890", 1, tram::Decimal::parse("234.50")}}};
  return value;
}

inline std::string const& text() {
  static std::string const value = tram::json::encode(payload());
  return value;
}

// By hand: what a careful person writes for just this struct, checks included.
namespace by_hand {

inline bool needs_escape(char character) {
  auto const byte = static_cast<unsigned char>(character);
  return byte < 0x20 || byte == '"' || byte == '\\';
}

inline void append_slowly(std::string& out, std::string_view value) {
  for (char const character : value) {
    if (character == '"' || character == '\\') out += '\\';
    out += character;
  }
}

inline void append_string(std::string& out, std::string_view value) {
  out += '"';
  bool clean = true;
  for (char const character : value) clean &= !needs_escape(character);
  if (clean) out += value;
  else append_slowly(out, value);
  out += '"';
}

inline void append_integer(std::string& out, std::int64_t value) {
  std::array<char, 20> digits{};
  out.append(digits.begin(), std::to_chars(digits.begin(), digits.end(), value).ptr);
}

inline void append_line(std::string& out, Line const& line) {
  out += "{\"productId\":";
  append_string(out, line.product_id);
  out += ",\"quantity\":";
  append_integer(out, line.quantity);
  out += ",\"price\":";
  out += line.price.text();
  out += '}';
}

inline std::string encode(OrderPlaced const& order) {
  std::string out;
  out += "{\"orderId\":";
  append_string(out, order.order_id.value);
  out += ",\"customerId\":";
  append_string(out, order.customer_id.value);
  out += ",\"orderTotal\":";
  out += order.order_total.text();
  out += ",\"placedAt\":";
  append_integer(out, order.placed_at);
  out += ",\"express\":";
  out += order.express ? "true" : "false";
  if (order.note) {
    out += ",\"note\":";
    append_string(out, *order.note);
  }
  out += ",\"lines\":[";
  for (auto const& line : order.lines) {
    if (out.back() != '[') out += ',';
    append_line(out, line);
  }
  out += "]}";
  return out;
}

// The text of a number; the library's token includes what follows it up to the next one.
inline std::string_view number(simdjson::ondemand::value value) {
  auto const token = value.raw_json_token();
  return token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
}

inline Line decode_line(simdjson::ondemand::object object) {
  Line line;
  line.product_id = std::string_view{object["productId"]};
  auto const quantity = std::int64_t{object["quantity"]};
  if (!std::in_range<std::int32_t>(quantity)) throw std::runtime_error{"quantity is out of range"};
  line.quantity = static_cast<std::int32_t>(quantity);
  line.price = tram::Decimal::parse(number(object["price"]));
  return line;
}

inline OrderPlaced decode(simdjson::ondemand::parser& parser, std::string_view json) {
  simdjson::padded_string const padded{json};
  auto document = parser.iterate(padded);
  simdjson::ondemand::object object = document.get_object();
  OrderPlaced order;
  order.order_id.value = std::string_view{object["orderId"]};
  order.customer_id.value = std::string_view{object["customerId"]};
  order.order_total = tram::Decimal::parse(number(object["orderTotal"]));
  order.placed_at = std::int64_t{object["placedAt"]};
  order.express = bool{object["express"]};
  if (auto note = object["note"]; note.error() == simdjson::SUCCESS)
    order.note = std::string_view{note};
  for (auto line : object["lines"]) order.lines.push_back(decode_line(line));
  return order;
}

}  // namespace by_hand

}  // namespace benchmarks
