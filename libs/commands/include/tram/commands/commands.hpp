#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tram/commands/endpoint.hpp"
#include "tram/commands/outcome.hpp"
#include "tram/commands/reply_token.hpp"
#include "tram/json/json.hpp"
#include "tram/outbox/outbox.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// How one command is sent.
struct CommandOptions {
  /// Where the answer goes, before mapping.
  Channel reply_to{};
  /// The path of the resource, for handlers that ask for it: see `resource_path`.
  std::string resource{};
  /// Commands to a channel with the same key keep their order; without one a random key, and so no
  /// order.
  std::optional<std::string> partition_key{};
  /// Those that begin with `command_` come back in the answer, with `commandreply_` instead.
  Headers headers{};
};

/// A command on its way.
struct SentCommand {
  /// What `Reply::in_reply_to` will say.
  std::string message_id;
};

namespace detail {

/// A command before its headers are put together.
struct CommandDraft {
  std::string_view channel;
  std::string_view type;
  std::string payload;
};

template <class... Taken, class Command>
CommandDraft draft_of(Endpoint<Taken...> const& endpoint, Command const& command) {
  static_assert(Endpoint<Taken...>::template takes<Command>,
                "tram: this endpoint does not take this command: name it in the Endpoint<...>");
  return {.channel = endpoint.channel.name,
          .type = wire_names<Command>[0],
          .payload = json::encode(command)};
}

// Throw rejected.
void require_reply_channel(CommandOptions const& options, std::string_view command);
void refuse_reply_channel(CommandOptions const& options, std::string_view command);
std::string send_command(Outbox const& outbox, StatementExecutor& tx, CommandDraft draft,
                         CommandOptions const& options);
void send_replies(Outbox const& outbox, StatementExecutor& tx, ReplyToken const& token,
                  std::vector<ReplyDraft> const& replies);

}  // namespace detail

/// Sends commands to other services, in the caller's transaction. A value; callable from any
/// thread. All calls may wait, and throw what `Outbox::send` does.
///
///     tram::Commands const commands{outbox};
///     auto const sent = commands.send(tx, customers::service, ReserveCredit{customer, amount},
///                                     {.reply_to = order_replies});
class Commands final {
 public:
  /// `outbox` must outlive it.
  explicit Commands(Outbox const& outbox) : outbox_{&outbox} {}
  explicit Commands(Outbox const&& outbox) = delete;

  /// Sends a command that is answered to `options.reply_to`. Without one: rejected.
  template <class Executor, class... Taken, class Command>
  SentCommand send(Executor&& tx, Endpoint<Taken...> const& endpoint, Command const& command,
                   CommandOptions const& options) const {
    detail::require_reply_channel(options, wire_names<Command>[0]);
    return {detail::send_command(*outbox_, tx, detail::draft_of(endpoint, command), options)};
  }

  /// Sends a command without an answer. With a `reply_to`, or a header that is one: rejected.
  template <class Executor, class... Taken, class Command>
  SentCommand notify(Executor&& tx, Endpoint<Taken...> const& endpoint, Command const& command,
                     CommandOptions const& options = {}) const {
    detail::refuse_reply_channel(options, wire_names<Command>[0]);
    return {detail::send_command(*outbox_, tx, detail::draft_of(endpoint, command), options)};
  }

  /// Answers a command whose token was kept: `commands.reply<ReserveCredit>(tx, token,
  /// CreditReserved{})`. Does nothing when no reply was wanted. A receiver that no longer waits
  /// skips or holds the answer. Malformed: the token does not say which command it answers.
  template <class Command, class Executor>
  void reply(Executor&& tx, ReplyToken const& token, Outcome<Command> const& outcome) const {
    detail::send_replies(*outbox_, tx, token, outcome.replies());
  }

 private:
  Outbox const* outbox_;
};

}  // namespace tram

#pragma GCC visibility pop
