#pragma once

#include <string>

#include "tram/base/detail/memory.hpp"
#include "tram/base/time.hpp"
#include "tram/relay/change_source.hpp"
#include "tram/relay/new_slot.hpp"
#include "tram/sql/dialect.hpp"

#pragma GCC visibility push(default)

namespace tram::postgres {

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
  NewSlot new_slot{NewSlot::for_empty_outbox};
  /// How often at most the confirmed position is told to the server; a restart may repeat what lies
  /// between.
  Duration status_interval{std::chrono::milliseconds{250}};
  /// A server that says nothing is asked for a sign of life after this time …
  Duration probe_interval{std::chrono::seconds{10}};
  /// … and given up after this time.
  Duration silence_max{std::chrono::seconds{30}};
  /// How often a second connection checks whether the log still shows the whole outbox, and how
  /// much log the slot keeps.
  Duration look_interval{std::chrono::seconds{1}};
  /// How long connecting, with all checks, may take.
  Duration connect_timeout{std::chrono::seconds{5}};
};

/// The outbox as PostgreSQL's log shows it through the built-in plugin pgoutput. Connects with the
/// first `read`, which then waits for the server at most `connect_timeout`. Later calls do not
/// wait, except a second at most to make the second connection again. It leaves a server that is
/// being stopped, however long the caller takes between two calls.
///
/// Silence of the log is not taken for an empty outbox. The log shows a row only under conditions
/// that an administrator may change while the relay runs: the table's name, kind and columns, and
/// the publication. They are checked when connecting and then every `look_interval`. While they are
/// not met, `read` throws rejected with the remedy. When they changed and are met, the rows that
/// the log may have skipped meanwhile are read from the table itself, in the order of their ids;
/// some of them come twice. The log counts as seen only up to where a check found everything
/// unchanged since the check before.
///
/// A slot is made without waiting in `read`: the server lets it wait for every transaction that is
/// open, and until then the status names the one that is waited for.
///
/// Positions are LSNs. Memory is bounded by one read and the largest row, whatever the size of a
/// transaction. After an error the next `read` connects again: pauses between attempts are the
/// caller's. While another process reads the slot, and its position is seen to follow the log, this
/// source is its standby. Positions move while
/// the table is quiet, since the server tells how far it has read.
///
/// Throws: rejected for a connection string that libpq does not understand. Of `read`: as the seam
/// says. `clock` must outlive the source.
std::unique_ptr<ChangeSource> change_source(ChangeSourceConfig const& config, Clock& clock);

}  // namespace tram::postgres

#pragma GCC visibility pop
