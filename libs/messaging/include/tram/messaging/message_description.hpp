#pragma once

#include <cstdint>
#include <string>
#include <vector>

#pragma GCC visibility push(default)

namespace tram {

/// A type of message and its payload.
struct PayloadDescription {
  /// The wire name.
  std::string type;
  /// JSON Schema of the payload, as text (`tram/json/schema.hpp`); empty when unknown.
  std::string schema{};
};

/// A header that a kind of message always has.
struct HeaderDescription {
  std::string name;
  /// Empty: not always the same.
  std::string value{};
};

/// Describes a message that a program sends or receives, for documents.
struct MessageDescription {
  enum class Direction : std::uint8_t { sends, receives };

  Direction direction{Direction::receives};
  /// Before mapping.
  std::string channel;
  PayloadDescription payload;
  /// The publisher's or handler's name; made from the other members when empty.
  std::string operation{};
  std::vector<HeaderDescription> headers{};
  /// The header that says where answers go, empty for messages that ask for none; and the answers.
  std::string reply_to_header{};
  std::vector<PayloadDescription> replies{};
};

}  // namespace tram

#pragma GCC visibility pop
