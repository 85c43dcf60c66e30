#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tram/base/detail/function.hpp"
#include "tram/commands/command.hpp"
#include "tram/commands/outcome.hpp"
#include "tram/commands/resource_path.hpp"
#include "tram/messaging/message_description.hpp"
#include "tram/subscriber/subscription.hpp"

#pragma GCC visibility push(default)

namespace tram {

class Outbox;

/// Runs before the handler of a command: see `CommandHandlers::guard`.
using CommandGuard = std::function<std::optional<std::vector<ReplyDraft>>(
    Transaction& tx, RawCommand const& command)>;

}  // namespace tram

namespace tram::detail {

using Replies = std::vector<ReplyDraft>;
using RawCommandHandler = std::function<Replies(Transaction& tx, RawCommand const& command)>;

/// What to do with one type of command.
struct CommandRoute {
  /// The current name first; then former ones.
  std::vector<std::string> names;
  std::optional<ResourcePattern> resource;
  std::string operation;
  PayloadDescription payload{};
  /// Empty: it is not answered.
  std::vector<PayloadDescription> replies{};
  RawCommandHandler handle;
};

/// When the handler threw as often as the subscription tries.
enum class WhenExhausted : std::uint8_t { hold, answer_failure };

/// All that a service does with the commands of an endpoint; becomes a subscription.
struct CommandDispatcher {
  std::string subscriber_id;
  std::string channel;
  Outbox const* outbox{};
  std::vector<CommandRoute> routes;
  CommandGuard guard;
  WhenExhausted when_exhausted{WhenExhausted::hold};
  SubscriptionOptions options;
  Interceptors interceptors;

  /// Rejected for a handler that no command could reach, behind those that are there.
  void add(CommandRoute route);
  [[nodiscard]] Subscription subscription() const;
  /// What the subscription handles.
  [[nodiscard]] std::vector<MessageDescription> descriptions() const;
  void dispatch(Transaction& tx, IncomingMessage const& incoming) const;

 private:
  struct Match {
    CommandRoute const& route;
    PathVariables variables;
  };
  [[nodiscard]] Match find(IncomingMessage const& incoming) const;
  [[nodiscard]] Replies run(CommandRoute const& route, Transaction& tx,
                            RawCommand const& command) const;
  [[nodiscard]] std::optional<Replies> guarded(Transaction& tx, RawCommand const& command) const;
  [[nodiscard]] bool answers_now(IncomingMessage const& incoming,
                                 std::exception const& trouble) const;
};

}  // namespace tram::detail

#pragma GCC visibility pop
