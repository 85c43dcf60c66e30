#pragma once

#include <gtest/gtest.h>

#include "tram/testkit/statement_contract.hpp"
#include "tram/testkit/transaction_contract.hpp"

// What every database must do, sentence by sentence of the seam's headers. A driver proves itself
// with a harness:
//
//   struct MyHarness {
//     // Each time with its own pool, always on the same database.
//     tram::Database database(tram::Clock& clock, tram::Random& random);
//   };
//
// and, within namespace tram::testkit,
//
//   INSTANTIATE_TYPED_TEST_SUITE_P(MyDatabase, StatementContract, MyHarness);
//   INSTANTIATE_TYPED_TEST_SUITE_P(MyDatabase, TransactionContract, MyHarness);
//
// Foreign keys are enforced on these connections. One harness is made per test; the suites make
// their own tables, whose names begin with `contract`, and remove what an earlier test left.
