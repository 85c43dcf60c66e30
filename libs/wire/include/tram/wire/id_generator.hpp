#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tram/base/clock.hpp"
#include "tram/base/mutex.hpp"
#include "tram/base/random.hpp"
#include "tram/wire/int128.hpp"

namespace tram {

/// What tells the ids of one process from those of all others: 48 bits, the place of a network
/// address in the ids of Java services.
struct MachineNumber {
  std::int64_t value{};

  /// `environment` is the variable EVENTUATE_MAC_ADDRESS: a decimal number, as Java reads it;
  /// anything else is malformed. Without it 47 random bits are drawn, since two processes of one
  /// host share its addresses.
  static MachineNumber choose(std::optional<std::string> const& environment, Random& random);
};

/// Makes message ids that increase: milliseconds, machine number, and a counter of 16 bits within
/// the millisecond.
///
/// One per process and machine number. Callable from any thread. Never waits: where the clock
/// stands still or steps back, ids go on from the last one, with milliseconds that are ahead of the
/// clock when a counter is full.
class IdGenerator final {
 public:
  /// `clock` must outlive the generator.
  IdGenerator(Clock const& clock, MachineNumber machine) : clock_{clock}, machine_{machine} {}

  Int128 next() TRAM_EXCLUDES(mutex_);

 private:
  Clock const& clock_;
  MachineNumber machine_;
  Mutex mutex_;
  std::int64_t period_ TRAM_GUARDED_BY(mutex_){INT64_MIN};
  std::uint32_t counter_ TRAM_GUARDED_BY(mutex_){0};
};

/// The number of an outbox whose ids are made by the database. Service and relay must be given the
/// same one.
class OutboxId {
 public:
  /// From 0 to 2^48 - 1; anything else: rejected.
  explicit OutboxId(std::int64_t value);
  [[nodiscard]] std::int64_t value() const { return value_; }
  friend bool operator==(OutboxId, OutboxId) = default;

 private:
  std::int64_t value_;
};

/// The id of a row with database id `dbid`; `table` is the number of its outbox table, 0 for the
/// plain one. With several tables outbox ids must be at least as far apart as there are tables.
Int128 database_message_id(std::int64_t dbid, OutboxId outbox, std::uint32_t table = 0);

}  // namespace tram
