#include "tram/commands/reply.hpp"

#include "tram/base/error.hpp"
#include "tram/messaging/payload.hpp"
#include "tram/wire/header_names.hpp"

namespace tram {
namespace {

ReplyOutcome outcome_of(IncomingMessage const& incoming) {
  auto const& text = require_header(incoming, header::reply_outcome);
  if (text == reply_outcome::success) return ReplyOutcome::success;
  if (text == reply_outcome::failure) return ReplyOutcome::failure;
  throw Error{Fault::malformed, place_of(incoming) + ": header 'reply_outcome-type' is '" +
                                    text.substr(0, 100) + "', expected SUCCESS or FAILURE"};
}

}  // namespace

RawReply::RawReply(IncomingMessage const& incoming)
    : incoming_{&incoming},
      type_{&require_header(incoming, header::reply_type)},
      in_reply_to_{&require_header(incoming, header::reply_to_message_id)},
      outcome_{outcome_of(incoming)} {}

}  // namespace tram
