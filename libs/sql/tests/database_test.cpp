#include "tram/sql/database.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "scripted_database.hpp"
#include "tram/base/clock.hpp"

namespace tram {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::ScriptedDriver;
using Calls = std::vector<std::string>;

class DatabaseTest : public ::testing::Test {
 protected:
  Fault fault_of(TransactOptions const& options) {
    try {
      database_.transact(options, [&](Transaction& tx) { tx.execute("work"); });
    } catch (Error const& error) { return error.fault(); }
    throw std::runtime_error{"no error was raised"};
  }
  template <class Call>
  static std::optional<Fault> fault_of_call(Call&& call) {
    try {
      call();
    } catch (Error const& error) { return error.fault(); }
    return std::nullopt;
  }
  void work() {
    database_.transact([](Transaction& tx) { tx.execute("work"); });
  }

  Script script_;
  ManualClock clock_;
  SeededRandom random_{1};
  Database database_{std::make_unique<ScriptedDriver>(script_), {}, clock_, random_};
};

TEST_F(DatabaseTest, commits_when_the_function_returns) {
  EXPECT_EQ(database_.transact([](Transaction& tx) {
    tx.execute("work");
    return 7;
  }),
            7);
  EXPECT_EQ(script_.calls, (Calls{"begin", "work", "commit"}));
}

TEST_F(DatabaseTest, refuses_every_call_where_it_was_moved_from_or_has_no_driver) {
  Database const taken{std::move(database_)};
  Database without{nullptr, {}, clock_, random_};
  for (auto* const database : {&database_, &without}) {  // NOLINT(bugprone-use-after-move)
    EXPECT_THROW(database->transact([](Transaction&) {}), Error);
    EXPECT_THROW(std::ignore = database->name(), Error);
    EXPECT_THROW(std::ignore = database->dialect(), Error);
    EXPECT_THROW(std::ignore = database->clock(), Error);
  }
}

TEST_F(DatabaseTest, rolls_back_when_the_function_throws_and_lets_the_exception_go_on) {
  EXPECT_THROW(database_.transact([](Transaction&) { throw std::logic_error{"no"}; }),
               std::logic_error);
  EXPECT_EQ(script_.calls, (Calls{"begin", "reset"}));
}

TEST_F(DatabaseTest, uses_a_connection_again) {
  work();
  work();
  EXPECT_EQ(script_.connections, 1);
}

/// The error that the function raises in a child; `-` without one.
template <class Function>
std::string error_in_child(Function const& function) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe(ends.data()), 0);
  auto const child = ::fork();
  if (child == 0) {
    std::string text{"-"};
    try {
      function();
    } catch (Error const& error) { text = error.what(); }
    ::_exit(::write(ends[1], text.data(), text.size()) < 0 ? 1 : 0);
  }
  ::close(ends[1]);
  std::string text(1000, ' ');
  auto const size = ::read(ends[0], text.data(), text.size());
  text.resize(static_cast<std::size_t>(std::max(size, ssize_t{0})));
  ::close(ends[0]);
  int status{};
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  return text;
}

TEST_F(DatabaseTest, is_not_for_a_child_of_the_process_that_it_connected_in) {
  EXPECT_EQ(error_in_child([&] { work(); }), "-");  // not connected yet: the child's own
  work();
  auto const text = error_in_child([&] { work(); });
  EXPECT_NE(text.find("belongs to the process that this one was forked from"), std::string::npos)
      << text;
  work();
  EXPECT_EQ(script_.connections, 1);
}

TEST_F(DatabaseTest, commits_and_rolls_back_nothing_in_a_child_that_its_function_forked) {
  database_.transact([&](Transaction& tx) {
    tx.execute("work");
    auto const text = error_in_child([&] {
      try {
        tx.execute("the parent's work");
      } catch (Error const&) {
        if (script_.calls.size() == 2) throw;
      }
    });
    EXPECT_NE(text.find("sql: this transaction belongs to"), std::string::npos) << text;
  });
  EXPECT_EQ(script_.calls, (Calls{"begin", "work", "commit"}));
}

