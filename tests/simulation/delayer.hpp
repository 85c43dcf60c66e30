#pragma once

#include <string>
#include <vector>

#include "business.hpp"
#include "chaos.hpp"
#include "sabotage.hpp"
#include "tram/host/contribution.hpp"

namespace tram::simulation {

/// A module that a service takes as a contribution: it keeps the messages of a subscription for
/// some seconds, and then hands them to their handler past the inbox.
class Delayer {
 public:
  static constexpr auto subscriber_id = "delayed";

  Delayer(Chaos& chaos, Business& business, Sabotage sabotage)
      : chaos_{chaos}, business_{business}, sabotage_{sabotage} {}

  [[nodiscard]] Contribution contribution(Outbox const& outbox, Clock& clock);
  static TablePart tables(Dialect const& dialect);
  /// Messages that wait.
  static std::int64_t count(Database& database);

 private:
  void keep(Transaction& tx, IncomingMessage const& incoming, Clock& clock);

  Chaos& chaos_;
  Business& business_;
  Sabotage sabotage_;
};

}  // namespace tram::simulation
