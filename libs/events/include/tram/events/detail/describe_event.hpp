#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "tram/messaging/message_description.hpp"
#include "tram/wire/header_names.hpp"

#pragma GCC visibility push(default)

namespace tram::detail {

inline MessageDescription describe_event(MessageDescription::Direction direction,
                                         std::string_view aggregate_type,
                                         PayloadDescription payload, std::string operation) {
  MessageDescription description{.direction = direction,
                                 .channel = std::string{aggregate_type},
                                 .payload = std::move(payload),
                                 .operation = std::move(operation)};
  description.headers = {{std::string{header::event_type}, description.payload.type},
                         {std::string{header::event_aggregate_type}, description.channel},
                         {std::string{header::event_aggregate_id}, {}}};
  return description;
}

}  // namespace tram::detail

#pragma GCC visibility pop
