#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tram/commands/endpoint.hpp"
#include "tram/messaging/describe_payload.hpp"
#include "tram/messaging/message_description.hpp"
#include "tram/wire/header_names.hpp"

#pragma GCC visibility push(default)

namespace tram::detail {

template <class... Answers>
std::vector<PayloadDescription> describe_all(std::variant<Answers...> const* /*answers*/) {
  return {describe_payload<Answers>()...};
}

template <class C>
std::vector<PayloadDescription> describe_answers() {
  return describe_all(static_cast<AnyAnswerTo<C> const*>(nullptr));
}

/// `replies` empty: it is not answered.
inline MessageDescription describe_command(MessageDescription::Direction direction,
                                           std::string_view channel, PayloadDescription payload,
                                           std::string operation,
                                           std::vector<PayloadDescription> replies) {
  MessageDescription description{.direction = direction,
                                 .channel = std::string{channel},
                                 .payload = std::move(payload),
                                 .operation = std::move(operation),
                                 .replies = std::move(replies)};
  description.headers = {{std::string{header::command_type}, description.payload.type}};
  if (!description.replies.empty()) description.reply_to_header = header::command_reply_to;
  return description;
}

}  // namespace tram::detail

#pragma GCC visibility pop
