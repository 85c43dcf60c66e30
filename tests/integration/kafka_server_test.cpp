#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "port_block.hpp"

namespace tram::testing {
namespace {

/// Whose process numbers lead them to the same place, before any of them listens.
TEST(KafkaServers, of_programs_that_start_at_once_have_ports_of_their_own) {
  PortBlock const mine{4711};
  EXPECT_NE(PortBlock{4711}.first(), mine.first());
  EXPECT_NE(PortBlock{4711 + 1'200}.first(), mine.first());
  auto const child = ::fork();
  if (child == 0) {
    PortBlock const others{4711};
    ::_exit(others.first() != mine.first() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(KafkaServers, leave_their_ports_to_later_ones) {
  auto const first = PortBlock{4712}.first();
  EXPECT_EQ(PortBlock{4712}.first(), first);
}

}  // namespace
}  // namespace tram::testing
