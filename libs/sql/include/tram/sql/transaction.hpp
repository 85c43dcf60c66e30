#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "tram/base/deadline.hpp"
#include "tram/base/error.hpp"
#include "tram/base/process_family.hpp"
#include "tram/base/time.hpp"
#include "tram/sql/statement_executor.hpp"

#pragma GCC visibility push(default)

namespace tram {

class Connection;
struct Dialect;

/// What happened in one attempt of a transaction, for callers that must find out whose fault an
/// error is: `Database::transact` resets it at the beginning of each attempt, so that nothing in it
/// is left of an earlier one.
struct TransactionAttempt {
  enum class Stage : std::uint8_t {
    /// No connection yet, or no transaction on it: the function has not begun.
    beginning,
    /// The function runs, or threw.
    function,
    /// The function returned.
    commit,
  };
  Stage stage{};
  /// How long the function waited for its statements.
  Duration waited{};
  /// What a statement threw last, even if the function caught it. The same object as the exception
  /// that ended the attempt, when that came from the database.
  std::exception_ptr statement_error{};
  /// A statement found that an object is missing or not allowed (`Error::is_about_setup`), and none
  /// succeeded since: what fails now may fail for it, whatever the function throws.
  bool lacks_setup{};
};

/// A database transaction: given to the function of `Database::transact`, and gone when that
/// returns.
///
/// One thread only. Every statement waits at most until the transaction's deadline.
///
///     database.transact([&](tram::Transaction& tx) {
///       tx.execute("INSERT INTO orders VALUES (?)", id);
///       outbox.send(tx, "orders", OrderPlaced{id});
///     });
class Transaction final : public StatementExecutor {
 public:
  Transaction(Connection& connection, Dialect const& dialect, Deadline deadline,
              TransactionContext context);
  /// Notes in `attempt`, which outlives it, what its statements throw and how long they take.
  Transaction(Connection& connection, Dialect const& dialect, Deadline deadline,
              TransactionContext context, Clock const& clock, TransactionAttempt& attempt);
  Transaction(Transaction const&) = delete;
  Transaction& operator=(Transaction const&) = delete;

  /// Throws: also rejected, for a statement that begins or ends a transaction or a savepoint: those
  /// belong to `Database::transact` and `with_savepoint`.
  Rows execute_statement(std::string_view sql, Parameters parameters) override;
  void post_statement(std::string_view sql, Parameters parameters) override;

  [[nodiscard]] Deadline deadline() const { return deadline_; }
  [[nodiscard]] Dialect const& dialect() const { return dialect_; }
  [[nodiscard]] TransactionContext const& context() const override { return context_; }
  /// Sets the reason of the following statements, for a transaction that handles several messages.
  void set_context(TransactionContext context) { context_ = std::move(context); }

  /// Runs `function` behind a savepoint. When it throws anything, its work is rolled back, the
  /// caller gets the exception, and the transaction can be used further. May be nested. When the
  /// rollback fails (`broken`), every further statement throws its error and nothing is committed.
  template <class Function>
  auto with_savepoint(Function&& function);

  /// Throws the error of a savepoint that could not be rolled back: its work must not be committed.
  void require_whole() const {
    if (spoiled_) throw Error{*spoiled_};
    require_made_here(process_, "sql: this transaction");
  }

 private:
  friend class Savepoint;

  int open_savepoint();
  void require_innermost(int depth) const;
  void release_savepoint(int depth);
  void roll_back_to_savepoint(int depth);
  void undo_savepoint(int depth);
  Rows run(std::string_view sql, Parameters parameters);
  void queue(std::string_view sql, Parameters parameters);
  template <class Function>
  auto observed(Function&& function);
  void abandon_savepoint(int depth) noexcept;

  Connection& connection_;
  Dialect const& dialect_;
  Deadline deadline_;
  TransactionContext context_;
  int savepoints_{};
  /// Statements whose errors have not had an occasion to show.
  int posted_{};
  std::optional<Error> spoiled_;
  std::uint64_t process_{process_generation()};
  // Both or none.
  Clock const* clock_{};
  TransactionAttempt* attempt_{};
};

/// A part of a transaction that can be rolled back alone, for code that decides later whether to
/// keep it; when the function's return decides, use `with_savepoint`. The destructor rolls back
/// what was neither released nor rolled back. Savepoints end innermost first.
///
///     tram::Savepoint savepoint{tx};
///     if (reserve(tx)) savepoint.release();
///     else savepoint.roll_back();
class Savepoint {
 public:
  /// Throws: the errors of a statement; the savepoint is not there then.
  explicit Savepoint(Transaction& tx) : tx_{tx}, depth_{tx.open_savepoint()} {}
  ~Savepoint() {
    if (!ended_) tx_.abandon_savepoint(depth_);
  }
  Savepoint(Savepoint const&) = delete;
  Savepoint& operator=(Savepoint const&) = delete;

  /// Keeps the work. Throws: also those of statements posted behind the savepoint, which can be
  /// rolled back then.
  void release() {
    tx_.release_savepoint(depth_);
    ended_ = true;
  }
  /// Undoes the work. Where this throws, every further statement throws it, too, and nothing is
  /// committed.
  void roll_back() {
    ended_ = true;
    tx_.roll_back_to_savepoint(depth_);
  }

 private:
  Transaction& tx_;
  int depth_;
  bool ended_{};
};

template <class Function>
auto Transaction::with_savepoint(Function&& function) {
  Savepoint savepoint{*this};
  if constexpr (std::is_void_v<decltype(function())>) {
    function();
    savepoint.release();
  } else {
    auto result = function();
    savepoint.release();
    return result;
  }
}

}  // namespace tram

#pragma GCC visibility pop
