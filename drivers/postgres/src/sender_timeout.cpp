#include "sender_timeout.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>

namespace tram::postgres {
namespace {

/// The relay's loop may wait for its broker or the table of held rows for seconds; a server that is
/// less patient would end the session each time.
constexpr std::chrono::milliseconds patience_min{10'000};
/// Below this a loop that shares its processor with others cannot promise anything.
constexpr std::chrono::milliseconds status_interval_min{50};
/// Servers before let no session choose.
constexpr int version_that_lets_choose{120'000};

std::chrono::milliseconds configured_timeout(Session& session, Deadline deadline) {
  auto const found = session.query(
      "SELECT setting FROM pg_catalog.pg_settings WHERE name = 'wal_sender_timeout'", deadline);
  if (PQntuples(found.get()) == 0) return std::chrono::milliseconds{0};
  return std::chrono::milliseconds{std::strtoll(PQgetvalue(found.get(), 0, 0), nullptr, 10)};
}

}  // namespace

Duration settle_sender_timeout(Session& session, Deadline deadline) {
  auto const configured = configured_timeout(session, deadline);
  if (PQserverVersion(session.connection()) < version_that_lets_choose) return configured;
  auto const patience = configured.count() == 0 ? configured : std::max(configured, patience_min);
  session.query("SET wal_sender_timeout = " + std::to_string(patience.count()), deadline);
  return configured;
}

Duration status_interval_for(Duration timeout, Duration longest) {
  if (timeout == Duration::zero()) return longest;
  return std::min<Duration>(std::max<Duration>(timeout / 4, status_interval_min), longest);
}

}  // namespace tram::postgres
