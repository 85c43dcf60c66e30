#include "processes.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

namespace tram::testing {

Process::Process(std::vector<std::string> const& command) {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  std::vector<char*> arguments;
  for (auto const& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  process_ = ::fork();
  if (process_ == 0) {
    ::dup2(ends[1], 1);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  output_ = ends[0];
}

Process::~Process() {
  if (process_ > 0) kill();
  ::close(output_);
}

std::optional<std::string> Process::line() {
  for (;;) {
    if (auto const end = read_.find('\n'); end != std::string::npos) {
      auto line = read_.substr(0, end);
      read_.erase(0, end + 1);
      return line;
    }
    std::array<char, 4'096> block;
    auto const size = ::read(output_, block.data(), block.size());
    if (size <= 0) return std::nullopt;
    read_.append(block.data(), static_cast<std::size_t>(size));
  }
}

int Process::wait() {
  int status = 0;
  ::waitpid(process_, &status, 0);
  process_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void Process::kill() {
  ::kill(process_, SIGKILL);
  wait();
}

}  // namespace tram::testing
