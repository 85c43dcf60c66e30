#pragma once

#include <cstdint>

#include "tram/base/mutex.hpp"
#include "tram/base/time.hpp"
#include "tram/wire/id_numbers.hpp"
#include "tram/wire/int128.hpp"

namespace tram {

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

/// The id of a row with database id `dbid`; `table` is the number of its outbox table, 0 for the
/// plain one. With several tables outbox ids must be at least as far apart as there are tables.
Int128 database_message_id(std::int64_t dbid, OutboxId outbox, std::uint32_t table = 0);

}  // namespace tram
