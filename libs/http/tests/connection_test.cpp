#include "connection.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <iterator>
#include <string_view>

namespace tram::http {
namespace {

using namespace std::chrono_literals;

TEST(Connection, counts_the_time_of_a_request_from_its_first_byte) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
  constexpr SteadyTime opened{1h};
  Connection connection{ends[0], "peer", {.header_bytes_max = 100, .body_bytes_max = 0}, opened};
  auto const read_at = [&](std::string_view bytes, SteadyTime now) {
    EXPECT_EQ(::send(ends[1], bytes.data(), bytes.size(), 0), std::ssize(bytes));
    connection.read(now);
  };
  EXPECT_EQ(connection.since(), opened);
  read_at("GET / HTTP/1.1\r\n", opened + 1min);
  EXPECT_EQ(connection.since(), opened + 1min);
  read_at("Host: h\r\n\r\n", opened + 2min);
  EXPECT_EQ(connection.since(), opened + 1min);

  ASSERT_EQ(connection.reader().state(), RequestReader::State::complete);
  (void)connection.reader().take();
  connection.begin_handling();
  connection.answer("answer", Connection::Last::no, opened + 3min);
  EXPECT_EQ(connection.since(), opened + 3min);
  read_at("G", opened + 4min);
  EXPECT_EQ(connection.since(), opened + 4min);
  ::close(ends[1]);
}

}  // namespace
}  // namespace tram::http
