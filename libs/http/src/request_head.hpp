#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "tram/http/message.hpp"

namespace tram::http {

/// Why a request gets no handler: an answer after which the connection is closed, since what
/// follows on it cannot be told.
struct Refusal {
  int status{400};
  std::string why;
};

/// A request up to its body.
struct RequestHead {
  /// Without path, parameters and body.
  Request request;
  /// As it was sent.
  std::string raw_path;
  bool malformed_query{};
  std::uint64_t content_length{};
  bool chunked{};
  /// The client may send another one behind it.
  bool keeps_connection{true};
  bool expects_continue{};
};

/// The text of a head, up to and with its empty line. Strict where two readers could disagree about
/// where the request ends, as a proxy in front of this server is another reader: lines end in CRLF,
/// names end at their colon, there is one host, and one thing tells the body's size.
std::variant<RequestHead, Refusal> parse_head(std::string_view text);

/// A field's value or a line of its own may hold these bytes only.
bool is_field_text(std::string_view text) noexcept;

}  // namespace tram::http
