#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tram/base/detail/memory.hpp"
#include "tram/base/runtime.hpp"
#include "tram/base/time.hpp"
#include "tram/embedded/in_memory.hpp"
#include "tram/outbox/outbox_options.hpp"
#include "tram/relay/relay_options.hpp"
#include "tram/subscriber/subscriber_options.hpp"
#include "tram/subscriber/subscription.hpp"
#include "tram/testkit/published.hpp"

#pragma GCC visibility push(default)

namespace tram {
/// In tram/sql/database.hpp.
class Database;
/// In tram/subscriber/held_messages.hpp.
struct HeldMessage;
/// In tram/outbox/outbox.hpp.
class Outbox;
/// In tram/host/contribution.hpp.
struct Contribution;
}  // namespace tram

namespace tram::testkit {

struct InMemoryWorldOptions {
  /// Chooses ids, jitter, and the order of handlers once that is shuffled.
  std::uint64_t seed{1};
  embedded::InMemoryConfig broker{};
  OutboxOptions outbox{};
  RelayOptions relay{};
  SubscriberOptions subscriber{};
  Logger logger{};
};

/// What "at least once, in order per key" allows.
struct Disturbance {
  /// Every record lands, and is delivered, twice.
  bool duplicates{};
  /// Handlers of different keys run in a random order; of one key always in the order sent.
  bool shuffled{};
  /// How much later records arrive.
  Duration delay{};
};

/// A whole system for a test, with no server, no thread and no waiting: a SQLite database in memory
/// with Tram's tables, a broker in memory, a relay, and subscriptions whose handlers run real SQL.
/// Time does not move until `run_until_quiet` moves it.
///
/// One thread only. The same seed and the same calls give the same run.
///
///     tram::testkit::InMemoryWorld world;
///     world.add(order_view());
///     world.database().transact(place_order);
///     world.run_until_quiet();
class InMemoryWorld final {
 public:
  explicit InMemoryWorld(InMemoryWorldOptions options = {});
  ~InMemoryWorld();
  InMemoryWorld(InMemoryWorld const&) = delete;
  InMemoryWorld& operator=(InMemoryWorld const&) = delete;

  /// The database of everybody here; create the tables of the application in it.
  [[nodiscard]] Database& database();
  [[nodiscard]] Outbox const& outbox();
  [[nodiscard]] ManualClock& clock();
  /// The world's time, randomness and log, for what the test makes.
  [[nodiscard]] Runtime runtime();
  /// Holds the records; also causes trouble on demand: rebalances, broken producers, silent
  /// members.
  [[nodiscard]] embedded::InMemoryBroker& broker();

  /// Subscribes from here on; twice with one subscriber id means two members of a group. Throws:
  /// the errors of `Subscriber`.
  void add(Subscription subscription);

  /// What a library brings: its tables are made, its subscriptions are added, and its stepped
  /// components and requests run on the world's time; metrics and routes are not served. Throws:
  /// also rejected, for a component with a thread, which the world does not have.
  void add(Contribution contribution);

  /// Relays, delivers, handles and steps until nothing is left to do but held messages, moving the
  /// clock over pauses and delays. A stepped component that waits for a later time is at rest: move
  /// the clock to that time. Throws: rejected, naming what still runs, when there is no end to it.
  void run_until_quiet();
  /// The relay and all subscribers die as in a crash, storing nothing, and new ones take over.
  void crash();

  /// What relays have published to a channel, in order, each record once however often it landed.
  [[nodiscard]] std::vector<PublishedMessage> published(std::string_view channel) const;

  /// From here on the wire behaves so; the last call counts.
  void disturb(Disturbance const& disturbance);

  /// Messages whose attempts are used up, with those behind them; oldest first.
  [[nodiscard]] std::vector<HeldMessage> held();
  /// Has all of them handled again at the next `run_until_quiet`.
  void retry_held();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tram::testkit

#pragma GCC visibility pop
