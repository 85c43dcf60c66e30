#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tram/base/finding.hpp"
#include "tram/base/time.hpp"
#include "tram/sql/dialect.hpp"

#pragma GCC visibility push(default)

namespace tram {

class Database;
class OutboxSource;

/// How long something is kept, as far as the caller knows.
struct KnownAge {
  Duration age{};
  /// Behind the age in a finding: ` (assumed)`.
  std::string remark{};
};

struct DoctorParts {
  OutboxSource const& outbox;
  /// Opens the database of the outbox, to read only. Called when the outbox's own checks reached
  /// it.
  std::function<Database()> open;
  SchemaName schema{};
  /// How long services keep inbox rows, and the broker records.
  KnownAge inbox_age{};
  KnownAge broker_age{};
  /// The broker's own findings. Empty: it is not looked at.
  std::function<std::vector<Finding>()> check_broker{};
};

/// Everything that can be known of one database and its broker without changing them: connection,
/// tables, clocks, inbox, held messages, retention. Waits for both. Throws nothing of theirs: a
/// problem is a finding.
///
///     for (auto const& finding : tram::examine(parts)) show(finding.good, finding.text);
std::vector<Finding> examine(DoctorParts const& parts);

}  // namespace tram

#pragma GCC visibility pop
