#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tram/base/detail/memory.hpp"
#include "tram/base/random.hpp"
#include "tram/base/time.hpp"
#include "tram/relay/outbox_driver.hpp"
#include "tram/sql/database.hpp"
#include "tram/sql/opening.hpp"

#pragma GCC visibility push(default)

namespace tram::sqlite {

// SQLite counts its memory under one lock of the process. A program with many threads at work in it
// saves some six per cent with sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) before its first use;
// that is the program's choice, since it ends what SQLite's own limits of memory rest on.

/// When a commit returns.
enum class Durability : std::uint8_t {
  /// After it is on the disk: a power failure loses no commit.
  power_failure,
  /// After it is with the operating system: a crash of the process loses nothing, a power failure
  /// may lose the last commits.
  process_crash,
};

/// How to reach a SQLite database.
struct Config {
  /// The file, or a URI of SQLite (`file:…`). For a database in memory see `memory_path`.
  std::string path;
  Durability durability{Durability::power_failure};
  Opening opening{Opening::create};
  /// Run on every new connection before it is used, in this order: what has no effect inside a
  /// transaction, such as `PRAGMA foreign_keys = ON`, or what each connection needs for itself.
  std::vector<std::string> statements{};
  /// Who may read and write a file that is made (as `chmod` has it: 0600, 0640), and the log and
  /// index beside it; nothing: as the umask says. A file that is there keeps its mode.
  std::optional<unsigned> file_mode{};
};

/// A new database in memory, as a path for `Config` and `ChangeSourceConfig`: several connections
/// of this process can use it, one writing or several reading, first come, first served. It lives
/// as long as the driver or database that was made for it.
std::string memory_path(Random& random);

/// Opens connections to one database, for an application with its own pool. Files are switched to
/// write-ahead logging, unless they are opened to be read only. A file that was removed once it had
/// been opened is not made again: transient until it is back. Throws: rejected for a path that
/// names a database of one connection only. `clock` and `random` must outlive the driver; `random`
/// must be callable from any thread.
std::unique_ptr<OutboxDriver> driver(Config const& config, Clock& clock, Random& random);

/// A database with a pool of connections. Connects lazily. A writing transaction takes the write
/// lock at its beginning and waits for it until its deadline, with short pauses of the driver;
/// readers never wait. Throws: as `driver`.
Database connect(Config const& config, PoolOptions const& options, Clock& clock, Random& random);

}  // namespace tram::sqlite

#pragma GCC visibility pop
