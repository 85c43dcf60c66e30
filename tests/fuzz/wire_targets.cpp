#include <array>
#include <string>

#include "promise.hpp"
#include "targets.hpp"
#include "tram/base/base64.hpp"
#include "tram/json/json.hpp"
#include "tram/json/value.hpp"
#include "tram/wire/channel_name.hpp"
#include "tram/wire/headers_json.hpp"
#include "tram/wire/http_date.hpp"
#include "tram/wire/id_text.hpp"
#include "tram/wire/int128.hpp"
#include "tram/wire/multi_message.hpp"
#include "tram/wire/record.hpp"
#include "tram/wire/storable_text.hpp"

namespace tram::fuzz {
namespace {

void json_text(std::string_view bytes) {
  reading([&] {
    auto const value = json::decode<json::Value>(bytes);
    auto const text = json::encode(value);
    promise(json::decode<json::Value>(text) == value, "JSON comes back as it was");
  });
}

void headers(std::string_view bytes) {
  reading([&] {
    auto const read = headers_from_json(bytes);
    auto const text = headers_to_json(read);
    promise(headers_to_json(headers_from_json(text)) == text, "headers come back as they were");
  });
}

void record(std::string_view bytes) {
  reading([&] {
    for (auto const& message : decode_record_value(bytes)) {
      auto const value = record_value(message);
      promise(record_value(parse_record(value)) == value, "a record comes back as it was");
    }
  });
  reading([&] { (void)parse_record(bytes); });
}

void multi_message(std::string_view bytes) {
  reading([&] {
    auto const batch = decode_multi_message(bytes);
    promise(is_multi_message(bytes), "what decodes is one");
    auto const text = encode_multi_message(batch);
    promise(decode_multi_message(text) == batch, "a batch comes back as it was");
    (void)multi_message_size(batch);
  });
}

/// Headers and payload, apart at the first NUL.
void row(std::string_view bytes) {
  auto const middle = std::min(bytes.find('\0'), bytes.size());
  reading([&] {
    auto const made = relay_record({.headers_json = bytes.substr(0, middle),
                                    .payload = bytes.substr(std::min(middle + 1, bytes.size())),
                                    .database_id = Int128{.high = 1, .low = 2}});
    promise(!decode_record_value(made.value).empty(), "what a relay makes can be read");
  });
}

void ids(std::string_view bytes) {
  reading([&] {
    auto const id = Int128::parse(bytes);
    promise(Int128::parse(id.to_string()) == id, "an id comes back as it was");
  });
  reading([&] {
    auto const number = detail::parse_signed_id(bytes);
    promise(detail::parse_signed_id(std::to_string(number)) == number, "a number is itself");
  });
  reading([&] { (void)detail::parse_unsigned_id(bytes); });
}

void dates(std::string_view bytes) {
  reading([&] {
    auto const time = parse_http_date(bytes);
    promise(parse_http_date(http_date(time)) == time, "a date comes back as it was");
  });
}

void names(std::string_view bytes) {
  reading([&] { check_channel_name(bytes); });
  promise(find_unstorable(bytes) <= find_no_utf8(bytes), "what is no UTF-8 cannot be stored");
}

constexpr std::array all{Target{"json", json_text}, Target{"headers", headers},
                         Target{"record", record},  Target{"multi_message", multi_message},
                         Target{"row", row},        Target{"ids", ids},
                         Target{"dates", dates},    Target{"names", names}};

}  // namespace

std::span<Target const> wire_targets() { return all; }

}  // namespace tram::fuzz
