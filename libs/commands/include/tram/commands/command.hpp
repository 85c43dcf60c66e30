#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "tram/commands/resource_path.hpp"
#include "tram/messaging/incoming_message.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// In tram/commands/reply_token.hpp.
struct ReplyToken;
namespace detail {
struct CommandDispatcher;
}  // namespace detail

/// The headers of a command, before its payload is read. Refers to the message; valid while the
/// handler runs.
///
///     auto const customer = command.path_variable_as<CustomerId>("id");
///     store(tx, command.reply_token());  // to answer later
class RawCommand {
 public:
  /// `type` is the name that the handler is registered by. Malformed: header `ID` is missing.
  RawCommand(IncomingMessage const& incoming, std::string_view type, PathVariables variables);
  RawCommand(IncomingMessage const&& incoming, std::string_view type,
             PathVariables variables) = delete;

  [[nodiscard]] std::string_view type() const { return type_; }
  [[nodiscard]] std::string const& message_id() const { return *message_id_; }
  [[nodiscard]] std::string const& payload() const { return incoming_->message.payload; }
  [[nodiscard]] Message const& message() const { return incoming_->message; }
  [[nodiscard]] IncomingMessage const& incoming() const { return *incoming_; }
  /// The value, valid as long as the message; nothing when absent.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const {
    return incoming_->header(name);
  }

  /// A variable of the path that the handler is registered for. Any other name: rejected.
  [[nodiscard]] std::string const& path_variable(std::string_view name) const;
  /// The same as an id or integer. Malformed: the text is no such integer.
  template <class AnyId>
  [[nodiscard]] AnyId path_variable_as(std::string_view name) const {
    return parse_id<AnyId>(path_variable(name));
  }

  /// Adds a header to every answer to this command, also to a failure, and to tokens that are made
  /// from now on. Throws: rejected, for a command that no `CommandHandlers` are handling.
  void add_reply_header(std::string_view name, std::string_view value) const;

  /// What is needed to answer later, with `Commands::reply`. The handler then returns `no_reply`.
  [[nodiscard]] ReplyToken reply_token() const;

 private:
  friend struct detail::CommandDispatcher;

  IncomingMessage const* incoming_;
  std::string_view type_;
  std::string const* message_id_;
  PathVariables variables_;
  /// The dispatcher's, one for all copies.
  Headers* reply_headers_{};
};

/// A command with its payload: `command->customer_id`.
///
///     .on([](tram::Transaction& tx, tram::Command<ReserveCredit> const& command) {
///       reserve(tx, command->customer_id);
///     })
template <class C>
class Command final : public RawCommand {
 public:
  Command(RawCommand const& raw, C command) : RawCommand{raw}, command_{std::move(command)} {}

  [[nodiscard]] C const& operator*() const { return command_; }
  [[nodiscard]] C const* operator->() const { return &command_; }

 private:
  C command_;
};

namespace detail {

template <class T>
inline constexpr bool is_command = false;
template <class C>
inline constexpr bool is_command<Command<C>> = true;
template <class T>
struct CommandInside;
template <class C>
struct CommandInside<Command<C>> {
  using Type = C;
};

}  // namespace detail
}  // namespace tram

#pragma GCC visibility pop
