#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "tram/commands/outcome.hpp"
#include "tram/messaging/incoming_message.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// The headers of an answer to a command, before its payload is read. Refers to the message; valid
/// while the handler runs.
///
///     if (reply.outcome() == tram::ReplyOutcome::failure) cancel(tx, reply.in_reply_to());
class RawReply {
 public:
  /// Malformed: a header of a reply is missing, or its outcome is neither of the two.
  explicit RawReply(IncomingMessage const& incoming);
  explicit RawReply(IncomingMessage const&& incoming) = delete;

  /// The answer's wire name.
  [[nodiscard]] std::string const& type() const { return *type_; }
  [[nodiscard]] ReplyOutcome outcome() const { return outcome_; }
  /// The message id of the command: `SentCommand::message_id`.
  [[nodiscard]] std::string const& in_reply_to() const { return *in_reply_to_; }
  [[nodiscard]] std::string const& message_id() const { return incoming_->message.id(); }
  [[nodiscard]] std::string const& payload() const { return incoming_->message.payload; }
  [[nodiscard]] Message const& message() const { return incoming_->message; }
  [[nodiscard]] IncomingMessage const& incoming() const { return *incoming_; }
  /// The value, valid as long as the message; nothing when absent.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const {
    return incoming_->header(name);
  }

 private:
  IncomingMessage const* incoming_;
  std::string const* type_;
  std::string const* in_reply_to_;
  ReplyOutcome outcome_;
};

/// An answer with its payload: `reply->shortfall`.
///
///     .on([](tram::Transaction& tx, tram::Reply<CreditReserved> const& reply) {
///       approve(tx, reply.in_reply_to());
///     })
template <class R>
class Reply final : public RawReply {
 public:
  Reply(RawReply const& raw, R reply) : RawReply{raw}, reply_{std::move(reply)} {}

  [[nodiscard]] R const& operator*() const { return reply_; }
  [[nodiscard]] R const* operator->() const { return &reply_; }

 private:
  R reply_;
};

namespace detail {

template <class T>
inline constexpr bool is_reply = false;
template <class R>
inline constexpr bool is_reply<Reply<R>> = true;
template <class T>
struct ReplyInside;
template <class R>
struct ReplyInside<Reply<R>> {
  using Type = R;
};

}  // namespace detail
}  // namespace tram

#pragma GCC visibility pop
