#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "session.hpp"
#include "statements.hpp"
#include "tram/sql/connection.hpp"

namespace tram::postgres {

/// A connection in libpq's pipeline mode: statements are queued, and the server is waited for once
/// per `execute` and once per `commit`.
///
/// What makes a commit knowable: the first writing statement is followed, in the same trip, by a
/// question for the transaction's number. When the connection is lost during the commit, a new
/// connection asks what became of that number. A server that crashed meanwhile may have given the
/// number to another transaction, which its statistics' reset time tells.
class PipelinedConnection final : public Connection {
 public:
  /// Waits for the connection. Faults: transient, rejected.
  PipelinedConnection(std::shared_ptr<Target const> target, Statements mode, Clock& clock,
                      Deadline deadline);

  void begin(Access access, Deadline deadline) override;
  Rows execute(std::string_view sql, Parameters parameters, Deadline deadline) override;
  void post(std::string_view sql, Parameters parameters, Deadline deadline) override;
  void commit(Deadline deadline) override;
  bool reset() noexcept override;

 private:
  enum class Purpose : std::uint8_t { discard, rows, prepare, transaction_number, commit };
  struct Pending {
    Purpose purpose;
    std::string text;
    StatementCache::Statement* statement{};
  };

  void queue(Purpose purpose, std::string_view sql, Parameters parameters, Deadline deadline);
  void send(Purpose purpose, StatementCache::Statement& statement, Parameters parameters);
  void ask_transaction_number();
  /// One trip: everything queued goes out, all answers come in; the first error is thrown when they
  /// are in.
  void synchronise(Deadline deadline);
  void take(Pending const& pending, PGresult const* result);
  void fail(Pending const& pending, PGresult const* result);
  /// After the connection was lost during the commit: returns when it happened. Faults: broken (it
  /// did not), in_doubt.
  void settle(Error const& trouble, Deadline deadline);
  /// `committed`, `aborted`, `in progress`, empty (too long ago), `reused` (after a crash) or
  /// `unreachable`.
  std::string ask_status(Deadline deadline);
  void require(int sent);

  std::shared_ptr<Target const> target_;
  Clock* clock_;
  Session session_;
  StatementCache statements_;
  std::string crash_mark_;
  std::deque<Pending> pending_;

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
  bool error_at_commit_{};
  bool usable_{true};
  SteadyTime answered_at_{};
};

/// True for a statement that can only read or that ends or marks a savepoint: it gives a
/// transaction no number.
bool only_reads(std::string_view sql) noexcept;

}  // namespace tram::postgres
