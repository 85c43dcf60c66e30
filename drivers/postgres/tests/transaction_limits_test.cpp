#include "transaction_limits.hpp"

#include <gtest/gtest.h>

namespace tram::postgres {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

TEST(TransactionLimits, hold_at_the_server_a_second_behind_the_deadline) {
  TransactionLimits limits;
  EXPECT_EQ(limits.begin(30s), (Texts{"SET LOCAL statement_timeout = 31000",
                                      "SET LOCAL idle_in_transaction_session_timeout = 31000"}));
}

TEST(TransactionLimits, never_raise_what_the_session_has) {
  TransactionLimits limits{{.statement = 5s, .idle_in_transaction = 60s}};
  EXPECT_EQ(limits.begin(30s), (Texts{"SET LOCAL idle_in_transaction_session_timeout = 31000"}));
  EXPECT_EQ(limits.begin(60s), Texts{});
  EXPECT_EQ(limits.begin(1s), (Texts{"SET LOCAL statement_timeout = 2000",
                                     "SET LOCAL idle_in_transaction_session_timeout = 2000"}));
}

TEST(TransactionLimits, are_set_again_when_much_less_is_left) {
  TransactionLimits limits;
  EXPECT_EQ(limits.begin(10s).size(), 2U);
  EXPECT_EQ(limits.renew(9500ms), Texts{});
  EXPECT_EQ(limits.renew(8s), (Texts{"SET LOCAL statement_timeout = 9000",
                                     "SET LOCAL idle_in_transaction_session_timeout = 9000"}));
  EXPECT_EQ(limits.renew(7500ms), Texts{});
}

TEST(TransactionLimits, leave_alone_what_the_application_sets) {
  TransactionLimits limits;
  limits.begin(10s);
  limits.leave_alone();
  EXPECT_EQ(limits.renew(1s), Texts{});
}

TEST(TransactionLimits, are_not_for_what_is_late_already_nor_for_what_has_weeks) {
  TransactionLimits limits;
  EXPECT_EQ(limits.begin(0s), Texts{});
  EXPECT_EQ(limits.begin(Duration::max()), Texts{});
  EXPECT_EQ(limits.begin(std::chrono::hours{24 * 25}), Texts{});
}

}  // namespace
}  // namespace tram::postgres
