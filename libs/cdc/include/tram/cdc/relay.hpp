#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "tram/base/clock.hpp"
#include "tram/base/deadline.hpp"
#include "tram/base/log.hpp"
#include "tram/base/mutex.hpp"
#include "tram/base/random.hpp"
#include "tram/base/wake_up.hpp"
#include "tram/broker/broker.hpp"
#include "tram/cdc/change_source.hpp"
#include "tram/cdc/held_rows.hpp"
#include "tram/cdc/outbox_retention.hpp"
#include "tram/cdc/relay_status.hpp"
#include "tram/wire/id_generator.hpp"

namespace tram {

/// What is still published when a stop is requested.
enum class RelayDrain : std::uint8_t {
  /// What was handed to the broker.
  in_flight,
  /// What is committed by then, unless something is wrong: for a relay inside the service whose
  /// last messages they are.
  committed,
};

struct RelayOptions {
  /// Names the relay in log lines and status.
  std::string name{"relay"};
  /// Rows in flight at most, and about how many bytes of them; a single row may be larger.
  std::size_t window{2000};
  std::size_t window_bytes{std::size_t{16} << 20U};
  /// Rows per read at most.
  std::size_t read_rows_max{1000};
  /// After a read that returned rows the next one waits this long: fewer and larger reads for
  /// sources behind a network. Zero: off.
  Duration read_pause{};
  /// A row that cannot be published holds back the later ones of its destination and key. Off: only
  /// itself.
  bool hold_key{true};
  /// Channels are created when the first row for them comes.
  bool create_channels{true};
  /// For rows whose ids the database makes, with the number of the outbox table, 0 for the plain
  /// one.
  std::optional<OutboxId> outbox_id{};
  std::uint32_t outbox_table{};
  /// Pauses after errors: the first one, doubling up to the longest, with jitter. Errors that need
  /// an operator wait the longest pause at once.
  Duration back_off_first{std::chrono::milliseconds{50}};
  Duration back_off_longest{std::chrono::seconds{5}};
  /// How often held rows are looked at for requested retries, while there are any.
  Duration held_check_interval{std::chrono::seconds{2}};
  /// How often old rows are looked for, when there is a retention.
  Duration retention_interval{std::chrono::seconds{30}};
  /// Not moving for so long, with work to do, is not ready.
  Duration stall_after{std::chrono::seconds{10}};
  RelayDrain drain{RelayDrain::in_flight};
  /// At a stop, that may take so long.
  Duration drain_timeout{std::chrono::seconds{5}};
};

/// What a relay works with; all of it outlives the relay.
struct RelayParts {
  ChangeSource& source;
  Broker& broker;
  HeldRows& held;
  /// Nothing: old rows stay.
  OutboxRetention* retention{};
  Clock& clock;
  Random& random;
  Logger logger{};
};

/// Publishes one outbox: rows from a change source to a broker, at least once, and in order per
/// destination and key counted by first occurrences.
///
/// A row that can never be published (broken headers, no payload, an illegal channel, refused by
/// the broker) is stored with its reason and counts as done; later rows of its key are stored
/// behind it, until an operator has it published again or drops it. Rows of the key that were
/// already on their way to the broker when it refused may land before it; everything that can be
/// checked before is.
///
/// When a producer is finished, everything from the first unacknowledged row on is read and
/// published again: later records may have landed, so retrying one alone would break the order.
class Relay final {
 public:
  Relay(RelayParts parts, RelayOptions options);
  ~Relay();
  Relay(Relay const&) = delete;
  Relay& operator=(Relay const&) = delete;

  /// One round of the loop, for simulations and tests; waits for nothing but the databases behind
  /// `HeldRows` and `OutboxRetention` and for `Broker::create_channels`, when it needs them. False
  /// when there was nothing to do: call again when a descriptor is ready, or at `next_step`. Raises
  /// nothing: every trouble is met with another attempt. The same thread as `run`, or none.
  bool step();
  /// When `step` wants to be called though no descriptor is ready.
  [[nodiscard]] SteadyTime next_step() const;
  /// Works until a stop is requested, then lets finish what `RelayOptions::drain` says, stores the
  /// position and returns.
  void run(std::stop_token stop);

  /// Looks at the source now. Callable from any thread; never waits.
  void wake() noexcept;
  /// Callable from any thread; never waits.
  [[nodiscard]] RelayStatus status() const TRAM_EXCLUDES(mutex_);
  /// Callable from any thread; never waits.
  [[nodiscard]] RelayReadiness readiness() const TRAM_EXCLUDES(mutex_);

 private:
  class Loop;
  void publish_committed(Deadline deadline);
  void drain();
  void wait();
  void publish_status();

  Clock& clock_;
  Logger logger_;
  RelayOptions options_;
  WakeUp wake_up_{"relay"};
  std::unique_ptr<Loop> loop_;
  mutable Mutex mutex_;
  RelayStatus status_ TRAM_GUARDED_BY(mutex_);
};

}  // namespace tram
