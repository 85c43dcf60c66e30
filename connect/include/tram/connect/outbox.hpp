#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tram/base/deadline.hpp"
#include "tram/base/detail/chrono.hpp"
#include "tram/base/detail/memory.hpp"
#include "tram/base/finding.hpp"
#include "tram/base/random.hpp"
#include "tram/base/time.hpp"
#include "tram/relay/change_source.hpp"
#include "tram/relay/outbox_retention.hpp"
#include "tram/sql/database.hpp"
#include "tram/sql/dialect.hpp"

namespace tram::connect {

/// What to do when there is no replication slot yet (PostgreSQL). A new slot shows only what
/// commits after it was made.
enum class NewSlot : std::uint8_t {
  /// Make it when the outbox has no unpublished rows, refuse otherwise.
  for_empty_outbox,
  /// Make it; rows that are there already are never relayed.
  skip_existing_rows,
  /// Make it; rows that are there already are relayed first.
  publish_existing_rows,
  /// Refuse.
  refuse,
};

/// Which outbox, and how it is followed. Options that a database does not have are ignored.
struct OutboxOptions {
  SchemaName schema{};
  std::string table{"message"};
  /// SQLite: relays of one name share one position.
  std::string relay{"relay"};
  /// PostgreSQL.
  std::string slot{"tram"};
  std::string publication{"tram"};
  NewSlot new_slot{NewSlot::for_empty_outbox};
};

// URLs, faults and lifetimes are those of `database`.

/// Follows the outbox.
std::unique_ptr<ChangeSource> change_source(std::string_view url, OutboxOptions const& options,
                                            Clock& clock);

/// Removes old rows of it. `database` is the one at the URL, and outlives the result.
std::unique_ptr<OutboxRetention> outbox_retention(std::string_view url,
                                                  OutboxOptions const& options, Database& database,
                                                  std::chrono::milliseconds age);

/// Where the log ends now, as a position of `change_source`. Everything committed before the call
/// is published once the relay has confirmed this position. Waits for `database`, until the
/// deadline at most.
LogPosition log_end(OutboxOptions const& options, Database& database, Deadline deadline);

/// Whether `change_source` would work. Changes nothing and waits some seconds at most; a problem is
/// a finding.
std::vector<Finding> check_outbox(std::string_view url, OutboxOptions const& options, Clock& clock,
                                  Random& random);

}  // namespace tram::connect
