#pragma once

#include <string_view>

#include "tram/sql/opening.hpp"

#pragma GCC visibility push(default)

namespace tram {

class Clock;
class Database;
class Random;
struct Dialect;
struct PoolOptions;
struct Url;

/// A database as one value: all that a program needs of a driver when a URL chooses it. A driver
/// exports exactly one, `tram::postgres::kit`.
///
/// Throws, all functions: rejected for parameters of the URL that the driver does not have, and as
/// the driver's own functions. `clock` and `random` must outlive what is returned; `random` must be
/// callable from any thread.
struct DatabaseKit {
  std::string_view scheme;
  /// Another scheme that means the same; may be empty.
  std::string_view alias;
  Dialect const& dialect;
  /// Connects lazily. Its driver is an `OutboxDriver`, for `outbox_of`.
  Database (*open)(Url const& url, PoolOptions const& options, Opening opening, Clock& clock,
                   Random& random);
};

}  // namespace tram

#pragma GCC visibility pop
