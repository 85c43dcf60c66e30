#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outbox_columns.hpp"
#include "outbox_look.hpp"
#include "session.hpp"
#include "takeover_mark.hpp"
#include "tram/postgres/change_source.hpp"

namespace tram::postgres {

/// A connection that can read the log. Faults: those of connecting, and rejected with the remedy
/// where the role may not, or where a pooler stands between.
Session open_for_replication(Target const& target, Clock& clock, Deadline deadline);

/// Why the server takes no slot of this name, with the name; empty where it does.
std::string problem_of_slot_name(std::string_view name);

/// Where the slot stands.
struct SlotPosition {
  LogPosition confirmed{};
  /// The position that its reader reports, which may be further.
  LogPosition published{};
  /// The server's process for its reader, empty when nobody reads it.
  std::string reader;
  /// What else is known of that process, for people.
  std::string reader_details;
  /// Somebody is making it, and nobody reads it before that is done.
  bool unfinished{};
  /// Where the server's log ends by now: what is committed lies before.
  LogPosition log_end{};
  /// Changes when another server answers, or the same one after a fail-over: positions of before
  /// mean nothing then.
  std::string history;
  /// The slot is a copy of another relay's, and still stands where it was copied.
  std::optional<TakeoverMark> copy{};
};

/// Looks at everything that streaming needs, in the order in which an operator would put it right,
/// and makes the publication when it is missing and may be made. On a replication connection,
/// before it streams. Faults: rejected with the remedy, and those of the connection.
class ReplicationSetup {
 public:
  ReplicationSetup(Session& session, ChangeSourceConfig const& config, Deadline deadline)
      : session_{session}, config_{config}, deadline_{deadline} {}

  /// The outbox, which the log shows.
  OutboxLook outbox();
  /// What the columns hold; refuses those that are not shown as they were written.
  TypeForms column_types(OutboxLook const& outbox);
  /// The outbox as it is, whether or not. With `horizon` in place of the slot's.
  OutboxLook look(std::string const& horizon = "");
  /// The names, in SQL, of tables with these numbers that are still there.
  std::map<std::string, std::string> names(std::vector<std::string> const& numbers);
  /// Numbers of tables that have the outbox's columns, and have left no other table since this
  /// transaction.
  std::vector<std::string> tables_that_left_none(std::string const& transaction);
  /// Nothing when there is none.
  std::optional<SlotPosition> slot();
  /// Whether a new slot may be made. Rejected where it may not.
  void require_new_slot(OutboxLook const& outbox, bool was_empty);
  bool holds_unpublished_rows(OutboxLook const& outbox);
  /// Which transactions are done by now.
  std::string snapshot();
  /// Of the server: its number and its time line.
  std::string history();

 private:
  void require_primary();
  void require_logical_log();
  void require_no_other_relay();
  void create_publication(OutboxLook const& outbox);
  Result query(std::string const& sql) { return session_.query(sql, deadline_); }
  [[noreturn]] void refuse(std::string const& what) const;

  Session& session_;
  ChangeSourceConfig const& config_;
  Deadline deadline_;
};

}  // namespace tram::postgres
