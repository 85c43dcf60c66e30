#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tram/testkit/database_fixture.hpp"

#pragma GCC visibility push(default)

namespace tram::testkit {

/// When changes are there, for whom, and when they are not.
///
/// `INSTANTIATE_TYPED_TEST_SUITE_P(Mine, TransactionContract, MyHarness);`
template <class Harness>
class TransactionContract : public DatabaseFixture<Harness> {};

TYPED_TEST_SUITE_P(TransactionContract);

TYPED_TEST_P(TransactionContract, shows_others_what_is_committed_and_nothing_before) {
  this->database_.transact([&](Transaction& tx) {
    this->insert(tx, 1);
    EXPECT_EQ(this->count(), 0);
  });
  EXPECT_EQ(this->count(), 1);
}

TYPED_TEST_P(TransactionContract, leaves_no_trace_of_a_transaction_that_throws) {
  EXPECT_THROW(this->database_.transact([&](Transaction& tx) {
    this->insert(tx, 1);
    throw std::logic_error{"no"};
  }),
               std::logic_error);
  EXPECT_EQ(this->count(), 0);
  this->database_.transact([&](Transaction& tx) { this->insert(tx, 1); });
  EXPECT_EQ(this->count(), 1);
}

TYPED_TEST_P(TransactionContract, keeps_what_came_before_a_savepoint_that_failed) {
  this->database_.transact([&](Transaction& tx) {
    this->insert(tx, 1);
    EXPECT_EQ(this->fault_of([&] {
      tx.with_savepoint([&] {
        this->insert(tx, 2);
        this->insert(tx, 1);
      });
    }),
              Fault::rejected);
    tx.with_savepoint([&] { this->insert(tx, 3); });
  });
  EXPECT_EQ(this->count(), 2);
}

TYPED_TEST_P(TransactionContract, nests_savepoints) {
  this->database_.transact([&](Transaction& tx) {
    Savepoint outer{tx};
    this->insert(tx, 1);
    Savepoint inner{tx};
    this->insert(tx, 2);
    inner.roll_back();
    this->insert(tx, 3);
    outer.release();
  });
  EXPECT_EQ(this->count(), 2);
}

TYPED_TEST_P(TransactionContract, commits_nothing_when_a_posted_statement_fails) {
  EXPECT_EQ(this->fault_of([&] {
    this->database_.transact([&](Transaction& tx) {
      tx.post("INSERT INTO contract (id) VALUES (1)");
      tx.post("INSERT INTO contract (id) VALUES (1)");
    });
  }),
            Fault::rejected);
  EXPECT_EQ(this->count(), 0);
}

TYPED_TEST_P(TransactionContract, loses_no_update_among_writers_that_lock_what_they_read) {
  this->database_.transact([&](Transaction& tx) { this->insert(tx, 1, "0"); });
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        this->database_.transact([](Transaction& tx) {
          auto const sql =
              "SELECT name FROM contract WHERE id = 1 " + std::string{tx.dialect().for_update};
          auto const number = std::stoi(tx.execute(sql)[0].template get<std::string>(0));
          tx.execute("UPDATE contract SET name = ? WHERE id = 1", std::to_string(number + 1));
        });
      }
    });
  }
  threads.clear();
  this->others_.transact([](Transaction& tx) {
    EXPECT_EQ(tx.execute("SELECT name FROM contract")[0].template get<std::string>(0), "40");
  });
}

TYPED_TEST_P(TransactionContract, gives_up_at_the_deadline_when_another_one_keeps_a_lock) {
  this->database_.transact([&](Transaction& tx) { this->insert(tx, 1); });
  this->others_.transact([&](Transaction& other) {
    other.execute("UPDATE contract SET name = 'held' WHERE id = 1");
    auto const fault = this->fault_of([&] {
      this->database_.transact({.timeout = std::chrono::milliseconds{50}}, [](Transaction& tx) {
        tx.execute("UPDATE contract SET name = 'late' WHERE id = 1");
      });
    });
    EXPECT_TRUE(fault == Fault::conflict || fault == Fault::transient || fault == Fault::broken);
  });
  this->others_.transact([](Transaction& tx) {
    EXPECT_EQ(tx.execute("SELECT name FROM contract")[0].template get<std::string>(0), "held");
  });
}

TYPED_TEST_P(TransactionContract, rejects_what_writes_in_a_transaction_that_only_reads) {
  for (auto const* const sql : {"INSERT INTO contract (id) VALUES (1)", "DELETE FROM contract",
                                "UPDATE contract SET name = 'b'", "DROP TABLE contract"}) {
    EXPECT_EQ(this->fault_of([&] {
      this->database_.transact({.access = Access::read_only},
                               [&](Transaction& tx) { tx.execute(sql); });
    }),
              Fault::rejected)
        << sql;
  }
  this->database_.transact([&](Transaction& tx) { this->insert(tx, 1); });
  EXPECT_EQ(this->count(), 1);
}

TYPED_TEST_P(TransactionContract, leaves_the_end_of_a_transaction_to_whoever_began_it) {
  for (auto const* const sql :
       {"COMMIT", " rollback", "/* so */ END", "SAVEPOINT mine", "BEGIN", "-- so\nCOMMIT",
        ";\t; /**/ commit", "SELECT 1; COMMIT", "COMMIT; SELECT 1", "RELEASE tram_1",
        "\xEF\xBB\xBF"
        "COMMIT"}) {
    int runs = 0;
    EXPECT_EQ(this->fault_of([&] {
      this->database_.transact([&](Transaction& tx) {
        this->insert(tx, ++runs);
        tx.execute(sql);
      });
    }),
              Fault::rejected)
        << sql;
    EXPECT_EQ(runs, 1) << sql;
  }
  EXPECT_EQ(this->count(), 0);
}

TYPED_TEST_P(TransactionContract, keeps_nothing_behind_a_savepoint_that_anything_leaves) {
  this->database_.transact([&](Transaction& tx) {
    this->insert(tx, 1);
    EXPECT_THROW(tx.with_savepoint([&] {
      this->insert(tx, 2);
      throw 42;
    }),
                 int);
    this->insert(tx, 3);
  });
  EXPECT_EQ(this->count(), 2);
}

REGISTER_TYPED_TEST_SUITE_P(TransactionContract, shows_others_what_is_committed_and_nothing_before,
                            leaves_no_trace_of_a_transaction_that_throws,
                            keeps_what_came_before_a_savepoint_that_failed, nests_savepoints,
                            commits_nothing_when_a_posted_statement_fails,
                            loses_no_update_among_writers_that_lock_what_they_read,
                            gives_up_at_the_deadline_when_another_one_keeps_a_lock,
                            rejects_what_writes_in_a_transaction_that_only_reads,
                            leaves_the_end_of_a_transaction_to_whoever_began_it,
                            keeps_nothing_behind_a_savepoint_that_anything_leaves);

}  // namespace tram::testkit

#pragma GCC visibility pop
