#include "tram/commands/commands.hpp"

#include "tram/base/error.hpp"
#include "tram/sql/transaction.hpp"
#include "tram/wire/header_names.hpp"

namespace tram::detail {
namespace {

// Contract: core 4.2. The caller's headers come first, so that ours win.
SendOptions options_for(CommandDraft const& draft, CommandOptions const& options) {
  SendOptions send{.partition_key = options.partition_key, .headers = options.headers};
  send.headers.set(header::command_destination, std::string{draft.channel});
  send.headers.set(header::command_type, std::string{draft.type});
  if (!options.reply_to.name.empty())
    send.headers.set(header::command_reply_to, std::string{options.reply_to.name});
  if (!options.resource.empty()) send.headers.set(header::command_resource, options.resource);
  return send;
}

// Contract: core 4.4. What correlates the reply wins over the reply's own headers.
SendOptions options_for(ReplyToken const& token, ReplyDraft const& reply) {
  SendOptions send{.headers = reply.headers};
  send.headers.set(header::reply_outcome, std::string{to_string(reply.outcome)});
  send.headers.set(header::reply_type, reply.type);
  for (auto const& [name, value] : token.reply_headers) send.headers.set(name, value);
  return send;
}

/// Tokens come back from where the application stored them.
void require_request(ReplyToken const& token) {
  if (token.reply_headers.contains(std::string{header::reply_to_message_id})) return;
  throw Error{Fault::malformed,
              "reply token for channel '" + *token.reply_channel +
                  "': header 'reply_to_message_id' is missing, so nobody could "
                  "tell what is answered; store the token as the command gave it"};
}

}  // namespace

void require_reply_channel(CommandOptions const& options, std::string_view command) {
  if (!options.reply_to.name.empty()) return;
  throw Error{Fault::rejected, "command '" + std::string{command} +
                                   "': send() needs reply_to; notify() sends a command that is "
                                   "not answered"};
}
void refuse_reply_channel(CommandOptions const& options, std::string_view command) {
  if (options.reply_to.name.empty() && !options.headers.contains(header::command_reply_to)) return;
  throw Error{Fault::rejected, "command '" + std::string{command} +
                                   "': a notification is not answered; use send() where an answer "
                                   "is to come to a reply_to"};
}

std::string send_command(Outbox const& outbox, StatementExecutor& tx, CommandDraft draft,
                         CommandOptions const& options) {
  return outbox.send(tx, draft.channel, Message{.headers = {}, .payload = std::move(draft.payload)},
                     options_for(draft, options));
}
void send_replies(Outbox const& outbox, StatementExecutor& tx, ReplyToken const& token,
                  std::vector<ReplyDraft> const& replies) {
  if (!token.reply_channel) return;
  require_request(token);
  for (auto const& reply : replies)
    outbox.send(tx, *token.reply_channel, Message{.headers = {}, .payload = reply.payload},
                options_for(token, reply));
}

}  // namespace tram::detail
