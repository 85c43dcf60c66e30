#include "tram/events/event_publisher.hpp"

#include "tram/wire/header_names.hpp"

namespace tram {

// Contract: core 3.1. The caller's headers come first, so that ours win.
SendOptions EventPublisher::options_for(detail::EventDraft const& draft,
                                        Headers const& headers) const {
  SendOptions options{.partition_key = std::string{draft.aggregate_id}, .headers = headers};
  options.headers.erase(header::partition_id);
  auto type = names_.outgoing ? names_.outgoing(draft.aggregate_type, draft.event_type)
                              : std::string{draft.event_type};
  options.headers.set(header::event_type, std::move(type));
  options.headers.set(header::event_aggregate_type, std::string{draft.aggregate_type});
  options.headers.set(header::event_aggregate_id, std::string{draft.aggregate_id});
  if (draft.version != 0) options.headers.set(header::event_version, std::to_string(draft.version));
  return options;
}

std::string EventPublisher::send(StatementExecutor& tx, detail::EventDraft draft,
                                 Headers const& headers) const {
  return outbox_->send(tx, draft.aggregate_type,
                       Message{.headers = {}, .payload = std::move(draft.payload)},
                       options_for(draft, headers));
}

std::string EventPublisher::send(Transaction& tx, detail::EventDraft draft,
                                 Headers const& headers) const {
  return outbox_->send(tx, draft.aggregate_type,
                       Message{.headers = {}, .payload = std::move(draft.payload)},
                       options_for(draft, headers));
}

}  // namespace tram
