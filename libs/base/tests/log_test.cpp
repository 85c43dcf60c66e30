#include "tram/base/log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>

namespace tram {
namespace {

/// Standard error as a pipe that is read only when a test does.
class PipedStandardError {
 public:
  PipedStandardError() : own_{::dup(STDERR_FILENO)} {
    EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0);
    EXPECT_GE(::dup2(ends_[1], STDERR_FILENO), 0);
    ::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
  }
  ~PipedStandardError() {
    ::dup2(own_, STDERR_FILENO);
    for (int const descriptor : {own_, ends_[0], ends_[1]}) ::close(descriptor);
  }
  PipedStandardError(PipedStandardError const&) = delete;
  PipedStandardError& operator=(PipedStandardError const&) = delete;

  /// What is in it.
  std::string read() const {
    std::string text;
    std::array<char, 4096> buffer{};
    for (;;) {
      auto const size = ::read(ends_[0], buffer.data(), buffer.size());
      if (size <= 0) return text;
      text.append(buffer.data(), static_cast<std::size_t>(size));
    }
  }
  /// Those of the pipe, which everybody who has it shares.
  [[nodiscard]] static int flags() { return ::fcntl(STDERR_FILENO, F_GETFL); }

 private:
  int own_;
  std::array<int, 2> ends_{};
};

TEST(Log, goes_on_without_lines_that_nobody_reads_and_counts_them) {
  PipedStandardError const pipe;
  auto const logger = Logger::to_stderr();
  auto const flags = PipedStandardError::flags();
  std::string const text(100, 'x');
  for (int i = 0; i < 3000; ++i) logger.info("test.line", {{"text", text}});
  EXPECT_EQ(PipedStandardError::flags(), flags);
  EXPECT_EQ(pipe.read().find("log.dropped"), std::string::npos);
  logger.info("test.again");
  auto const rest = pipe.read();
  auto const counted = rest.find(" level=warning event=log.dropped count=");
  auto const again = rest.find("event=test.again");
  EXPECT_NE(counted, std::string::npos) << rest;
  EXPECT_NE(again, std::string::npos) << rest;
  EXPECT_LT(counted, again);
  logger.info("test.later");
  EXPECT_EQ(pipe.read().find("log.dropped"), std::string::npos);
}

TEST(Log, ends_a_line_that_found_room_for_its_beginning_only) {
  PipedStandardError const pipe;
  auto const logger = Logger::to_stderr();
  logger.info("test.long", {{"text", std::string(1'000'000, 'x')}});
  pipe.read();
  logger.info("test.again");
  auto const rest = pipe.read();
  EXPECT_TRUE(rest.starts_with("\n")) << rest;
  EXPECT_NE(rest.find("event=log.dropped count=1\n"), std::string::npos) << rest;
  EXPECT_NE(rest.find("event=test.again\n"), std::string::npos) << rest;
}

TEST(Log, writes_long_lines_whole_where_they_have_room) {
  PipedStandardError const pipe;
  Logger::to_stderr().info("test.long", {{"text", std::string(10'000, 'x')}});
  EXPECT_NE(pipe.read().find(std::string(10'000, 'x') + "\n"), std::string::npos);
}

}  // namespace
}  // namespace tram
