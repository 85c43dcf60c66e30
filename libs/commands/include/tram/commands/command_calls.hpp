#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "tram/base/deadline.hpp"
#include "tram/base/detail/chrono.hpp"
#include "tram/base/detail/function.hpp"
#include "tram/base/detail/memory.hpp"
#include "tram/base/log.hpp"
#include "tram/base/time.hpp"
#include "tram/commands/call_counters.hpp"
#include "tram/commands/commands.hpp"
#include "tram/commands/endpoint.hpp"
#include "tram/commands/reply.hpp"
#include "tram/messaging/channel_mapping.hpp"
#include "tram/messaging/payload.hpp"
#include "tram/wire/channel.hpp"

#pragma GCC visibility push(default)

namespace tram {

class Broker;
class Database;
/// In tram/host/contribution.hpp.
struct Contribution;

/// How one call is made.
struct CallOptions {
  std::string resource{};
  std::optional<std::string> partition_key{};
  Headers headers{};
};

/// Sends a command and waits for its answer, for callers with a person behind them: HTTP requests,
/// tools. Between services, handle replies instead.
///
/// Any number of processes may use one channel of replies: each reads all of it from now on, in
/// broadcast, and takes what answers its own calls. An answer without a waiting call is counted and
/// dropped. Needs a relay that runs, and its contribution in a service:
/// `service.add(calls.contribution())`.
class CommandCalls final {
 public:
  /// What it needs; all of it outlives the last call and its component.
  struct Parts {
    Database& database;
    Broker& broker;
    std::reference_wrapper<Outbox const> outbox;
    /// A real clock: `call` waits in real time.
    Clock& clock;
    Logger logger{};
    /// The one that outbox and subscriptions have.
    NameMapping channel_mapping{};
    /// At a stop, time limit for the answers to calls that wait.
    Duration stop_grace{std::chrono::seconds{2}};
  };
  CommandCalls(Parts parts, Channel const& replies);
  ~CommandCalls();
  CommandCalls(CommandCalls const&) = delete;
  CommandCalls& operator=(CommandCalls const&) = delete;

  /// To be added to one service, once: one component, on one thread, which reads answers until a
  /// stop is requested and no call waits any more, or `stop_grace` is over, when those that still
  /// wait end in doubt; whether answers are read, for readiness; and the metrics `tram_call…`. The
  /// component survives problems of the broker, and misses answers meanwhile, and ends with
  /// rejected where the broker refuses the channel. The calls live until the service's `run` has
  /// returned; they may be made after the service, whose outbox they use.
  [[nodiscard]] Contribution contribution();

  /// Sends the command in a separate transaction, and waits for the answer. Callable from any
  /// thread, but never inside a transaction: nothing would be sent before that ends. Throws:
  /// transient, when the answers cannot be read yet, or not any more since a stop was requested
  /// (nothing was sent); in_doubt, when the deadline or the stop came before the answer, so that
  /// the command may still be carried out; malformed, for an answer that the command does not
  /// declare or that cannot be read; those of `Database::transact`.
  template <class... Taken, class C>
  AnyAnswerTo<C> call(Endpoint<Taken...> const& endpoint, C const& command, Deadline deadline,
                      CallOptions const& options = {}) {
    auto const incoming = exchange(detail::draft_of(endpoint, command), deadline, options);
    RawReply const reply{incoming};
    return read<C>(reply, static_cast<AnyAnswerTo<C> const*>(nullptr));
  }

  /// Callable from any thread; never waits.
  [[nodiscard]] CallCounters counters() const;

 private:
  template <class C, class... Answers>
  static std::variant<Answers...> read(RawReply const& reply,
                                       std::variant<Answers...> const* /*any*/) {
    std::optional<std::variant<Answers...>> answer;
    static_cast<void>(
        ((is_named<Answers>(reply.type()) &&
          (answer.emplace(decode_payload<Answers>(reply.incoming(), reply.type(), reply.payload())),
           true)) ||
         ...));
    if (!answer) refuse(reply, wire_names<C>[0]);
    return std::move(*answer);
  }
  template <class Answer>
  static bool is_named(std::string_view type) {
    for (auto const name : wire_names<Answer>) {
      if (name == type) return true;
    }
    return false;
  }
  [[noreturn]] static void refuse(RawReply const& reply, std::string_view command);

  IncomingMessage exchange(detail::CommandDraft const& draft, Deadline deadline,
                           CallOptions const& options);

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tram

#pragma GCC visibility pop