TEST_F(DatabaseTest, drops_a_connection_that_cannot_be_used_again) {
  script_.reset = {false};
  EXPECT_THROW(database_.transact([](Transaction&) { throw std::logic_error{"no"}; }),
               std::logic_error);
  work();
  EXPECT_EQ(script_.connections, 2);
}

TEST_F(DatabaseTest, runs_again_after_a_conflict_wherever_it_came_from) {
  script_.execute = {Fault::conflict};
  script_.commit = {Fault::conflict};
  work();
  EXPECT_EQ(script_.calls, (Calls{"begin", "work", "reset", "begin", "work", "commit", "reset",
                                  "begin", "work", "commit"}));
}

TEST_F(DatabaseTest, runs_again_on_another_connection_after_a_lost_one) {
  script_.begin = {Fault::broken};
  script_.reset = {false};
  work();
  EXPECT_EQ(script_.connections, 2);
}

TEST_F(DatabaseTest, pauses_longer_with_each_attempt) {
  script_.execute = {Fault::transient, Fault::transient, Fault::transient};
  auto const before = clock_.steady();
  work();
  auto const waited = clock_.steady() - before;
  EXPECT_GE(waited, (5ms + 10ms + 20ms) / 2);
  EXPECT_LE(waited, 5ms + 10ms + 20ms);
}

TEST_F(DatabaseTest, gives_up_after_the_attempts_allowed) {
  script_.execute = {Fault::conflict, Fault::conflict, Fault::conflict};
  EXPECT_EQ(fault_of({.attempts_max = 2}), Fault::conflict);
  EXPECT_EQ(script_.calls, (Calls{"begin", "work", "reset", "begin", "work", "reset"}));
}

TEST_F(DatabaseTest, gives_up_rather_than_pause_past_the_deadline) {
  script_.execute = {Fault::transient};
  EXPECT_EQ(fault_of({.timeout = 2ms}), Fault::transient);
}

TEST_F(DatabaseTest, never_runs_again_what_is_in_doubt_or_refused) {
  script_.commit = {Fault::in_doubt};
  EXPECT_EQ(fault_of({}), Fault::in_doubt);
  script_.calls.clear();
  script_.execute = {Fault::rejected};
  EXPECT_EQ(fault_of({}), Fault::rejected);
  EXPECT_EQ(script_.calls, (Calls{"begin", "work", "reset"}));
}

TEST_F(DatabaseTest, the_earlier_of_deadline_and_timeout_counts) {
  auto const early = Deadline::after(clock_, 1s);
  database_.transact({.deadline = early},
                     [&](Transaction& tx) { EXPECT_EQ(tx.deadline().time(), early.time()); });
  database_.transact({.timeout = 500ms, .deadline = early}, [&](Transaction& tx) {
    EXPECT_EQ(tx.deadline().time(), clock_.steady() + 500ms);
  });
}

TEST_F(DatabaseTest, a_savepoint_keeps_the_transaction_when_its_function_throws) {
  database_.transact([](Transaction& tx) {
    EXPECT_THROW(tx.with_savepoint([&] {
      tx.execute("inner");
      throw std::logic_error{"no"};
    }),
                 std::logic_error);
    tx.execute("outer");
  });
  EXPECT_EQ(script_.calls,
            (Calls{"begin", "post SAVEPOINT tram_1", "inner", "ROLLBACK TO SAVEPOINT tram_1",
                   "post RELEASE SAVEPOINT tram_1", "outer", "commit"}));
}

TEST_F(DatabaseTest, a_savepoint_is_rolled_back_whatever_leaves_it) {
  database_.transact([](Transaction& tx) {
    EXPECT_THROW(tx.with_savepoint([&] {
      tx.execute("inner");
      throw 42;
    }),
                 int);
  });
  EXPECT_EQ(script_.calls,
            (Calls{"begin", "post SAVEPOINT tram_1", "inner", "ROLLBACK TO SAVEPOINT tram_1",
                   "post RELEASE SAVEPOINT tram_1", "commit"}));
}

