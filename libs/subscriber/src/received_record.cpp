#include "received_record.hpp"

#include <utility>

#include "tram/base/base64.hpp"
#include "tram/base/error.hpp"
#include "tram/wire/header_names.hpp"
#include "tram/wire/headers_json.hpp"
#include "tram/wire/multi_message.hpp"
#include "tram/wire/record.hpp"
#include "tram/wire/storable_text.hpp"

namespace tram {
namespace {

constexpr std::string_view no_headers{"{}"};
/// With room for Base64: what the inbox's column takes everywhere.
constexpr std::size_t message_id_bytes_max = 700;
/// The same for keys, which are indexed.
constexpr std::size_t key_bytes_max = 700;
constexpr std::size_t key_bytes_kept = 500;

void check_id(Message const& message) {
  auto const size = message.id().size();
  if (size > 0 && size <= message_id_bytes_max) return;
  throw Error{Fault::malformed, "record: header 'ID' has " + std::to_string(size) +
                                    " bytes; it must have 1 to 700: no Tram relay published it"};
}

/// FNV-1a, 64 bits: the same in every process.
std::uint64_t fingerprint(std::string_view bytes) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (char const byte : bytes) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3ULL;
  }
  return hash;
}

/// Equal keys stay equal; that two others become equal costs only speed.
std::string shortened(std::string key) {
  if (key.size() <= key_bytes_max) return key;
  auto const hash = std::to_string(fingerprint(key));
  key.resize(key_bytes_kept);
  return key.append("~").append(hash);
}

std::vector<Message> read_messages(std::string_view value) {
  auto messages = decode_record_value(value);
  for (auto const& message : messages) check_id(message);
  return messages;
}

/// A multi-message has messages of several keys in a record that has the key of one of them.
std::string lane_key(Message const& message, std::string const& record_key, bool is_one_of_many) {
  auto const own = is_one_of_many ? message.partition_key() : std::nullopt;
  return own ? shortened(std::string{*own}) : record_key;
}

std::string place(IncomingMessage const& incoming) {
  return incoming.source.channel + ":" + std::to_string(incoming.source.partition) + ":" +
         to_string(incoming.position);
}

/// The value of the record that is held, which may stand there in base64.
std::vector<Message> read_held_record(std::string const& payload) {
  try {
    return read_messages(payload);
  } catch (Error const&) {
    auto const bytes = from_base64(payload);
    if (!bytes) throw;
    return read_messages(*bytes);
  }
}

/// Typed handlers name the place already, as far as the message knows it.
std::string described(std::string_view channel, std::string_view id, std::string_view what) {
  std::string const message = "channel '" + std::string{channel} + "', message '";
  auto place = message + std::string{id} + "'";
  for (auto const& named : {place, message + "without id'"}) {
    if (what.starts_with(named)) return place.append(what.substr(named.size()));
  }
  return place.append(": ").append(what);
}

IncomingMessage incoming_of(HeldMessage const& held, Message message) {
  return {.message = std::move(message),
          .subscriber_id = held.key.subscriber_id,
          .source = {.channel = held.key.channel, .partition = held.partition},
          .position = held.position,
          .key = held.key.key,
          .attempt = held.attempts + 1};
}

}  // namespace

std::vector<QueuedMessage> queued_messages(std::string_view subscriber_id, Delivery record) {
  auto const key = shortened(std::move(record.key));
  auto const item = [&](Message message, std::string message_key) {
    return QueuedMessage{.incoming = {.message = std::move(message),
                                      .subscriber_id = std::string{subscriber_id},
                                      .source = record.source,
                                      .position = record.position,
                                      .key = std::move(message_key)}};
  };
  std::vector<QueuedMessage> items;
  try {
    bool const many = is_multi_message(record.value);
    auto messages = read_messages(record.value);
    items.reserve(messages.size());
    for (auto& message : messages) {
      auto message_key = lane_key(message, key, many);
      items.push_back(item(std::move(message), std::move(message_key)));
    }
  } catch (Error const& error) {
    items.clear();
    items.push_back(item({.headers = {}, .payload = std::move(record.value)}, key));
    items.back().to_hold = true;
    items.back().reason = described(items.back().incoming, error.what());
  }
  return items;
}

std::string message_id(IncomingMessage const& incoming) {
  auto const id = incoming.message.headers.find(header::id);
  return id ? std::string{*id} : place(incoming);
}

std::string described(IncomingMessage const& incoming, std::string_view what) {
  return described(incoming.source.channel, message_id(incoming), what);
}

std::string described(HeldMessage const& held, std::string_view what) {
  return described(held.key.channel, held.message_id, what);
}

HeldKey held_key(IncomingMessage const& incoming) {
  return {.subscriber_id = incoming.subscriber_id,
          .channel = incoming.source.channel,
          .key = incoming.key};
}

HeldMessage held_message(QueuedMessage const& item, std::string reason) {
  auto held = held_message(item.incoming, std::move(reason));
  held.attempts = item.failures;
  return held;
}

HeldMessage held_message(IncomingMessage const& incoming, std::string reason) {
  auto const& message = incoming.message;
  HeldMessage held{.key = held_key(incoming),
                   .message_id = message_id(incoming),
                   .partition = incoming.source.partition,
                   .position = incoming.position,
                   .headers_json = {},
                   .payload = {},
                   .reason = std::move(reason)};
  bool const is_no_message = message.headers.empty();
  bool const is_storable = find_unstorable(message.payload) == std::string_view::npos;
  if (!is_no_message && is_storable) {
    held.headers_json = headers_to_json(message.headers);
    held.payload = message.payload;
  } else {
    held.headers_json = no_headers;
    held.payload = is_no_message ? message.payload : record_value(message);
  }
  return held;
}

std::vector<IncomingMessage> messages_of(HeldMessage const& held) {
  std::vector<IncomingMessage> messages;
  if (held.headers_json == no_headers) {
    for (auto& message : read_held_record(held.payload)) {
      messages.push_back(incoming_of(held, std::move(message)));
    }
  } else {
    messages.push_back(incoming_of(
        held, {.headers = headers_from_json(held.headers_json), .payload = held.payload}));
  }
  return messages;
}

}  // namespace tram
