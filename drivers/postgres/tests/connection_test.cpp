#include "connection.hpp"

#include <gtest/gtest.h>

namespace tram::postgres {
namespace {

TEST(Target, is_named_without_its_secrets) {
  EXPECT_EQ(
      (Target{"postgresql://fred:secret@db.example:6543/orders?sslmode=require", "tram"}.name()),
      "postgresql 'db.example:6543/orders'");
  EXPECT_EQ((Target{"host=db dbname=orders user=fred password=secret", "tram"}.name()),
            "postgresql 'db:5432/orders'");
}

TEST(Target, refuses_a_string_that_libpq_does_not_understand) {
  try {
    Target const target{"host=db nonsense=1", "tram"};
    FAIL() << "accepted " << target.name();
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::rejected);
    EXPECT_STREQ(error.what(), "postgresql: the connection string is not understood: invalid "
                               "connection option \"nonsense\"; "
                               "write postgresql://user@host:port/database or keyword=value pairs");
  }
}

}  // namespace
}  // namespace tram::postgres
