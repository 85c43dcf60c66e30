#include "tram/events/event_publisher.hpp"

#include <utility>

#include "tram/sql/transaction.hpp"
#include "tram/wire/header_names.hpp"

namespace tram {
namespace {

/// Those of an event, with the ones that the outbox sets.
constexpr std::size_t usual_header_count = 8;

}  // namespace

// Contract: core 3.1. The caller's headers come first, so that ours win.
Message EventPublisher::message_of(detail::EventDraft& draft, Headers const& headers) const {
  Message message{.headers = {}, .payload = std::move(draft.payload)};
  message.headers.reserve(headers.size() + usual_header_count);
  for (auto const& [name, value] : headers) message.headers.set(name, value);
  auto type = names_.outgoing ? names_.outgoing(draft.aggregate_type, draft.event_type)
                              : std::string{draft.event_type};
  message.headers.set(header::event_type, std::move(type));
  message.headers.set(header::event_aggregate_type, std::string{draft.aggregate_type});
  message.headers.set(header::event_aggregate_id, std::string{draft.aggregate_id});
  if (draft.version != 0) message.headers.set(header::event_version, std::to_string(draft.version));
  return message;
}

std::string EventPublisher::send(StatementExecutor& tx, detail::EventDraft draft,
                                 Headers const& headers) const {
  return outbox_->send(tx, draft.aggregate_type, message_of(draft, headers),
                       {.partition_key = std::string{draft.aggregate_id}});
}

std::vector<std::string> EventPublisher::send_all(StatementExecutor& tx,
                                                  std::vector<detail::EventDraft> drafts,
                                                  Headers const& headers) const {
  std::vector<OutgoingMessage> messages;
  messages.reserve(drafts.size());
  for (auto& draft : drafts) {
    messages.push_back({.channel = std::string{draft.aggregate_type},
                        .message = message_of(draft, headers),
                        .options = {.partition_key = std::string{draft.aggregate_id}}});
  }
  return outbox_->send_all(tx, std::move(messages));
}

}  // namespace tram
