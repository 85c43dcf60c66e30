#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "tram/base/detail/chrono.hpp"
#include "tram/base/detail/memory.hpp"
#include "tram/base/log.hpp"
#include "tram/base/time.hpp"
#include "tram/broker/broker.hpp"

#pragma GCC visibility push(default)

namespace tram::embedded {

/// When a record is completed.
enum class Durability : std::uint8_t {
  /// After it is on the disk: a power failure loses no completed record.
  power_failure,
  /// After it is with the operating system: a crash of the process loses nothing, a power failure
  /// may lose the last records.
  process_crash,
};

/// How a broker in a file behaves.
struct Config {
  /// The file, made when it is not there, on a local disk. It belongs to the broker alone: it is
  /// not the application's database.
  std::string path;
  /// Partitions of a channel that is created without a number of partitions.
  std::int32_t partitions{4};
  /// The largest value of a record, in bytes; at most 500 000 000.
  std::size_t record_bytes_max{1'000'000};
  Durability durability{Durability::power_failure};
  /// Records older than this that every group has handled are removed, a few with every transaction
  /// of a producer; 0 keeps all. Counted is the time in which the broker was open: no step of the
  /// machine's clock makes a record old.
  std::chrono::milliseconds retention{std::chrono::hours{7 * 24}};
  /// After this long without a member, counted likewise, a group no longer keeps records of a
  /// channel from being removed; logged as `embedded.group_gone`. 0: it keeps them for ever.
  std::chrono::milliseconds group_retention{std::chrono::hours{30 * 24}};
  /// Who may read and write a file that is made (as `chmod` has it: 0600, 0640), and the log and
  /// index beside it; nothing: as the umask says. A file that is there keeps its mode.
  std::optional<unsigned> file_mode{};
  /// Records that a producer holds until its completions are taken. It also takes no more than
  /// 16 MiB and one record.
  std::size_t window{10'000};
  /// A member that did not poll for this long loses its partitions when another member polls.
  Duration session_timeout{std::chrono::seconds{10}};
  /// The least time between two times of storing a consumer's positions, except at a revocation and
  /// in `close`.
  Duration store_interval{std::chrono::milliseconds{200}};
};

/// A broker in one SQLite file, for the threads of one process at a time.
///
/// Completed records survive `kill -9` of the process and, unless `durability` says otherwise, a
/// power failure. Positions of groups survive the first, and may fall back a little in the second.
/// Records submitted between two calls of `completions` are one transaction, which `completions`
/// commits: it waits for the disk, and so may a `poll` that stores positions. The file is not
/// polled: the producer that commits wakes the consumers.
///
/// The broker holds a lock on `<path>.lock` that ends with its process; the lock file stays.
/// Producers and consumers may outlive the broker, and hold the lock, too. Consumers whose next
/// records were removed continue at the first one left, logged as `embedded.records_expired`.
///
/// If the file or its write-ahead log is removed or replaced under an open broker, every call
/// throws until the broker is opened again. Records that only the log held are written to the file.
///
/// Throws: transient (another process, or another broker of this one, has the file; the disk is
/// full; the file was replaced), rejected (not a broker's file, made by a newer release, not
/// writable, an impossible configuration). `clock` must outlive the broker and whatever it gave
/// out.
std::unique_ptr<Broker> connect(Config const& config, Clock& clock, Logger const& logger = {});

}  // namespace tram::embedded

#pragma GCC visibility pop
