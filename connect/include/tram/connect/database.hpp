#pragma once

#include <string_view>

#include "tram/connect/kits.hpp"
#include "tram/relay/database_kit.hpp"
#include "tram/relay/outbox_source.hpp"
#include "tram/sql/database.hpp"

namespace tram::connect {

// Throws, all functions: rejected for a URL without a scheme, for a scheme without a driver among
// `kits` (the text says whether it could have been built), and as the functions of `DatabaseKit`.
// What the URLs of a driver may say is in its `kit.hpp`. `clock` and `random` must outlive what is
// returned; `random` must be callable from any thread.

/// The driver of the databases whose URLs have this scheme: `sqlite`. Null for a scheme without a
/// driver.
DatabaseKit const* database_kit(std::string_view scheme, Kits const& kits = built_kits());

/// The database that a URL names, such as `postgresql://user@host/name` or `sqlite:orders.db`.
/// Connects lazily.
Database database(std::string_view url, PoolOptions const& options, Clock& clock, Random& random,
                  Opening opening = Opening::create, Kits const& kits = built_kits());

/// The outbox in that database, for a relay.
///
///     auto const source = tram::connect::outbox(url, {}, clock, random)->change_source();
std::unique_ptr<OutboxSource> outbox(std::string_view url, OutboxSourceOptions const& options,
                                     Clock& clock, Random& random, Kits const& kits = built_kits());

}  // namespace tram::connect
