#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backup.hpp"
#include "business.hpp"
#include "chaos.hpp"
#include "civil_time.hpp"
#include "delayer.hpp"
#include "fate.hpp"
#include "faulty_broker.hpp"
#include "faulty_database.hpp"
#include "sabotage.hpp"
#include "shop.hpp"
#include "silence.hpp"
#include "tram/relay/relay.hpp"
#include "tram/subscriber/subscription.hpp"

namespace tram::simulation {

/// A database and what stands in it, without faults: as a server, it outlives its clients.
struct Store {
  std::string path;
  std::unique_ptr<DatabaseDriver> driver;
  std::unique_ptr<Database> database;
  OutboxTable outbox_table;
  RowLocks locks;
  Silence silence{};
  std::optional<Backup> backup{};
  Undone undone{};
};

/// How long rows are kept that are done; no life lasts as long.
inline constexpr std::chrono::hours row_age{48};

struct SubscriptionPlan {
  std::function<Subscription(Outbox const& outbox)> make;
  SubscriptionOptions options{};
};

/// What a process of the simulated company does.
struct ProcessPlan {
  std::string name;
  std::size_t store{};
  bool writes{};
  bool answers{};
  bool relays{};
  bool delays{};
  std::vector<SubscriptionPlan> subscribes;
};

/// What the world gives to a process.
struct Surroundings {
  Chaos& chaos;
  Clock& clock;
  CivilTime const& civil_time;
  Broker& broker;
  Traffic& traffic;
  Fate& fate;
  Business& business;
  Shop& shop;
  Delayer& delayer;
  Store& store;
  RelayOptions relay{};
  Sabotage sabotage{Sabotage::none};
  bool intercepts{};
  /// Removes rows when they are old, and not only by accident.
  bool removes_old_rows{};
};

/// One process: an application with its outbox, its subscriptions and its relay, which dies at
/// any call and is started again. All real parts, on decorated seams.
class Process {
 public:
  Process(Surroundings const& surroundings, ProcessPlan plan);
  ~Process();

  [[nodiscard]] ProcessPlan const& plan() const { return plan_; }
  [[nodiscard]] bool runs() const { return running_ != nullptr; }
  /// Starts when it is dead and the time has come.
  void start_if_due();
  /// Removes old rows of its inbox, if it was there to see what the civil clock did.
  [[nodiscard]] bool forgets() const;
  /// Dies now.
  void kill();
  /// Ends as asked to: drains, stores its positions and leaves its groups. Not while records of its
  /// relay are on their way, for that would wait.
  void stop();

  // Each does nothing in a dead process, and buries the process when it dies of it. True when
  // something happened.

  void write();
  /// Writes one message that nothing is wrong with, under a key of its own.
  void write_fit(std::string const& key);
  /// Answers a command whose answer is owed.
  bool answer();
  bool step_relay();
  bool step_subscriber();
  /// Steps what its contributions bring.
  bool step_contributed();
  /// Runs one of the waiting jobs.
  bool run_job();

  [[nodiscard]] SteadyTime next_step() const;
  /// What is still on its way here, empty when nothing is.
  [[nodiscard]] std::string state() const;

 private:
  struct Running;
  void start();
  bool attempt(std::function<bool(Running&)> const& action);
  void bury_if_dead();

  Surroundings surroundings_;
  ProcessPlan plan_;
  std::unique_ptr<Running> running_;
  SteadyTime start_at_{};
};

}  // namespace tram::simulation