TEST_F(DatabaseTest, commits_nothing_when_a_savepoint_could_not_be_rolled_back) {
  script_.execute = {std::nullopt, Fault::rejected};
  EXPECT_EQ(fault_of_call([&] {
              database_.transact([&](Transaction& tx) {
                EXPECT_THROW(tx.with_savepoint([&] {
                  tx.execute("inner");
                  throw 42;
                }),
                             int);
                EXPECT_EQ(fault_of_call([&] { tx.execute("more"); }), Fault::rejected);
              });
            }),
            Fault::rejected);
  EXPECT_EQ(script_.calls, (Calls{"begin", "post SAVEPOINT tram_1", "inner",
                                  "ROLLBACK TO SAVEPOINT tram_1", "reset"}));
}

TEST_F(DatabaseTest, commits_nothing_after_a_rollback_to_a_savepoint_failed_and_was_passed_over) {
  script_.execute = {std::nullopt, Fault::conflict};
  EXPECT_EQ(fault_of_call([&] {
              database_.transact({.attempts_max = 1}, [](Transaction& tx) {
                Savepoint savepoint{tx};
                tx.execute("inner");
                EXPECT_EQ(fault_of_call([&] { savepoint.roll_back(); }), Fault::conflict);
              });
            }),
            Fault::conflict);
  EXPECT_EQ(script_.calls.back(), "reset");
}

TEST_F(DatabaseTest, ends_nested_savepoints_when_the_connection_is_lost) {
  script_.execute = {Fault::broken, Fault::broken, Fault::broken};
  EXPECT_EQ(fault_of_call([&] {
              database_.transact({.attempts_max = 1}, [](Transaction& tx) {
                tx.with_savepoint([&] { tx.with_savepoint([&] { tx.execute("inner"); }); });
              });
            }),
            Fault::broken);
  EXPECT_EQ(script_.calls,
            (Calls{"begin", "post SAVEPOINT tram_1", "post SAVEPOINT tram_2", "inner",
                   "ROLLBACK TO SAVEPOINT tram_2", "ROLLBACK TO SAVEPOINT tram_1", "reset"}));
}

TEST_F(DatabaseTest, a_savepoint_that_could_not_begin_leaves_the_one_around_it_as_it_was) {
  script_.post = {std::nullopt, Fault::rejected};
  database_.transact([](Transaction& tx) {
    EXPECT_EQ(fault_of_call([&] { tx.with_savepoint([&] { tx.with_savepoint([] {}); }); }),
              Fault::rejected);
  });
  EXPECT_EQ(script_.calls,
            (Calls{"begin", "post SAVEPOINT tram_1", "post SAVEPOINT tram_2",
                   "ROLLBACK TO SAVEPOINT tram_1", "post RELEASE SAVEPOINT tram_1", "commit"}));
}

TEST_F(DatabaseTest, commits_nothing_after_its_timeout) {
  EXPECT_EQ(fault_of_call([&] {
              database_.transact({.timeout = 100ms}, [&](Transaction& tx) {
                tx.execute("work");
                clock_.advance(101ms);
              });
            }),
            Fault::transient);
  EXPECT_EQ(script_.calls, (Calls{"begin", "work", "reset"}));
  for (auto const& waits_for_nothing :
       {TransactOptions{.deadline = Deadline::now()}, TransactOptions{.timeout = 0s}}) {
    database_.transact(waits_for_nothing, [](Transaction& tx) { tx.execute("work"); });
    EXPECT_EQ(script_.calls.back(), "commit");
  }
}

TEST_F(DatabaseTest, refuses_statements_that_begin_or_end_a_transaction) {
  database_.transact([&](Transaction& tx) {
    for (auto const* const sql :
         {"COMMIT", "commit;", " \n;Rollback TO x", "-- so\nBEGIN IMMEDIATE", "/* so */ end",
          "START TRANSACTION", "SAVEPOINT x", "RELEASE x", "abort"}) {
      EXPECT_EQ(fault_of_call([&] { tx.execute(sql); }), Fault::rejected) << sql;
      EXPECT_EQ(fault_of_call([&] { tx.post(sql); }), Fault::rejected) << sql;
    }
    for (auto const* const sql : {"SELECT 1", "CREATE TABLE commits (a)", "BEGINNING", "ENDS", "",
                                  "--", "/*", "SAVEPOINTS"})
      tx.execute(sql);
  });
}

