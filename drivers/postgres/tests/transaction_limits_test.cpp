#include "transaction_limits.hpp"

#include <gtest/gtest.h>

namespace tram::postgres {
namespace {

using namespace std::chrono_literals;
using Reach = TransactionLimits::Reach;
using Texts = std::vector<std::string>;

Texts set(std::string const& how, std::string const& limit) {
  return {how + " statement_timeout = " + limit,
          how + " idle_in_transaction_session_timeout = " + limit};
}

TEST(TransactionLimits, hold_at_the_server_a_second_behind_the_deadline) {
  TransactionLimits limits{{}, Reach::transaction};
  EXPECT_EQ(limits.begin(30s), set("SET LOCAL", "31000"));
  EXPECT_EQ(limits.begin(29s + 123us), set("SET LOCAL", "31000"));
  EXPECT_EQ(limits.begin(1999ms), set("SET LOCAL", "3000"));
}

TEST(TransactionLimits, never_rise_above_what_the_session_has) {
  TransactionLimits limits{{.statement = 5s, .idle_in_transaction = 60s}, Reach::transaction};
  EXPECT_EQ(limits.begin(30s), (Texts{"SET LOCAL idle_in_transaction_session_timeout = 31000"}));
  EXPECT_EQ(limits.begin(60s), Texts{});
  EXPECT_EQ(limits.begin(1s), set("SET LOCAL", "2000"));
}

TEST(TransactionLimits, stay_on_a_connection_of_ones_own_once_they_are_committed) {
  TransactionLimits limits{{.statement = 40s}, Reach::session};
  EXPECT_EQ(limits.begin(30s), set("SET", "31000"));
  EXPECT_EQ(limits.begin(30s), set("SET", "31000")) << "the first was rolled back";
  limits.committed();
  EXPECT_EQ(limits.begin(29999ms), Texts{});
  EXPECT_EQ(limits.begin(5s), set("SET", "6000"));
  limits.committed();
  EXPECT_EQ(limits.begin(60s), (Texts{"SET statement_timeout = 40000",
                                      "SET idle_in_transaction_session_timeout = 61000"}));
}

TEST(TransactionLimits, are_set_again_when_much_less_is_left) {
  for (auto const reach : {Reach::transaction, Reach::session}) {
    TransactionLimits limits{{}, reach};
    EXPECT_EQ(limits.begin(10s).size(), 2U);
    EXPECT_EQ(limits.renew(9500ms), Texts{});
    EXPECT_EQ(limits.renew(8s), set("SET LOCAL", "9000"));
    EXPECT_EQ(limits.renew(7500ms), Texts{});
  }
}

TEST(TransactionLimits, leave_alone_what_the_application_sets) {
  TransactionLimits limits{{}, Reach::session};
  limits.begin(10s);
  limits.leave_alone();
  EXPECT_EQ(limits.renew(1s), Texts{});
  limits.committed();
  EXPECT_EQ(limits.begin(10s), set("SET", "11000"));
}

TEST(TransactionLimits, are_set_anew_where_nobody_knows_what_holds) {
  TransactionLimits limits{{}, Reach::session};
  limits.begin(10s);
  limits.committed();
  limits.forget();
  EXPECT_EQ(limits.begin(10s), set("SET", "11000"));
}

TEST(TransactionLimits, are_not_for_what_is_late_already_nor_for_what_has_weeks) {
  TransactionLimits limits{{}, Reach::transaction};
  EXPECT_EQ(limits.begin(0s), Texts{});
  EXPECT_EQ(limits.begin(Duration::max()), Texts{});
  EXPECT_EQ(limits.begin(std::chrono::hours{24 * 25}), Texts{});
}

}  // namespace
}  // namespace tram::postgres
