#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "session.hpp"
#include "statements.hpp"
#include "tram/sql/connection.hpp"
#include "transaction_limits.hpp"

namespace tram::postgres {

/// What the connections of one driver share.
struct Server {
  Target const target;
  /// Becomes `unnamed` when a pooler shows: its process number, or a prepared statement that is
  /// lost.
  std::atomic<Statements> statements;
};

/// A connection in libpq's pipeline mode: statements are queued, and the server is waited for once
/// per `execute` and once per `commit`.
///
/// What makes a commit knowable: the first writing statement is followed, in the same trip, by a
/// question for the transaction's number. When the connection is lost during the commit, a new
/// connection asks what became of that number. A server that crashed meanwhile may have given the
/// number to another transaction, which its statistics' reset time tells.
///
/// What a statement has done to the transaction is known from the server: from the tag of each
/// answer, and from the state that it tells when a trip is over. Where a statement has ended the
/// transaction, everything behind it raises that error, and nothing more is committed.
class PipelinedConnection final : public Connection {
 public:
  /// Waits for the connection. Faults: transient, rejected.
  PipelinedConnection(std::shared_ptr<Server> server, Clock& clock, Deadline deadline);

  void begin(Access access, Deadline deadline) override;
  Rows execute(std::string_view sql, Parameters parameters, Deadline deadline) override;
  void post(std::string_view sql, Parameters parameters, Deadline deadline) override;
  void commit(Deadline deadline) override;
  bool reset() noexcept override;

 private:
  enum class Purpose : std::uint8_t {
    discard,
    rows,
    prepare,
    transaction_number,
    commit,
    /// No statement: the server says that it is idle in the transaction.
    pause
  };
  struct Pending {
    Purpose purpose;
    std::string text;
    StatementCache::Statement* statement{};
    /// One of the driver's own, or `Transaction`'s: it may begin or end what it does.
    bool may_control{true};
  };

  StatementKind queue(Purpose purpose, std::string_view sql, Parameters parameters,
                      Deadline deadline);
  void open_transaction(Deadline deadline);
  void send_plain(std::vector<std::string> const& statements);
  void look();
  void send(Purpose purpose, StatementCache::Statement& statement, Parameters parameters);
  void ask_transaction_number();
  /// Before libpq sends a part of what is queued by itself: within a pipeline that is not ended the
  /// server has no limit for a client that falls silent, and a frozen one would keep its locks.
  void pause_pipeline(Deadline deadline);
  [[nodiscard]] bool is_pause(PGresult const* result) const;
  /// One trip: everything queued goes out, all answers come in; the first error is thrown when they
  /// are in.
  void synchronise(Deadline deadline);
  bool take_all(Deadline deadline);
  void take(Pending const& pending, PGresult const* result);
  void take_commit(std::string_view tag);
  void fail(Pending const& pending, PGresult const* result);
  [[nodiscard]] Error error_of(Pending const& pending, PGresult const* result) const;
  /// A statement has ended the transaction, by the tag of its answer.
  void note_end(std::string const& statement, std::string_view tag);
  void judge_commit(Error const& trouble, Deadline deadline);
  [[nodiscard]] bool may_have_committed(Error const& trouble) const;
  /// After the connection was lost during the commit: returns when it happened. Faults: broken (it
  /// did not), in_doubt.
  void settle(Error const& trouble, Deadline deadline);
  /// `committed`, `aborted`, `in progress`, empty (too long ago), `reused` (after a crash) or
  /// `unreachable`.
  std::string ask_status(Deadline deadline);
  void require(int sent);

  std::shared_ptr<Server> server_;
  Clock* clock_;
  Session session_;
  StatementCache statements_;
  TransactionLimits limits_;
  std::string crash_mark_;
  std::deque<Pending> pending_;
  /// Since the pipeline ended or paused.
  std::size_t queued_bytes_{};

  // Of the open transaction:
  Access access_{Access::read_write};
  bool begun_{};
  bool number_wanted_{};
  bool number_asked_{};
  bool number_known_{};
  std::string number_;
  bool committed_{};
  std::optional<Rows> rows_;
  std::optional<Error> error_;
  /// The server's error came in place of the commit's answer, in words that leave open whether the
  /// commit happened.
  bool error_hides_commit_{};
  bool is_ending_{};
  std::optional<Error> ended_;
  bool usable_{true};
  SteadyTime answered_at_{};
};

}  // namespace tram::postgres
