#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tram/wire/message.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// One message inside a multi-message: its own key, and the value that a separate record would
/// have.
struct MultiMessageEntry {
  std::vector<Header> headers;
  std::string key;
  std::string value;
  friend bool operator==(MultiMessageEntry const&, MultiMessageEntry const&) = default;
};

/// Several messages in the value of one Kafka record, as the Java relay writes them when it is told
/// to batch. Tram reads them, and writes them only when it is told to: Java consumers of today
/// cannot read them.
struct MultiMessage {
  std::vector<Header> headers;
  std::vector<MultiMessageEntry> messages;
  friend bool operator==(MultiMessage const&, MultiMessage const&) = default;
};

/// Whether a record's value is a multi-message, well-formed or not; otherwise it is one plain
/// message.
bool is_multi_message(std::string_view value);

/// The bytes. More than 65534 entries in a group or a text above 1 GiB: rejected.
std::string encode_multi_message(MultiMessage const& batch);

/// Bytes that are no multi-message or end too early: malformed. Blocks that a later version may add
/// are skipped.
MultiMessage decode_multi_message(std::string_view value);

/// The size of a batch without messages in Java's estimate.
inline constexpr std::size_t multi_message_size_start = 48;
/// What one message adds to that estimate: three bytes for each UTF-16 unit, headers included.
std::size_t multi_message_size(MultiMessageEntry const& entry);
/// What the messages and the headers of a batch add to `multi_message_size_start` together.
std::size_t multi_message_size(MultiMessage const& batch);

}  // namespace tram

#pragma GCC visibility pop
