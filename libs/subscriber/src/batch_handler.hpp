#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "handler_chain.hpp"
#include "queued_message.hpp"
#include "replay.hpp"
#include "tram/base/deadline.hpp"
#include "tram/base/log.hpp"
#include "tram/sql/database.hpp"
#include "tram/subscriber/held_messages.hpp"
#include "tram/subscriber/inbox.hpp"
#include "tram/subscriber/subscription.hpp"

namespace tram {

struct Failure;

/// What workers do for one subscription, each time in transactions of its own. Callable from any
/// thread at once; raises nothing: what fails is told in the result.
class BatchHandler final {
 public:
  BatchHandler(Database& database, SchemaName const& schema, Subscription const& subscription,
               Interceptors const& interceptors, Logger const& logger);

  /// Handles or holds the batch's messages; what became of each.
  [[nodiscard]] RunResults run(Batch const& batch) const;
  /// Handles what is held for the keys until none is left, a message fails, `stopped` says so or
  /// others should have their turn. A key alone has a transaction for each message.
  [[nodiscard]] ReplayRuns replay(ReplayTurn const& turn,
                                  std::function<bool()> const& stopped) const;
  /// Keys behind `after` whose replay was requested, in order, `max` at most. Faults: those of the
  /// driver.
  [[nodiscard]] std::vector<HeldKey> requested(std::optional<HeldKey> const& after,
                                               std::size_t max) const;

 private:
  /// How far the function of a transaction came.
  struct Progress {
    /// The message that it is at.
    std::size_t at{};
    bool in_handler{};
    std::vector<RunStatus> statuses{};
    /// When that message's turn began, and how long statements had been waited for by then.
    SteadyTime began{};
    Duration waited_before{};
  };
  [[nodiscard]] RunResult hold(QueuedMessage const& message) const;
  void handle(Batch const& batch, Progress& progress, TransactOptions const& options) const;
  [[nodiscard]] RunResult result_of(Failure const& failure, Progress const& progress,
                                    TransactOptions const& options) const;
  void note_time(Progress& progress, TransactOptions const& options) const;
  [[nodiscard]] bool took_its_time(Progress const& progress, TransactOptions const& options) const;
  [[nodiscard]] bool database_answers() const;
  [[nodiscard]] std::vector<InboxResult> receive(Transaction& tx, Batch const& batch) const;
  [[nodiscard]] InboxResult receive(Transaction& tx, IncomingMessage const& incoming) const;
  [[nodiscard]] RunStatus handle_one(Transaction& tx, QueuedMessage const& message,
                                     InboxResult reception, IncomingMessage const& incoming,
                                     bool& in_handler) const;
  /// The message that a replay is at, and how far it came.
  struct ReplayProgress {
    Progress progress{};
    std::optional<HeldMessage> message{};
    /// The place of its key in the turn.
    std::size_t key{};
  };

  bool replay_together(ReplayTurn const& turn, ReplayRuns& runs) const;
  void replay_in_turns(Transaction& tx, ReplayTurn const& turn, ReplayRuns& runs,
                       ReplayProgress& at, TransactOptions const& options) const;
  void replay_next(Transaction& tx, HeldKey const& key, ReplayRun& run, ReplayProgress& at,
                   TransactOptions const& options) const;
  void replay_one(Transaction& tx, HeldMessage const& held, IncomingMessage incoming) const;
  void fail(ReplayRun& run, ReplayTry const& attempt, std::optional<HeldMessage> const& message,
            RunResult result) const;
  void note(HeldMessage const& message, std::string_view reason, ReplayRun const& run) const;
  [[nodiscard]] TransactOptions transact_options(TransactionAttempt& attempt) const;
  void check_in_time(Deadline deadline) const;
  [[nodiscard]] std::string overrun() const;

  Database& database_;
  Inbox inbox_;
  HeldMessages held_;
  HandlerChain chain_;
  std::string subscriber_id_;
  SubscriptionOptions options_;
};

}  // namespace tram
