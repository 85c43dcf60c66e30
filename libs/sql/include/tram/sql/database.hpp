#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "tram/base/deadline.hpp"
#include "tram/base/detail/function.hpp"
#include "tram/base/detail/memory.hpp"
#include "tram/base/random.hpp"
#include "tram/base/time.hpp"
#include "tram/sql/connection.hpp"
#include "tram/sql/transaction.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Whether the function of a transaction may open another one on the same database and thread. On
/// SQLite the second one would wait for the first, and so for itself.
enum class Nesting : std::uint8_t { allowed, refused };

/// How one transaction is to run.
struct TransactOptions {
  Access access = Access::read_write;
  /// Costs no extra round trip.
  Isolation isolation = Isolation::by_default;
  /// From the call to the end of the commit, all attempts together. Where the function returns
  /// later than that, it is rolled back: transient; where the commit itself takes longer, it may be
  /// in_doubt. Zero, as a deadline that has passed at the call: nothing is waited for.
  Duration timeout = std::chrono::seconds{30};
  /// Ends earlier than `timeout` when given.
  std::optional<Deadline> deadline{};
  TransactionContext context{};
  /// How often the function runs at most, the first time included: again after `conflict`,
  /// `transient` and `broken` before the commit.
  int attempts_max = 10;
  Nesting nesting = Nesting::allowed;
  /// If given, describes the attempt that runs or ran last; it outlives the call.
  TransactionAttempt* attempt = nullptr;
  /// Called at the beginning of each attempt, before it has a connection: reset here what the
  /// caller keeps about an attempt, since the function may never run.
  std::function<void()> begins{};
};

struct PoolOptions {
  /// Connections at most; a caller who finds none free waits until its deadline. Nothing: 10, or as
  /// many as a service on the database needs.
  std::optional<std::size_t> connections_max{};
};

/// A database with a pool of connections. Callable from any thread; owns only connections. After a
/// move the old object refuses every call: rejected.
///
///     auto database = tram::sqlite::connect({.path = "orders.db"}, {}, clock, random);
///     auto const name = database.transact([&](tram::Transaction& tx) {
///       auto const rows = tx.execute("SELECT name FROM customer WHERE id = ?", id);
///       return rows.empty() ? std::string{} : rows[0].get<std::string>(0);
///     });
class Database final {
 public:
  /// Connects lazily: an unreachable server shows at the first transaction. `clock` and `random`
  /// must outlive it.
  Database(std::unique_ptr<DatabaseDriver> driver, PoolOptions options, Clock& clock,
           Random& random);
  ~Database();
  Database(Database&&) noexcept;
  Database& operator=(Database&&) = delete;

  /// Runs `function(Transaction&)` in a transaction and commits when it returns; rolls back when it
  /// throws, and the caller gets the exception. `conflict`, `transient` and `broken` before the
  /// commit run the function again, after a growing pause with jitter, within deadline and
  /// attempts: the function must be idempotent but for its transaction. `in_doubt` always reaches
  /// the caller. Waits for a connection, the database and the pauses, at most until the deadline.
  /// Throws: also rejected, inside the function of a transaction that refuses nesting, and for a
  /// second writing transaction inside a writing one on SQLite, which has one writer at a time.
  template <class Function>
  auto transact(TransactOptions const& options, Function&& function) {
    using Result = decltype(function(std::declval<Transaction&>()));
    if constexpr (std::is_void_v<Result>) {
      run(options, [&](Transaction& tx) { function(tx); });
    } else {
      std::optional<Result> result;
      run(options, [&](Transaction& tx) { result.emplace(function(tx)); });
      return std::move(*result);
    }
  }
  template <class Function>
  auto transact(Function&& function) {
    return transact(TransactOptions{}, std::forward<Function>(function));
  }

  [[nodiscard]] Dialect const& dialect() const;
  /// Names the database in messages, without secrets.
  [[nodiscard]] std::string name() const;
  [[nodiscard]] Clock& clock() const;
  /// Lets the pool have so many connections, unless `PoolOptions::connections_max` says how many it
  /// has. Returns how many it may have. Callable from any thread; never waits.
  std::size_t make_room_for(std::size_t connections);
  /// What it was made with, to ask for what only some drivers have; see `outbox_of`.
  [[nodiscard]] DatabaseDriver const& driver() const;

 private:
  void run(TransactOptions const& options, std::function<void(Transaction&)> const& function);

  struct State;
  [[nodiscard]] State& state() const;

  std::unique_ptr<State> state_;
};

}  // namespace tram

#pragma GCC visibility pop
