#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "tram/commands/command.hpp"
#include "tram/commands/detail/command_dispatcher.hpp"
#include "tram/commands/detail/describe_command.hpp"
#include "tram/commands/endpoint.hpp"
#include "tram/commands/outcome.hpp"
#include "tram/messaging/handler_shape.hpp"
#include "tram/messaging/payload.hpp"
#include "tram/sql/transaction.hpp"
#include "tram/subscriber/subscription.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// The handlers of an endpoint's commands. Made by `handle_commands`; converts to a `Subscription`.
///
/// A message goes to the first handler that names its command and, if it asks for a path, matches
/// its resource; a later handler that no message could reach is rejected when it is added. The
/// answers are sent in the handler's transaction. A command without a handler, or one that cannot
/// be read, is malformed: it is held at once, and the others are not affected.
///
///     service.add(tram::handle_commands(customers::service, outbox)
///                     .on_resource("/customers/{id}", reserve_credit));
template <class... Taken>
class CommandHandlers final {
 public:
  explicit CommandHandlers(detail::CommandDispatcher dispatcher)
      : dispatcher_{std::move(dispatcher)} {}

  /// Handles one type of command, that of the handler's second parameter: `[&](Transaction& tx,
  /// Command<ReserveCredit> const& command) -> Outcome<ReserveCredit> { … }`, or returning nothing,
  /// which answers nothing. `operation` names the handler in documents.
  template <class Handler>
  CommandHandlers& on(std::string_view operation, Handler handler) {
    return add(operation, std::nullopt, std::move(handler));
  }
  template <class Handler>
  CommandHandlers& on(Handler handler) {
    return add("", std::nullopt, std::move(handler));
  }
  /// The same for commands about a resource whose path matches: `/customers/{id}`. Throws: the
  /// errors of `ResourcePattern`.
  template <class Handler>
  CommandHandlers& on_resource(std::string_view pattern, Handler handler) {
    return add("", ResourcePattern{pattern}, std::move(handler));
  }

  /// Handles one type of command without reading its payload, and answers with drafts.
  CommandHandlers& on_raw(WireType type, detail::RawCommandHandler handler) {
    dispatcher_.add({.names = {std::string{type.name}},
                     .resource = {},
                     .operation = {},
                     .payload = {.type = std::string{type.name}},
                     .replies = {},
                     .handle = std::move(handler)});
    return *this;
  }

  /// Answers `tram::Failure` where a command whose handler threw would be held: after
  /// `retry.attempts_max` attempts, or at once where the handler, or the payload, is `malformed`.
  CommandHandlers& answer_failure_when_exhausted() {
    dispatcher_.when_exhausted = detail::WhenExhausted::answer_failure;
    return *this;
  }
  /// Runs before the handler of each command, in its transaction and outside of its savepoint: what
  /// it writes stays when the handler refuses the command. It returns nothing to have the command
  /// handled, or the answers to give in its place; no answers when it keeps the command, to be
  /// handed over later (`HeldMessages::hand_over`). It throws as a handler does. There is one.
  ///
  ///     .guard([&](tram::Transaction& tx, tram::RawCommand const& command)
  ///                -> std::optional<std::vector<tram::ReplyDraft>> {
  ///       if (locks.claim(tx, command)) return std::nullopt;
  ///       stash.keep(tx, tram::held_message(command.incoming(), "its target is locked"));
  ///       return std::vector<tram::ReplyDraft>{};
  ///     })
  CommandHandlers& guard(CommandGuard guard) {
    dispatcher_.guard = std::move(guard);
    return *this;
  }
  CommandHandlers& options(SubscriptionOptions const& options) {
    dispatcher_.options = options;
    return *this;
  }
  CommandHandlers& intercept(std::shared_ptr<MessageInterceptor> interceptor) {
    dispatcher_.interceptors.push_back(std::move(interceptor));
    return *this;
  }

  operator Subscription() const {  // NOLINT(google-explicit-constructor): it is one
    return dispatcher_.subscription();
  }

 private:
  template <class Handler>
  CommandHandlers& add(std::string_view operation, std::optional<ResourcePattern> const& resource,
                       Handler handler) {
    static_assert(ShapedHandler<Handler>,
                  "tram: a handler of commands is called with (Transaction&, Command<C> const&), "
                  "and says so: no `auto` parameters");
    if constexpr (ShapedHandler<Handler>) {
      using Argument = typename HandlerShape<Handler>::Argument;
      static_assert(detail::is_command<Argument>,
                    "tram: the second parameter of a handler of commands is a Command<C> const&");
      if constexpr (detail::is_command<Argument>)
        add_route<typename detail::CommandInside<Argument>::Type>(operation, resource,
                                                                  std::move(handler));
    }
    return *this;
  }

  template <class C, class Handler>
  void add_route(std::string_view operation, std::optional<ResourcePattern> const& resource,
                 Handler handler) {
    using Result = typename HandlerShape<Handler>::Result;
    static_assert(Endpoint<Taken...>::template takes<C>,
                  "tram: this endpoint does not take this command: name it in the Endpoint<...>");
    static_assert(std::is_void_v<Result> || detail::is_outcome<Result, C>,
                  "tram: a handler of commands returns the Outcome of its command, or nothing: "
                  "write `-> Outcome<C>`");
    if constexpr (std::is_void_v<Result> || detail::is_outcome<Result, C>) {
      dispatcher_.add({.names = {wire_names<C>.begin(), wire_names<C>.end()},
                       .resource = resource,
                       .operation = std::string{operation},
                       .payload = describe_payload<C>(),
                       .replies = std::is_void_v<Result> ? std::vector<PayloadDescription>{}
                                                         : detail::describe_answers<C>(),
                       .handle = reading<C>(std::move(handler))});
    }
  }

  template <class C, class Handler>
  static decltype(detail::CommandRoute::handle) reading(Handler handler) {
    if (is_empty_handler(handler)) return {};
    return [handler = std::move(handler)](Transaction& tx,
                                          RawCommand const& raw) -> detail::Replies {
      Command<C> const command{raw, decode_payload<C>(raw.incoming(), raw.type(), raw.payload())};
      if constexpr (std::is_void_v<typename HandlerShape<Handler>::Result>)
        return handler(tx, command), detail::Replies{};
      else return handler(tx, command).replies();
    };
  }

  detail::CommandDispatcher dispatcher_;
};

/// Handles the commands of an endpoint:
///
///     tram::handle_commands(customers::service, outbox)
///         .on([&](Transaction& tx, Command<ReserveCredit> const& command)
///                 -> Outcome<ReserveCredit> {
///           if (!customers.find(tx, command->customer_id)) return CustomerNotFound{};
///           …
///           return CreditReserved{};
///         });
///
/// Answers go through `outbox`, which must outlive the subscription. `subscriber_id` names the
/// consumer group and the inbox rows, and never changes; it is the channel's name unless given.
template <class... Taken>
CommandHandlers<Taken...> handle_commands(Endpoint<Taken...> const& endpoint, Outbox const&& outbox,
                                          std::string_view subscriber_id = {}) = delete;
template <class... Taken>
CommandHandlers<Taken...> handle_commands(Endpoint<Taken...> const& endpoint, Outbox const& outbox,
                                          std::string_view subscriber_id = {}) {
  detail::CommandDispatcher dispatcher;
  dispatcher.channel = endpoint.channel.name;
  dispatcher.subscriber_id = subscriber_id.empty() ? endpoint.channel.name.view() : subscriber_id;
  dispatcher.outbox = &outbox;
  return CommandHandlers<Taken...>{std::move(dispatcher)};
}

}  // namespace tram

#pragma GCC visibility pop
