#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "business.hpp"
#include "chaos.hpp"
#include "civil_time.hpp"
#include "fate.hpp"
#include "faulty_broker.hpp"
#include "findings.hpp"
#include "process.hpp"
#include "sabotage.hpp"
#include "shop.hpp"
#include "tram/base/clock.hpp"
#include "tram/embedded/in_memory.hpp"

namespace tram::simulation {

struct RunOptions {
  std::uint64_t seed{};
  Sabotage sabotage{Sabotage::none};
  bool loud{};
};

struct RunResult {
  Findings findings;
  std::uint64_t hash{};
  PerTrouble happened{};
  /// Log events of the parts under test.
  std::map<std::string, std::size_t> logged;
  /// What the company did.
  std::map<std::string, std::size_t> noted;
  std::vector<std::string> last_events;
};

/// A small company: two services with a database each, several processes, one broker. It lives
/// through some hundred actions and faults drawn from a seed, is healed, comes to rest, and is
/// examined.
class World {
 public:
  explicit World(RunOptions const& options);
  ~World();

  RunResult run();

 private:
  void make_store(std::size_t number);
  void plan_processes();
  void add(ProcessPlan plan);
  [[nodiscard]] SubscriptionPlan plain(std::string const& subscriber_id,
                                       std::vector<std::string> const& channels);
  [[nodiscard]] SubscriptionPlan typed(std::function<Subscription(Outbox const&)> make);
  [[nodiscard]] SubscriptionOptions draw_options();
  [[nodiscard]] RelayOptions draw_relay_options();

  void live();
  void act();
  void disturb();
  void pass_time();
  void land_again();
  void land_garbage();
  void set_clock();
  void back_up_or_restore();
  void operate();
  Process& any_process();

  void check_progress(Findings& findings);
  void write_fit();
  void end_processes();
  void check_removal(Findings& findings);
  [[nodiscard]] std::int64_t count_old(Store& store, std::string const& from);
  void run_for(Duration duration, Duration step, std::function<bool()> const& done);
  /// Effects in channel `orders` of messages with higher numbers.
  [[nodiscard]] std::int64_t count_orders_since(std::int64_t number);
  void freeze_member();
  void heal();
  void settle_held(Findings& findings);
  bool run_until_quiet();
  void run_once();
  /// Grows whenever a message gets anywhere.
  [[nodiscard]] std::size_t activity() const { return traffic_.landed.size() + fate_.handled(); }
  [[nodiscard]] std::string unrest() const;
  void retry_everything();
  [[nodiscard]] std::int64_t count_held();

  RunOptions options_;
  ManualClock clock_;
  CivilTime civil_time_{clock_};
  Chaos chaos_;
  Fate fate_;
  /// What this world has, and others have not.
  bool sets_clock_{};
  bool restores_{};
  bool removes_old_rows_{};
  /// The subscription that is looked at may keep few records only.
  bool tight_{};
  Shop shop_;
  Business business_;
  Delayer delayer_;
  Traffic traffic_;
  embedded::InMemoryBroker broker_;
  std::array<Store, 2> stores_;
  /// Subscribers that gave up the order per key.
  std::set<std::string> without_order_;
  std::vector<std::unique_ptr<Process>> processes_;
  std::unique_ptr<Producer> stranger_;
  Sequence stranger_sequence_{};
};

RunResult run(RunOptions const& options);

}  // namespace tram::simulation
