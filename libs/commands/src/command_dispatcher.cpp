#include "tram/commands/detail/command_dispatcher.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "tram/base/error.hpp"
#include "tram/commands/commands.hpp"
#include "tram/commands/detail/describe_command.hpp"
#include "tram/messaging/payload.hpp"
#include "tram/sql/transaction.hpp"
#include "tram/subscriber/dispatching.hpp"
#include "tram/wire/header_names.hpp"
#include "tram/wire/name_text.hpp"

namespace tram::detail {
namespace {

std::string unknown(IncomingMessage const& incoming, std::string const& type) {
  auto text = place_of(incoming) + ": no handler for command '" + type + '\'';
  if (auto const resource = incoming.message.headers.find(header::command_resource))
    text += " about '" + std::string{*resource} + '\'';
  return text + "; deploy a service that knows it, or drop the message";
}

bool failed(Replies const& replies) {
  return std::ranges::any_of(
      replies, [](ReplyDraft const& reply) { return reply.outcome == ReplyOutcome::failure; });
}

Replies plain_failure() {
  return {{.outcome = ReplyOutcome::failure,
           .type = std::string{plain_reply_type::failure},
           .payload = "{}"}};
}

// As subscriptions count: what is malformed is not tried again, what is only away is no attempt.
bool was_last_attempt(std::exception const& trouble, int attempt, int attempts_max) {
  auto const* const error = dynamic_cast<Error const*>(&trouble);
  if (error != nullptr && error->fault() == Fault::malformed) return true;
  return (error == nullptr || error->fault() == Fault::rejected) && attempt >= attempts_max;
}

/// Within a handler of what the command's own handler threw. Where that ended the whole transaction
/// there is nothing to answer in, and what it threw is what counts.
void undo(Savepoint& savepoint) {
  auto const thrown = std::current_exception();
  try {
    savepoint.roll_back();
  } catch (Error const& error) {
    if (error.fault() == Fault::conflict || error.fault() == Fault::rejected)
      std::rethrow_exception(thrown);
    throw;
  }
}

bool takes_all_of(CommandRoute const& first, CommandRoute const& later) {
  if (std::ranges::find_first_of(first.names, later.names) == first.names.end()) return false;
  return !first.resource || (later.resource && first.resource->covers(*later.resource));
}

}  // namespace

void CommandDispatcher::add(CommandRoute route) {
  auto const refuse = [&](std::string const& why) {
    throw Error{Fault::rejected, "commands of '" + channel + "': the handler of '" +
                                     route.names.front() + "' " + why};
  };
  for (auto const& name : route.names) {
    if (!problem_of_name(name).empty())
      refuse("handles nothing: its type " + problem_of_name(name));
  }
  if (!route.handle) refuse("is empty; give it a function");
  if (std::ranges::any_of(routes, [&](auto const& first) { return takes_all_of(first, route); })) {
    refuse("is the second one for the same commands and would never be called; register one for "
           "each type and path, those with a path first");
  }
  routes.push_back(std::move(route));
}

Subscription CommandDispatcher::subscription() const { return subscription_of(*this, {channel}); }

std::vector<MessageDescription> CommandDispatcher::descriptions() const {
  std::vector<MessageDescription> result;
  for (auto const& route : routes) {
    result.push_back(describe_command(
        MessageDescription::Direction::receives, channel, route.payload,
        route.operation.empty() ? subscriber_id + "." + route.names.front() : route.operation,
        route.replies));
  }
  return result;
}

void CommandDispatcher::dispatch(Transaction& tx, IncomingMessage const& incoming) const {
  auto match = find(incoming);
  RawCommand command{incoming, match.route.names.front(), std::move(match.variables)};
  Headers reply_headers;
  command.reply_headers_ = &reply_headers;
  auto instead = guarded(tx, command);
  auto const replies = instead ? *std::move(instead) : run(match.route, tx, command);
  send_replies(*outbox, tx, command.reply_token(), replies);
}

CommandDispatcher::Match CommandDispatcher::find(IncomingMessage const& incoming) const {
  auto const& type = require_header(incoming, header::command_type);
  auto const resource = incoming.message.headers.find(header::command_resource);
  for (auto const& route : routes) {
    if (std::ranges::find(route.names, type) == route.names.end()) continue;
    if (!route.resource) return {route, {}};
    auto variables = resource ? route.resource->match(*resource) : std::nullopt;
    if (variables) return {route, std::move(*variables)};
  }
  throw Error{Fault::malformed, unknown(incoming, type)};
}

/// It has a savepoint too, so that nothing of one that threw stays behind the answer.
std::optional<Replies> CommandDispatcher::guarded(Transaction& tx,
                                                  RawCommand const& command) const {
  if (!guard) return std::nullopt;
  Savepoint savepoint{tx};
  try {
    auto instead = guard(tx, command);
    savepoint.release();
    return instead;
  } catch (std::exception const& trouble) {
    if (!answers_now(command.incoming(), trouble)) throw;
    undo(savepoint);
    return plain_failure();
  }
}

// The inbox row lies outside the savepoint, and so do the replies.
Replies CommandDispatcher::run(CommandRoute const& route, Transaction& tx,
                               RawCommand const& command) const {
  Savepoint savepoint{tx};
  std::optional<Replies> replies;
  try {
    replies = route.handle(tx, command);
    if (!failed(*replies)) savepoint.release();
  } catch (std::exception const& trouble) {
    if (!answers_now(command.incoming(), trouble)) throw;
    undo(savepoint);
    return plain_failure();
  }
  if (failed(*replies)) savepoint.roll_back();
  return *std::move(replies);
}

bool CommandDispatcher::answers_now(IncomingMessage const& incoming,
                                    std::exception const& trouble) const {
  return when_exhausted == WhenExhausted::answer_failure &&
         was_last_attempt(trouble, incoming.attempt, options.retry.attempts_max);
}

}  // namespace tram::detail
