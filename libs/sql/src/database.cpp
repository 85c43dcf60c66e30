#include "tram/sql/database.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "connection_pool.hpp"
#include "tram/base/error.hpp"
#include "tram/base/mutex.hpp"

namespace tram {
namespace {

constexpr Duration first_pause = std::chrono::milliseconds{5};
constexpr Duration longest_pause = std::chrono::milliseconds{500};

bool may_run_again(Fault fault) {
  return fault == Fault::conflict || fault == Fault::transient || fault == Fault::broken;
}

Deadline deadline_of(TransactOptions const& options, Clock const& clock) {
  auto const deadline = Deadline::after(clock, options.timeout);
  if (!options.deadline || deadline.time() < options.deadline->time()) return deadline;
  return *options.deadline;
}

/// The transactions that this thread has open, innermost first.
class ThreadTransactionScope {
 public:
  ThreadTransactionScope(void const* database, TransactOptions const& options)
      : database_{database},
        refuses_nesting_{options.nesting == Nesting::refused},
        writes_{options.access != Access::read_only},
        outer_{innermost} {
    innermost = this;
  }
  ~ThreadTransactionScope() { innermost = outer_; }
  ThreadTransactionScope(ThreadTransactionScope const&) = delete;
  ThreadTransactionScope& operator=(ThreadTransactionScope const&) = delete;

  static bool refuses_nesting(void const* database) {
    return any(
        [&](auto const& each) { return each.database_ == database && each.refuses_nesting_; });
  }
  static bool writes(void const* database) {
    return any([&](auto const& each) { return each.database_ == database && each.writes_; });
  }

 private:
  template <class Predicate>
  static bool any(Predicate const& is_it) {
    auto const* each = innermost;
    while (each != nullptr && !is_it(*each)) each = each->outer_;
    return each != nullptr;
  }

  void const* database_;
  bool refuses_nesting_;
  bool writes_;
  ThreadTransactionScope* outer_;
  static thread_local ThreadTransactionScope* innermost;
};

thread_local ThreadTransactionScope* ThreadTransactionScope::innermost{};

/// A connection for one attempt; rolls back whatever was not committed.
class Lease {
 public:
  Lease(ConnectionPool& pool, Deadline deadline) : pool_{pool}, connection_{pool.take(deadline)} {}
  ~Lease() {
    if (!pool_.is_of_this_process()) {
      // The parent's, where the function forked.
      static_cast<void>(connection_.release());
      return;
    }
    if (!committed_ && !connection_->reset()) connection_.reset();
    pool_.give_back(std::move(connection_));
  }
  Lease(Lease const&) = delete;
  Lease& operator=(Lease const&) = delete;

  Connection& connection() { return *connection_; }
  void commit(Deadline deadline) {
    pool_.require_this_process();
    connection_->commit(deadline);
    committed_ = true;
  }

 private:
  ConnectionPool& pool_;
  std::unique_ptr<Connection> connection_;
  bool committed_{};
};

}  // namespace

struct Database::State {
  State(std::unique_ptr<DatabaseDriver> the_driver, PoolOptions const& options, Clock& the_clock,
        Random& the_random)
      : driver{std::move(the_driver)},
        clock{the_clock},
        random{the_random},
        pool{*driver, options.connections_max, the_clock} {}

  /// What was late from the start waits for nothing, and may be done all the same.
  void attempt(TransactOptions const& options, Deadline deadline, bool is_late,
               std::function<void(Transaction&)> const& function) {
    TransactionAttempt unobserved;
    auto& attempt = options.attempt != nullptr ? *options.attempt : unobserved;
    attempt = {};
    if (options.begins) options.begins();
    Lease lease{pool, deadline};
    lease.connection().begin(options.access, deadline);
    isolate(lease.connection(), options.isolation, deadline);
    Transaction tx{
        lease.connection(), driver->dialect(), deadline, options.context, clock, attempt};
    attempt.stage = TransactionAttempt::Stage::function;
    function(tx);
    attempt.stage = TransactionAttempt::Stage::commit;
    tx.require_whole();
    if (!is_late && deadline.reached(clock)) {
      throw Error{Fault::transient,
                  "sql: the transaction took longer than its timeout, and nothing was committed"};
    }
    lease.commit(deadline);
  }

  void isolate(Connection& connection, Isolation isolation, Deadline deadline) {
    auto const statement = driver->dialect().set_isolation;
    if (isolation == Isolation::by_default || statement == nullptr) return;
    connection.post(statement(isolation), {}, deadline);
  }

  /// Between half of it and all of it, so that two that collided do not collide again.
  Duration jittered(Duration pause) TRAM_EXCLUDES(random_mutex) {
    Lock const lock{random_mutex};
    return std::chrono::duration_cast<Duration>(pause * (0.5 + random.unit() / 2));
  }

  std::unique_ptr<DatabaseDriver> driver;
  Clock& clock;
  Mutex random_mutex;
  Random& random;
  ConnectionPool pool;
};

Database::Database(std::unique_ptr<DatabaseDriver> driver, PoolOptions options, Clock& clock,
                   Random& random)
    : state_{driver == nullptr
                 ? nullptr
                 : std::make_unique<State>(std::move(driver), options, clock, random)} {
  if (options.connections_max != 0) return;
  throw Error{Fault::rejected,
              "sql: connections_max is 0 for " + name() + "; give its pool a connection"};
}

Database::State& Database::state() const {
  if (state_ != nullptr) return *state_;
  throw Error{Fault::rejected,
              "sql: this Database was moved from, or made without a driver; use the one that it "
              "was moved to"};
}

Database::~Database() = default;
Database::Database(Database&&) noexcept = default;

Dialect const& Database::dialect() const { return state().driver->dialect(); }
std::string Database::name() const { return state().driver->name(); }
Clock& Database::clock() const { return state().clock; }
std::size_t Database::make_room_for(std::size_t connections) {
  return state().pool.make_room_for(connections);
}
DatabaseDriver const& Database::driver() const { return *state().driver; }

void Database::run(TransactOptions const& options,
                   std::function<void(Transaction&)> const& function) {
  if (ThreadTransactionScope::refuses_nesting(state_.get())) {
    throw Error{Fault::rejected,
                "sql: this thread handles a message in a transaction on " + name() +
                    ", and a second one might wait for it for ever; use the Transaction that the "
                    "handler was given"};
  }
  if (dialect().single_writer && options.access != Access::read_only &&
      ThreadTransactionScope::writes(state_.get())) {
    throw Error{Fault::rejected,
                "sql: this thread has a writing transaction open on " + name() +
                    ", and a second one would wait for it for ever; use its Transaction, or "
                    "Access::read_only for what only reads"};
  }
  ThreadTransactionScope const open{state_.get(), options};
  auto& clock = state_->clock;
  auto const deadline = deadline_of(options, clock);
  bool const is_late = deadline.reached(clock);
  auto pause = first_pause;
  for (int attempt = 1;; ++attempt) {
    try {
      return state_->attempt(options, deadline, is_late, function);
    } catch (Error const& error) {
      if (error.fault() == Fault::broken) state_->pool.close_idle();
      if (!may_run_again(error.fault()) || attempt >= options.attempts_max) throw;
      auto const wait = state_->jittered(pause);
      if (deadline.remaining(clock) <= wait) throw;
      clock.pause(wait);
      pause = std::min(2 * pause, longest_pause);
    }
  }
}

}  // namespace tram
