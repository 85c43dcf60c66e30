#include "libpq_url.hpp"

#include <gtest/gtest.h>

namespace tram::postgres {
namespace {

TEST(LibpqUrl, has_everything_but_our_own_parameters) {
  EXPECT_EQ(libpq_url("postgresql://u:p%40@h1,h2/d?tram_statements=unnamed&sslmode=require&a=b"),
            "postgresql://u:p%40@h1,h2/d?sslmode=require&a=b");
  EXPECT_EQ(libpq_url("postgresql://h/d?tram_x=1"), "postgresql://h/d");
  EXPECT_EQ(libpq_url("postgresql://h/d"), "postgresql://h/d");
}

}  // namespace
}  // namespace tram::postgres