TEST_F(DatabaseTest, a_savepoint_waits_for_what_was_posted_behind_it) {
  database_.transact([](Transaction& tx) {
    tx.with_savepoint([&] { tx.execute("executed"); });
    tx.with_savepoint([&] { tx.post("posted"); });
  });
  EXPECT_EQ(script_.calls,
            (Calls{"begin", "post SAVEPOINT tram_1", "executed", "post RELEASE SAVEPOINT tram_1",
                   "post SAVEPOINT tram_1", "post posted", "RELEASE SAVEPOINT tram_1", "commit"}));
}

TEST_F(DatabaseTest, refuses_a_second_transaction_on_the_thread_of_one_that_refuses_nesting) {
  Script script_of_another;
  Database another{std::make_unique<ScriptedDriver>(script_of_another), {}, clock_, random_};
  TransactOptions const strict{.nesting = Nesting::refused};
  EXPECT_THROW(database_.transact(strict,
                                  [&](Transaction&) {
                                    EXPECT_EQ(fault_of({}), Fault::rejected);
                                    another.transact([&](Transaction&) {
                                      EXPECT_EQ(fault_of({}), Fault::rejected);
                                    });
                                    std::jthread{[&] { work(); }}.join();
                                    throw std::logic_error{"no"};
                                  }),
               std::logic_error);
}

TEST_F(DatabaseTest, refuses_a_second_writer_on_the_thread_of_one_where_there_is_one_at_a_time) {
  TransactOptions const reading{.access = Access::read_only};
  database_.transact([&](Transaction&) {
    EXPECT_EQ(fault_of({}), Fault::rejected);
    EXPECT_EQ(fault_of({.access = Access::marked_write}), Fault::rejected);
    database_.transact(reading, [&](Transaction&) { EXPECT_EQ(fault_of({}), Fault::rejected); });
    std::jthread{[&] { work(); }}.join();
  });
  database_.transact(reading, [&](Transaction&) { work(); });
}

TEST_F(DatabaseTest, lets_writers_nest_where_several_write_at_once) {
  Dialect const many_writers{};
  Database many{std::make_unique<ScriptedDriver>(script_, many_writers), {}, clock_, random_};
  many.transact([&](Transaction&) { many.transact([](Transaction& tx) { tx.execute("work"); }); });
  EXPECT_EQ(script_.calls, (Calls{"begin", "begin", "work", "commit", "commit"}));
}

TEST(DatabasePool, has_room_for_what_is_needed_unless_its_number_was_chosen) {
  Script script;
  SystemClock clock;
  SystemRandom random;
  Database roomy{std::make_unique<ScriptedDriver>(script), {}, clock, random};
  EXPECT_EQ(roomy.make_room_for(1), 10U);
  EXPECT_EQ(roomy.make_room_for(12), 12U);
  EXPECT_EQ(roomy.make_room_for(3), 12U);
  Database chosen{std::make_unique<ScriptedDriver>(script), {.connections_max = 4}, clock, random};
  EXPECT_EQ(chosen.make_room_for(12), 4U);
}

TEST(DatabasePool, a_caller_who_finds_no_connection_waits_for_one) {
  Script script;
  SystemClock clock;
  SystemRandom random;
  Database database{
      std::make_unique<ScriptedDriver>(script), {.connections_max = 1}, clock, random};
  std::jthread other;
  database.transact([&](Transaction&) {
    EXPECT_THROW(
        database.transact({.access = Access::read_only, .timeout = 50ms}, [](Transaction&) {}),
        Error);
    other = std::jthread{[&] { database.transact([](Transaction& tx) { tx.execute("second"); }); }};
  });
  other.join();
  EXPECT_EQ(script.calls, (Calls{"begin", "commit", "begin", "second", "commit"}));
}

}  // namespace
}  // namespace tram
