#pragma once

#include <string>

#include "outbox_columns.hpp"
#include "session.hpp"
#include "tram/postgres/change_source.hpp"

namespace tram::postgres {

/// The outbox as the catalog has it.
struct OutboxName {
  std::string schema;
  std::string table;
  [[nodiscard]] std::string quoted(PGconn* connection) const;
};

/// A name or a text as SQL has it.
std::string quote_name(PGconn* connection, std::string const& name);
std::string quote_text(PGconn* connection, std::string const& text);

/// Where the slot stands.
struct SlotPosition {
  LogPosition confirmed{};
  /// The server's process for whoever reads it now, empty when it is free.
  std::string reader;
  /// Changes when another server answers, or the same one after a fail-over: positions of before
  /// mean nothing then.
  std::string history;
  /// Where the server's log ends by now: what is committed lies before.
  LogPosition log_end{};
};

/// Looks at everything that streaming needs, in the order in which an operator would put it right,
/// and makes what is missing and may be made. On a replication connection, before it streams.
/// Faults: rejected with the remedy, and those of the connection.
class ReplicationSetup {
 public:
  ReplicationSetup(Session& session, ChangeSourceConfig const& config, Deadline deadline)
      : session_{session}, config_{config}, deadline_{deadline} {}

  OutboxName outbox();
  /// What the columns hold; refuses those that are not shown as they were written.
  TypeForms column_types(OutboxName const& outbox);
  SlotPosition prepare(OutboxName const& outbox);

 private:
  void require_logical_log();
  void require_publication(OutboxName const& outbox);
  void create_publication(OutboxName const& outbox);
  SlotPosition slot_position(OutboxName const& outbox);
  void create_slot(OutboxName const& outbox);
  void drop_slot();
  void identify_system(SlotPosition& slot);
  Result query(std::string const& sql) { return session_.query(sql, deadline_); }
  [[nodiscard]] std::string text(std::string const& value) const {
    return quote_text(session_.connection(), value);
  }
  [[nodiscard]] std::string name(std::string const& value) const {
    return quote_name(session_.connection(), value);
  }
  [[noreturn]] void refuse(std::string const& what) const;

  Session& session_;
  ChangeSourceConfig const& config_;
  Deadline deadline_;
};

}  // namespace tram::postgres
