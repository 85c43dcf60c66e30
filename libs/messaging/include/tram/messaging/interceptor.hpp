#pragma once

#include <exception>
#include <string_view>
#include <vector>

#include "tram/base/detail/function.hpp"
#include "tram/base/detail/memory.hpp"
#include "tram/messaging/incoming_message.hpp"
#include "tram/wire/message.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Sees every message that is sent, received and handled, and may change it (contract: core 5.2).
/// All hooks run in the order in which interceptors were given, the ones after an event too; of
/// `handle` the first one is the outermost. An exception of a `before` hook or of `handle` stops
/// the message as if the sender or handler had thrown it; one of an `after` hook is logged.
/// Callable from any thread at once.
///
///     struct Tenant final : tram::MessageInterceptor {
///       void before_send(tram::Message& message) override { message.headers.set("tenant", "blue");
///       }
///       void handle(tram::Transaction& tx, tram::IncomingMessage const& incoming,
///                   tram::MessageHandler const& next) override {
///         next(tx, incoming);
///         tx.execute("UPDATE seen SET count = count + 1");
///       }
///     };
class MessageInterceptor {
 public:
  virtual ~MessageInterceptor() = default;
  /// Before the row is inserted; there is no header `ID` yet. Channel and other headers are set.
  virtual void before_send(Message& /*message*/) {}
  /// After the insert; `error` is null when it went well. The transaction has not committed.
  virtual void after_send(Message const& /*message*/, std::exception_ptr const& /*error*/) {}
  /// Before the transaction and the inbox, for every delivery and every attempt, duplicates too;
  /// for a replay, in its transaction. The handler sees its changes; they are not stored.
  virtual void before_receive(IncomingMessage& /*incoming*/) {}
  virtual void after_receive(IncomingMessage const& /*incoming*/) {}
  /// Around the handler, in the transaction and behind the inbox: calls `next` once, several times,
  /// or not at all.
  virtual void handle(Transaction& tx, IncomingMessage const& incoming,
                      MessageHandler const& next) {
    next(tx, incoming);
  }
};

// Shared: outbox and subscriptions use the same ones, and each may outlive the other.
using Interceptors = std::vector<std::shared_ptr<MessageInterceptor>>;

/// Refuses a null pointer. `owner` is named in the error. Throws: rejected.
void require_interceptors(Interceptors const& interceptors, std::string_view owner);

/// An interceptor whose `handle` is this function. Throws: rejected, for an empty one.
///
///     options.interceptors.push_back(tram::around_handlers(
///         [](tram::Transaction& tx, auto const& incoming, auto const& next) { next(tx, incoming);
///         }));
std::shared_ptr<MessageInterceptor> around_handlers(
    std::function<void(Transaction& tx, IncomingMessage const& incoming,
                       MessageHandler const& next)>
        around);

}  // namespace tram

#pragma GCC visibility pop
