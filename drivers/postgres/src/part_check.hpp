#pragma once

#include <string>
#include <vector>

#include "session.hpp"
#include "tram/postgres/change_source.hpp"

namespace tram::postgres {

/// What a relay that starts now finds of tables that are no parts of the outbox any more.
struct PartCheck {
  /// Those that left since a relay read the log, for people.
  std::string left;
  /// What the relay asks people about others, with the remedy; empty when nothing.
  std::string question;
  /// The relay is not ready before that is answered.
  bool must_be_answered{};
  /// Those that left and hold rows that a new slot would not show.
  std::string unread;
};

/// On a connection for replication, before it streams. Changes nothing. Throws: rejected where a
/// table may not be read, and what the session throws.
PartCheck check_parts(ChangeSourceConfig const& config, Session& session, Deadline deadline);

}  // namespace tram::postgres
