#pragma once

#include "session.hpp"

namespace tram::postgres {

/// Has the server wait for a sign of life as long as it is set to (`wal_sender_timeout`), and at
/// least ten seconds, for as long as this session lasts: whoever changes the setting meanwhile
/// changes it for later sessions. What the server is set to, zero when it waits for ever. On a
/// replication connection, before it streams. Faults: those of the session.
Duration settle_sender_timeout(Session& session, Deadline deadline);

/// How often a reader shows that it lives: several times within `timeout`, and at least as often as
/// `longest` says.
Duration status_interval_for(Duration timeout, Duration longest);

}  // namespace tram::postgres
