#include "faults.hpp"

#include <gtest/gtest.h>

namespace tram::postgres {
namespace {

TEST(Faults, a_deadlock_or_serialization_failure_is_a_conflict) {
  EXPECT_EQ(fault_of("40001"), Fault::conflict);
  EXPECT_EQ(fault_of("40P01"), Fault::conflict);
  EXPECT_EQ(fault_of("55P03"), Fault::conflict);
}

TEST(Faults, a_connection_that_the_server_ends_is_broken) {
  EXPECT_EQ(fault_of("57P01"), Fault::broken);
  EXPECT_EQ(fault_of("57P02"), Fault::broken);
  EXPECT_EQ(fault_of("08006"), Fault::broken);
  EXPECT_EQ(fault_of("57P04"), Fault::broken);
  EXPECT_EQ(fault_of("25P03"), Fault::broken);
  EXPECT_EQ(fault_of("25P04"), Fault::broken);
  EXPECT_EQ(fault_of("25006"), Fault::broken) << "a pooled connection would stay read-only";
}

TEST(Faults, a_lack_of_resources_is_transient) {
  EXPECT_EQ(fault_of("53100"), Fault::transient);
  EXPECT_EQ(fault_of("53300"), Fault::transient);
  EXPECT_EQ(fault_of("57P03"), Fault::transient);
  EXPECT_EQ(fault_of("57014"), Fault::transient);
  for (auto const* const code : {"53200", "53400", "57000", "58030", "F0001", "XX001", "XX002"}) {
    EXPECT_EQ(fault_of(code), Fault::transient) << code;
  }
}

TEST(Faults, what_the_server_refuses_is_rejected) {
  for (auto const* const code :
       {"23505", "23503", "42601", "42P01", "22001", "28P01", "3D000", "25P02", "XX000"}) {
    EXPECT_EQ(fault_of(code), Fault::rejected) << code;
  }
}

TEST(Faults, a_prepared_statement_that_is_gone_asks_for_a_new_connection) {
  EXPECT_EQ(fault_of("26000"), Fault::broken);
}

TEST(Faults, finds_the_code_in_a_verbose_message_of_any_language) {
  EXPECT_EQ(sqlstate_in("connection to server at \"127.0.0.1\", port 5432 failed: FATAL:  28P01: "
                        "password authentication failed"),
            "28P01");
  EXPECT_EQ(sqlstate_in("SCHWERWIEGEND:  57P03: das Datenbanksystem startet"), "57P03");
  EXPECT_EQ(
      sqlstate_in("connection to server failed: Connection refused\n\tIs the server running?"), "");
  EXPECT_EQ(sqlstate_in("could not translate host name \"x\":  Name or service not known"), "");
}

TEST(Faults, a_server_that_is_not_there_is_transient) {
  auto const error = connect_error(
      "postgresql 'h:1/d'", "connection to server at \"h\" failed: Connection refused\n\tIs it?");
  EXPECT_EQ(error.fault(), Fault::transient);
  EXPECT_STREQ(error.what(), "postgresql: cannot connect to postgresql 'h:1/d': connection to "
                             "server at \"h\" failed: Connection refused; "
                             "is the server running, and are host and port right?");
}

TEST(Faults, a_wrong_password_is_rejected_with_the_remedy) {
  auto const error = connect_error(
      "postgresql 'h:1/d'",
      "x failed: FATAL:  28P01: password authentication failed for user \"u\"\nLOCATION: y");
  EXPECT_EQ(error.fault(), Fault::rejected);
  EXPECT_STREQ(error.what(), "postgresql: cannot connect to postgresql 'h:1/d': password "
                             "authentication failed for user \"u\" (SQLSTATE 28P01); "
                             "correct the password in the connection string or the password file");
}

TEST(Faults, a_certificate_that_does_not_hold_is_rejected) {
  EXPECT_EQ(connect_error("d", "SSL error: certificate verify failed").fault(), Fault::rejected);
  EXPECT_EQ(connect_error("d", "server does not support SSL, but SSL was required").fault(),
            Fault::rejected);
}

}  // namespace
}  // namespace tram::postgres
