#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "chaos.hpp"
#include "tram/messaging/incoming_message.hpp"
#include "tram/messaging/outbox.hpp"
#include "tram/sql/database.hpp"

namespace tram::simulation {

/// What the simulated services tell each other.
struct Work {
  std::int64_t number{};
  /// Its handler throws until the world is cured.
  bool poison{};
  /// Its handler throws so many times first.
  int failures{};
  /// Its handler sends a message itself.
  bool answered{};
};

/// What the services do with messages. Every transaction leaves its truth in two tables of its
/// database: `written`, what was sent, in the order of commits; `effect`, what was handled.
class Business {
 public:
  Business(Chaos& chaos, ManualClock& clock) : chaos_{chaos}, clock_{clock} {}

  static void create_tables(Database& database);

  /// A transaction that sends one to three messages; some are rolled back, and some of their rows
  /// are damaged so that no relay can publish them. Faults are the application's problem, and end
  /// here.
  void write(Database& database, Outbox const& outbox);
  void handle(Transaction& tx, IncomingMessage const& incoming, Outbox const& outbox);

  /// What handlers need besides the database goes away, or comes back.
  void toggle_away() { away_ = !away_; }
  /// Ends the poison, and everything is there.
  void cure() {
    cured_ = true;
    away_ = false;
  }
  /// How often a handler ran.
  [[nodiscard]] std::size_t handled() const { return handled_; }

 private:
  void write_some(Transaction& tx, Outbox const& outbox);
  void send(Transaction& tx, Outbox const& outbox, std::string const& channel, Work const& work);
  void damage(Transaction& tx, std::string const& message_id);
  void stumble(Work const& work, IncomingMessage const& incoming);
  Work new_work();

  Chaos& chaos_;
  ManualClock& clock_;
  bool cured_{};
  bool away_{};
  std::size_t handled_{};
  std::int64_t last_number_{};
  std::map<std::pair<std::string, std::int64_t>, int> attempts_;
};

}  // namespace tram::simulation
