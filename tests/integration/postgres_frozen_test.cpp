#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <string>

#include "pooler.hpp"
#include "postgres_server.hpp"
#include "tram/base/error.hpp"
#include "tram/postgres/dialect.hpp"
#include "tram/postgres/postgres.hpp"
#include "tram/schema/schema.hpp"
#include "tram/subscriber/inbox.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tram::testing {
namespace {

using namespace std::chrono_literals;

class Pipe {
 public:
  Pipe() {
    if (::pipe(ends_.data()) != 0) throw std::runtime_error{"no pipe"};
  }
  ~Pipe() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  Pipe(Pipe const&) = delete;
  Pipe& operator=(Pipe const&) = delete;

  void write(std::string const& text) const {
    if (::write(ends_[1], text.data(), text.size()) < 0) throw std::runtime_error{"no writing"};
  }
  [[nodiscard]] std::string read() const {
    std::array<char, 4096> text{};
    auto const length = ::read(ends_[0], text.data(), text.size());
    return {text.data(), length < 0 ? 0 : static_cast<std::size_t>(length)};
  }

 private:
  std::array<int, 2> ends_{};
};

/// A process of its own that works in a transaction, and is frozen when it has come somewhere.
class FrozenProcess {
 public:
  template <class Condition>
  FrozenProcess(std::function<void()> const& work, Condition has_come_so_far) {
    process_ = ::fork();
    if (process_ == 0) {
      try {
        work();
        outcome_.write("committed");
      } catch (std::exception const& error) { outcome_.write(error.what()); }
      ::_exit(0);
    }
    EXPECT_TRUE(eventually(has_come_so_far));
    ::kill(process_, SIGSTOP);
    ::waitpid(process_, nullptr, WUNTRACED);
  }
  ~FrozenProcess() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  FrozenProcess(FrozenProcess const&) = delete;
  FrozenProcess& operator=(FrozenProcess const&) = delete;

  [[nodiscard]] bool is_frozen() const {
    return ::waitpid(process_, nullptr, WNOHANG | WCONTINUED) == 0;
  }
  [[nodiscard]] std::string outcome_after_thaw() const {
    ::kill(process_, SIGCONT);
    return outcome_.read();
  }

 private:
  Pipe outcome_;
  ::pid_t process_{};
};

TransactOptions const short_lived{.timeout = 2s, .attempts_max = 1};

class PostgresFrozen : public ::testing::Test {
 protected:
  void SetUp() override {
    auto database = connect(server_.connection());
    install_schema(database, SchemaName{});
    server_.sql("CREATE TABLE t (name text)");
  }
  static Database connect(std::string const& connection) {
    static SystemClock clock;
    static SystemRandom random;
    return postgres::connect(
        {.connection = connection, .statements = postgres::Statements::unnamed}, {}, clock, random);
  }
  /// Handles one message, as a subscription does.
  static void handle(
      Database& database, TransactOptions const& options, std::string const& name,
      std::function<void(Transaction&)> const& then = [](Transaction&) {}) {
    Inbox const inbox{postgres::dialect, SchemaName{}};
    database.transact(options, [&](Transaction& tx) {
      if (!inbox.receive(tx, "subscriber", "message")) return;
      tx.execute("INSERT INTO t VALUES (?)", name);
      then(tx);
    });
  }
  /// The successor waits for the row of the frozen one, and gets it while that is still frozen.
  void expect_succession(std::string const& connection, std::string const& frozen_in,
                         std::function<void(Transaction&)> const& then) {
    FrozenProcess const frozen{
        [&] {
          auto database = connect(connection);
          handle(database, short_lived, "frozen", then);
        },
        [&] {
          return server_.sql("SELECT count(*) FROM pg_stat_activity WHERE " + frozen_in) == "1";
        }};
    auto database = connect(connection);
    SystemClock clock;
    auto const before = clock.steady();
    handle(database, {.timeout = 25s, .attempts_max = 1}, "successor");
    EXPECT_LT(clock.steady() - before, 20s);
    EXPECT_TRUE(frozen.is_frozen());
    EXPECT_EQ(server_.sql("SELECT string_agg(name, ',') FROM t"), "successor");
    auto const outcome = frozen.outcome_after_thaw();
    EXPECT_NE(outcome, "committed");
    EXPECT_EQ(server_.sql("SELECT string_agg(name, ',') FROM t"), "successor") << outcome;
  }
  void expect_succession_of_one_in_its_handler(std::string const& connection) {
    expect_succession(connection, "state = 'idle in transaction' AND query LIKE 'INSERT INTO t %'",
                      [](Transaction&) { SystemClock{}.pause(3s); });
  }

  PostgresServer server_;
};

TEST_F(PostgresFrozen, loses_its_transaction_soon_after_the_deadline_and_another_goes_on) {
  expect_succession_of_one_in_its_handler(server_.connection());
}

TEST_F(PostgresFrozen, loses_it_behind_a_pooler_as_well) {
  Pooler const pooler{server_};
  ASSERT_TRUE(eventually([&] {
    try {
      connect(pooler.connection()).transact([](Transaction& tx) { tx.execute("SELECT 1"); });
      return true;
    } catch (Error const&) { return false; }
  }));
  expect_succession_of_one_in_its_handler(pooler.connection());
}

TEST_F(PostgresFrozen, loses_it_in_the_middle_of_a_statement) {
  expect_succession(server_.connection(), "state = 'active' AND query LIKE 'SELECT pg_sleep%'",
                    [](Transaction& tx) { tx.execute("SELECT pg_sleep(600)"); });
}

// Within a pipeline the server has no limit for a client that is silent.
TEST_F(PostgresFrozen, loses_it_behind_statements_that_it_does_not_wait_for) {
  std::vector<std::pair<std::size_t, std::size_t>> const posts{{1, 20'000}, {3, 3'000}, {200, 10}};
  for (auto const& post : posts) {
    server_.sql("TRUNCATE t, eventuate.received_messages");
    std::string const text(post.second, 'x');
    expect_succession(server_.connection(),
                      "application_name = 'tram' AND query LIKE 'INSERT INTO t %' AND wait_event = "
                      "'ClientRead' AND clock_timestamp() > state_change + interval '0.3 s'",
                      [&, count = post.first](Transaction& tx) {
                        for (std::size_t i = 0; i < count; ++i)
                          tx.post("INSERT INTO t VALUES (?)", text);
                        SystemClock{}.pause(3s);
                      });
  }
}

}  // namespace
}  // namespace tram::testing
