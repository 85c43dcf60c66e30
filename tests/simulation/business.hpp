#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chaos.hpp"
#include "fate.hpp"
#include "shop.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/sql/database.hpp"
#include "tram/subscriber/subscription.hpp"

namespace tram::simulation {

/// What the simulated services tell each other in plain messages.
struct Work {
  std::int64_t number{};
  Temper temper{};
  /// Its handler sends a message itself.
  bool answered{};
};

/// What the services do with messages; what became of them is in the books.
class Business {
 public:
  Business(Chaos& chaos, Fate& fate, Shop& shop) : chaos_{chaos}, fate_{fate}, shop_{shop} {}

  /// A transaction that sends one to three messages, plain and typed; some are rolled back. Faults
  /// are the application's problem, and end here.
  void write(Database& database, Outbox const& outbox);
  /// One message that nothing is wrong with.
  void write_fit(Database& database, Outbox const& outbox, std::string const& key);
  /// Handles plain messages.
  Subscription subscription(std::string subscriber_id, std::vector<std::string> channels,
                            Outbox const& outbox);

 private:
  void write_some(Transaction& tx, Outbox const& outbox);
  void write_one(Transaction& tx, Outbox const& outbox);
  void send(Transaction& tx, Outbox const& outbox, std::string const& channel, Work const& work);
  std::string send(Transaction& tx, Outbox const& outbox, std::string const& channel,
                   Work const& work, std::optional<std::string> const& key);

  Chaos& chaos_;
  Fate& fate_;
  Shop& shop_;
};

}  // namespace tram::simulation
