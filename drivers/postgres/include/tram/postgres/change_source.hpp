#pragma once

#include <cstdint>
#include <string>

#include "tram/base/detail/memory.hpp"
#include "tram/base/time.hpp"
#include "tram/cdc/change_source.hpp"
#include "tram/sql/dialect.hpp"

namespace tram::postgres {

/// What to do when the replication slot is not there yet. A new slot shows only what commits after
/// it was made.
enum class MissingSlot : std::uint8_t {
  /// Make it when the outbox has no unpublished rows, refuse otherwise: they would never be
  /// relayed.
  create_for_empty_outbox,
  /// Make it in any case; rows that are in the outbox already are never relayed.
  create_and_skip_existing_rows,
  /// Refuse: somebody else makes the slot and the publication.
  refuse,
};

/// Where the log comes from. Nothing is installed in the server: publication and slot are all that
/// stays.
struct ChangeSourceConfig {
  /// A libpq connection string, URI or keywords; the role needs REPLICATION, and SELECT on the
  /// outbox. A Unix socket
  /// (`host=/run/postgresql`) is by far the fastest way to a server on the same machine.
  std::string connection;
  SchemaName schema{};
  std::string table{"message"};
  std::string slot{"tram"};
  std::string publication{"tram"};
  MissingSlot missing_slot{MissingSlot::create_for_empty_outbox};
  /// How often at most the confirmed position is told to the server; a restart may repeat what lies
  /// between.
  Duration status_interval{std::chrono::milliseconds{250}};
  /// A server that says nothing is asked for a sign of life after this time …
  Duration probe_interval{std::chrono::seconds{10}};
  /// … and given up after this time.
  Duration silence_max{std::chrono::seconds{30}};
  /// How often the kept log is measured, on a second connection.
  Duration measure_interval{std::chrono::seconds{10}};
  /// How long connecting, with all checks, may take.
  Duration connect_timeout{std::chrono::seconds{5}};
};

/// The outbox as PostgreSQL's log shows it through the built-in plugin pgoutput. Connects with the
/// first `read`, which then waits for the server at most `connect_timeout`; every later call only
/// looks.
///
/// Positions are LSNs. Memory is bounded by one read and the largest row, whatever the size of a
/// transaction. After an error the next `read` connects again: pauses between attempts are the
/// caller's. While another process reads the slot, this source is its standby. Positions move while
/// the table is quiet, since the server tells how far it has read.
///
/// Faults of this call: rejected for a connection string that libpq does not understand. Of `read`:
/// as the seam says. `clock` must outlive the source.
std::unique_ptr<ChangeSource> change_source(ChangeSourceConfig const& config, Clock& clock);

}  // namespace tram::postgres
