#pragma once

#include <cstdint>
#include <string_view>

#include "tram/base/clock.hpp"
#include "tram/base/random.hpp"
#include "tram/sql/database.hpp"
#include "tram/sql/dialect.hpp"

namespace tram::connect {

/// What may happen to a database of one file, when it is opened.
enum class Opening : std::uint8_t {
  /// A missing file is created.
  create,
  /// A missing file is an error.
  existing,
  /// Only to read: nothing is made or changed, and the file must exist.
  read_only,
};

/// The database that a URL names:
///
/// - `postgresql://user@host:5432/name?sslmode=require`: as libpq reads it, several hosts included;
///   `postgres://` is the same. With `tram_statements=unnamed` it goes through a pooler in
///   transaction mode.
/// - `sqlite:orders.db`: a file. With `?durability=process_crash` commits do not wait for the disk.
///
/// Connects lazily. Throws: rejected for anything else, and for a driver that is not built into
/// this program; the text tells the two apart. `clock` and `random` outlive the database; `random`
/// must be callable from any thread.
Database database(std::string_view url, PoolOptions const& options, Clock& clock, Random& random,
                  Opening opening = Opening::create);

/// The SQL of the databases whose URLs have this scheme: `sqlite`, `postgresql`; null for a scheme
/// without a driver in this program.
Dialect const* dialect(std::string_view scheme);

}  // namespace tram::connect
