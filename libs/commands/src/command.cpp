#include "tram/commands/command.hpp"

#include "tram/base/error.hpp"
#include "tram/commands/reply_token.hpp"
#include "tram/messaging/payload.hpp"
#include "tram/wire/header_names.hpp"

namespace tram {

RawCommand::RawCommand(IncomingMessage const& incoming, std::string_view type,
                       PathVariables variables)
    : incoming_{&incoming},
      type_{type},
      message_id_{&require_header(incoming, header::id)},
      variables_{std::move(variables)} {}

std::string const& RawCommand::path_variable(std::string_view name) const {
  auto const* const value = variables_.find(name);
  if (value != nullptr) return *value;
  throw Error{Fault::rejected, place_of(*incoming_) + ": the path of the handler of '" +
                                   std::string{type_} + "' has no variable '" + std::string{name} +
                                   "'; name it in on_resource"};
}

void RawCommand::add_reply_header(std::string_view name, std::string_view value) const {
  if (reply_headers_ == nullptr) {
    throw Error{Fault::rejected, place_of(*incoming_) + ": reply header '" + std::string{name} +
                                     "' cannot be added, since no handler of an endpoint handles "
                                     "the command; send it with the reply"};
  }
  reply_headers_->set(name, std::string{value});
}

// Contract: core 4.1. Every header of the prefix comes back; the type as the handler knows it.
ReplyToken RawCommand::reply_token() const {
  ReplyToken token;
  for (auto const& [name, value] : message().headers) {
    if (!name.starts_with(header::command_prefix)) continue;
    token.reply_headers[std::string{header::command_reply_prefix} +
                        name.substr(header::command_prefix.size())] = value;
  }
  if (reply_headers_ != nullptr) {
    for (auto const& [name, value] : *reply_headers_) token.reply_headers[name] = value;
  }
  token.reply_headers[std::string{header::command_reply_type}] = type_;
  token.reply_headers[std::string{header::reply_to_message_id}] = *message_id_;
  if (auto const channel = message().headers.find(header::command_reply_to))
    token.reply_channel = *channel;
  return token;
}

}  // namespace tram
