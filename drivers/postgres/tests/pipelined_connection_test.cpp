#include "pipelined_connection.hpp"

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

TEST(Target, is_named_by_host_port_and_database_alone) {
  EXPECT_EQ((Target{"POSTGRES://fred@[::1]:1,h2/orders?application_name=x", "tram"}.name()),
            "postgresql '::1,h2:1,/orders'");
  EXPECT_EQ((Target{"postgresql:///orders?host=/run/postgresql", "tram"}.name()),
            "postgresql '/run/postgresql:5432/orders'");
  EXPECT_EQ((Target{"host=h dbname='postgresql://fred:secret@h/orders'", "tram"}.name()),
            "postgresql 'h:5432/<dbname>'");
}

/// All that is said of a string that is refused.
std::string refusal(std::string const& connection) {
  try {
    return "accepted " + Target{connection, "tram"}.name();
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::rejected);
    return error.what();
  }
}

TEST(Target, refuses_what_has_two_meanings_and_shows_nothing_of_it) {
  for (auto const* connection : {"host=h secret=1",
                                 "host=h password=sec ret",
                                 "host=h password='secret",
                                 "secret",
                                 "host=u:secret@h",
                                 "host=h,secret@x",
                                 "host=h port=secret",
                                 "hostaddr=u:secret@h",
                                 "postgresql:u:secret@h/d",
                                 "postgresql://u:se/secret@h/d",
                                 "postgresql://u:secret@x@h/d",
                                 "postgresql://u:se?secret@h/d",
                                 "postgresql://u:secret%zz@h/d",
                                 "postgresql://u:secret/d",
                                 "postgresql://u:p@h:secret/d",
                                 "postgresql://u:p@[secret/d",
                                 "postgresql://u:p@[::1]secret/d",
                                 "postgresql://u:p@h/d/secret",
                                 "postgresql://u:p@h/d?secret",
                                 "postgresql://u:p@h/d?secret=1",
                                 "postgresql://h/d?password=a=secret",
                                 "postgresql://h/d?password=a&secret",
                                 "postgresql://u%3Asecret%40h/d",
                                 "postgresql://u%2Csecret/d",
                                 "postgresql://h/d?host=u:secret@h",
                                 "postgresql://u:secret%00@h/d"}) {
    auto const why = refusal(connection);
    EXPECT_EQ(why.find("secret"), std::string::npos) << why;
    EXPECT_EQ(why.find("accepted"), std::string::npos) << connection << why;
  }
}

}  // namespace
}  // namespace tram::postgres
