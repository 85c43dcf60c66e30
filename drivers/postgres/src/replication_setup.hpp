#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "left_tables.hpp"
#include "lsn.hpp"
#include "outbox_columns.hpp"
#include "outbox_look.hpp"
#include "session.hpp"
#include "table_rows.hpp"
#include "takeover_mark.hpp"
#include "tram/postgres/change_source.hpp"

namespace tram::postgres {

/// A connection that can read the log. Faults: those of connecting, and rejected with the remedy
/// where the role may not, or where a pooler stands between.
Session open_for_replication(Target const& target, Clock& clock, Deadline deadline);

/// Why the server takes no slot of this name, with the name; empty where it does.
std::string problem_of_slot_name(std::string_view name);
/// Of a slot whose log shows prepared transactions before they are committed, with the remedy.
std::string problem_of_two_phases(std::string const& slot);

/// Whether rows that a new slot does not show are published, or keep it from being made.
inline bool reads_existing_rows(ChangeSourceConfig const& config) {
  return config.new_slot == NewSlot::publish_existing_rows ||
         config.new_slot == NewSlot::for_empty_outbox;
}

/// Where the slot stands.
struct SlotPosition {
  Lsn confirmed{};
  /// The position that its reader reports, which may be further.
  Lsn published{};
  /// The server's process for its reader, empty when nobody reads it.
  std::string reader;
  /// What else is known of that process, for people.
  std::string reader_details;
  /// Somebody is making it, and nobody reads it before that is done.
  bool unfinished{};
  /// Where the server's log ends by now: what is committed lies before.
  Lsn log_end{};
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
  /// Those of the tables with these numbers that are still there. Rejected with the remedy where
  /// the role may not read one.
  std::map<std::string, FormerTable> tables(std::vector<std::string> const& numbers);
  /// Tables with the outbox's columns that are no parts; those that left another one since this
  /// transaction are marked.
  std::vector<AlikeTable> alike_tables(std::string const& transaction);
  /// Those of them that hold rows which nobody marked as published, or that may not be read.
  std::vector<AlikeTable> with_rows(std::vector<AlikeTable> const& tables);
  /// Rows that nobody marked as published.
  bool holds_rows(FormerTable const& table);
  /// Nothing when there is none.
  std::optional<SlotPosition> slot();
  /// Whether a new slot may be made. Rejected where it may not.
  void require_new_slot(OutboxLook const& outbox, std::vector<FormerTable> const& former,
                        bool was_empty);
  bool holds_unpublished_rows(OutboxLook const& outbox, std::vector<FormerTable> const& former);
  /// Which rows of the outbox are committed by now; waits while the server reads the table.
  CommittedRows committed_rows(OutboxLook const& outbox);
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
