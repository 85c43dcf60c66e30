#include "sendable.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "tram/base/error.hpp"
#include "tram/base/json_text.hpp"
#include "tram/wire/channel_name.hpp"
#include "tram/wire/header_names.hpp"
#include "tram/wire/name_text.hpp"
#include "tram/wire/storable_text.hpp"

namespace tram {
namespace {

/// A header whose value names something: receivers look it up, keep it in a column, or send to it.
struct NamingHeader {
  std::string_view name;
  std::string_view names;
};

constexpr std::array<NamingHeader, 13> naming_headers{
    {{header::partition_id, "partition key"},
     {header::event_type, "event type"},
     {header::event_aggregate_type, "aggregate type"},
     {header::event_aggregate_id, "aggregate id"},
     {header::command_type, "command type"},
     {header::command_destination, "channel of the command"},
     {header::command_reply_to, "reply channel"},
     {header::command_resource, "resource"},
     {header::command_saga_type, "saga type"},
     {header::command_saga_id, "saga id"},
     {header::reply_type, "reply type"},
     {header::reply_outcome, "outcome"},
     {header::reply_to_message_id, "id of the command that is answered"}}};

/// The name itself may be what cannot be shown.
std::string readable(std::string_view name) {
  constexpr std::size_t shown_max = 100;
  std::string text;
  json::append_escaped(text, name.substr(0, shown_max));
  return text;
}

std::string named(Header const& header) { return "header '" + readable(header.name) + "'"; }

[[noreturn]] void refuse_text(Message const& message, std::string_view text, std::size_t at,
                              std::string const& where) {
  refuse_message(message, std::string{text[at] == '\0' ? "has a NUL" : "has no UTF-8"} + " in " +
                              where + ", at byte " + std::to_string(at + 1) +
                              "; send text, and other bytes as Base64");
}

void check_header_name(Message const& message, Header const& header) {
  auto const problem = problem_of_name(header.name);
  if (problem.empty()) return;
  if (header.name.empty()) refuse_message(message, "has a header without a name; give it one");
  auto const at = find_no_utf8(header.name);
  if (at != std::string_view::npos) {
    refuse_text(message, header.name, at, "the name of " + named(header));
  }
  refuse_message(message, "has a header whose name " + problem + ": '" + readable(header.name) +
                              "'; give it another");
}

/// Headers are stored as JSON, which writes a NUL as an escape.
void check_header_value(Message const& message, Header const& header) {
  auto const at = find_no_utf8(header.value);
  if (at != std::string_view::npos) refuse_text(message, header.value, at, named(header));
}

void check_payload(Message const& message) {
  auto const at = find_unstorable(message.payload);
  if (at != std::string_view::npos) refuse_text(message, message.payload, at, "its payload");
}

void check_naming_header(Message const& message, Header const& header) {
  auto const known = std::ranges::find(naming_headers, header.name, &NamingHeader::name);
  if (known == naming_headers.end()) return;
  auto const problem = problem_of_name(header.value);
  if (problem.empty()) return;
  refuse_message(message, "has a name that no receiver can use: its " + std::string{known->names} +
                              " (" + named(header) + ") " + problem + "; give another");
}

/// Who answers sends to it, under the same rules.
void check_reply_channel(Message const& message, NameMapping const& mapping) {
  auto const channel = message.headers.find(header::command_reply_to);
  if (!channel) return;
  try {
    check_destination(mapped(mapping, *channel));
  } catch (Error const& error) {
    refuse_message(message, "could never be answered, for its reply channel (header '" +
                                std::string{header::command_reply_to} + "'): " + error.what());
  }
}

}  // namespace

void refuse_message(Message const& message, std::string const& state) {
  throw Error{Fault::rejected, "outbox: a message to '" + message.destination() + "' " + state};
}

void require_sendable(Message const& message, NameMapping const& mapping) {
  check_destination(message.destination());
  if (message.headers.contains(header::id)) {
    refuse_message(message,
                   "has a header 'ID' already; remove it, every message sent gets its own");
  }
  for (auto const& header : message.headers) {
    check_header_name(message, header);
    check_naming_header(message, header);
    check_header_value(message, header);
  }
  check_reply_channel(message, mapping);
  check_payload(message);
}

}  // namespace tram
