#pragma once

#include <string_view>

#include "tram/base/runtime.hpp"
#include "tram/connect/drivers.hpp"
#include "tram/relay/database_kit.hpp"
#include "tram/sql/database.hpp"

#pragma GCC visibility push(default)

namespace tram::connect {

/// The driver of the databases whose URLs have this scheme: `sqlite`. Null for a scheme without a
/// driver.
DatabaseKit const* database_kit(std::string_view scheme, Drivers const& drivers);

/// The database that a URL names, such as `postgresql://user@host/name` or `sqlite:orders.db`.
/// Connects lazily. What the URLs of a driver may say is in its `kit.hpp`.
///
/// Throws: rejected for a URL without a scheme, for a scheme without a driver among `drivers` (the
/// text says whether it could have been built), and as `DatabaseKit::open`.
Database database(std::string_view url, Drivers const& drivers, Runtime const& runtime,
                  PoolOptions const& options = {}, Opening opening = Opening::create);

}  // namespace tram::connect

#pragma GCC visibility pop
