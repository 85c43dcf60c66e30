#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "handler_chain.hpp"
#include "lane_item.hpp"
#include "tram/base/deadline.hpp"
#include "tram/base/log.hpp"
#include "tram/messaging/held_messages.hpp"
#include "tram/messaging/inbox.hpp"
#include "tram/messaging/subscription.hpp"
#include "tram/messaging/workers.hpp"
#include "tram/sql/database.hpp"

namespace tram {

/// What came of replaying the messages held for a key.
struct Replay {
  std::size_t replayed{};
  /// Why the first message that is left was refused.
  std::optional<std::string> refused{};
  /// What was away: the rest waits for the next look.
  std::optional<std::string> unavailable{};
};

/// What workers do for one subscription, each time in transactions of its own. Callable from any
/// thread at once; raises nothing: what fails is told in the result.
class JobRunner final {
 public:
  JobRunner(Database& database, SchemaName const& schema, Subscription const& subscription,
            Interceptors const& interceptors, Logger const& logger);

  /// Handles or holds the job's messages, and sets their outcomes and reasons.
  void run(Job& job) const;
  /// Handles what is held for the key, one message per transaction, until none is left, one fails
  /// or `stopped` says so.
  [[nodiscard]] Replay replay(HeldKey const& key, std::function<bool()> const& stopped) const;
  /// Keys whose replay was requested. Faults: those of the driver.
  [[nodiscard]] std::vector<HeldKey> requested() const;

 private:
  /// How far a job came.
  struct Progress {
    /// The message that it is at.
    std::size_t at{};
    bool handler_began{};
  };

  void handle(Job& job, Progress& progress, Deadline deadline) const;
  [[nodiscard]] bool database_answers() const;
  [[nodiscard]] std::vector<Reception> receive(Transaction& tx, Job const& job) const;
  [[nodiscard]] Reception receive(Transaction& tx, IncomingMessage const& incoming) const;
  [[nodiscard]] Outcome handle_one(Transaction& tx, LaneItem const& item, Reception reception,
                                   IncomingMessage const& incoming) const;
  void hold(LaneItem& item) const;
  [[nodiscard]] bool replay_first(HeldKey const& key, std::optional<HeldMessage>& message,
                                  Deadline deadline) const;
  void replay_one(Transaction& tx, HeldMessage const& held, IncomingMessage incoming) const;
  void refuse(HeldMessage const& message, std::string const& reason) const;
  [[nodiscard]] TransactOptions transact_options() const;
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
