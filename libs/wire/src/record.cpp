#include "tram/wire/record.hpp"

#include <utility>

#include "header_reader.hpp"
#include "tram/base/json_text.hpp"
#include "tram/wire/headers_json.hpp"
#include "tram/wire/multi_message.hpp"

namespace tram {
namespace {

Message read_message(json::Reader& reader) {
  std::optional<std::string> payload;
  std::optional<Headers> headers;
  reader.enter_object();
  while (auto const name = reader.next_member()) {
    if (*name == "payload") {
      payload = read_text(reader);
    } else if (*name == "headers") {
      headers = read_headers(reader);
    }
  }
  if (!payload) reader.fail("expected a member 'payload' with a string");
  if (!headers) reader.fail("expected a member 'headers' with an object");
  return {.headers = *std::move(headers), .payload = *std::move(payload)};
}

/// Which of several messages a problem lies in.
Message parse_entry(std::string_view value, std::size_t place) {
  try {
    return parse_record(value);
  } catch (Error const& error) {
    throw Error{error.fault(),
                "multi-message: message " + std::to_string(place) + ": " + error.what()};
  }
}

}  // namespace

std::string record_value(Message const& message) {
  std::string value{R"({"payload":)"};
  json::append_string(value, message.payload);
  value.append(R"(,"headers":)");
  append_headers_json(value, message.headers);
  value.push_back('}');
  return value;
}

Message parse_record(std::string_view value) {
  return read_whole("record", value,
                    R"(a record is {"payload":"…","headers":{…}}; no Tram relay published it)",
                    read_message);
}

std::vector<Message> decode_record_value(std::string_view value) {
  std::vector<Message> messages;
  if (!is_multi_message(value)) {
    messages.push_back(parse_record(value));
    return messages;
  }
  for (auto const& entry : decode_multi_message(value).messages) {
    messages.push_back(parse_entry(entry.value, messages.size() + 1));
  }
  return messages;
}

}  // namespace tram
