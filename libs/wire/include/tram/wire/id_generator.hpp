#pragma once

#include <atomic>
#include <cstdint>

#include "tram/base/time.hpp"
#include "tram/wire/id_numbers.hpp"
#include "tram/wire/int128.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Makes message ids that increase: milliseconds, machine number, and a counter of 16 bits within
/// the millisecond.
///
/// One per process and machine number. Callable from any thread. Never waits: where the clock does
/// not move or steps back, ids continue from the last one, with milliseconds that are ahead of the
/// clock when a counter is full.
///
/// In a forked process it continues with a random machine number, however its own was chosen: no
/// two processes make the same id.
///
///     tram::IdGenerator ids{clock, tram::MachineNumber::choose(std::nullopt, random)};
///     ids.next();
class IdGenerator final {
 public:
  /// `clock` must outlive the generator.
  IdGenerator(Clock const& clock, MachineNumber machine)
      : clock_{clock}, machine_{machine.value}, process_{machine.process} {}
  IdGenerator(Clock const&& clock, MachineNumber machine) = delete;

  Int128 next();

 private:
  std::int64_t machine();

  Clock const& clock_;
  std::atomic<std::int64_t> machine_;
  std::atomic<std::uint64_t> process_;
  /// Milliseconds and counter of the last id in one number, so that no lock is held at a fork.
  std::atomic<std::int64_t> last_{INT64_MIN};
};

/// The id of a row with database id `dbid`; `table` is the number of its outbox table, 0 for the
/// plain one. With several tables outbox ids must be at least as far apart as there are tables.
Int128 database_message_id(std::int64_t dbid, OutboxId outbox, std::uint32_t table = 0);

}  // namespace tram

#pragma GCC visibility pop
