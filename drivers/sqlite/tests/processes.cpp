#include "processes.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

namespace tram::testing {

Process::Process(std::vector<std::string> const& command) {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  std::vector<char*> arguments;
  for (auto const& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  process_ = ::fork();
  if (process_ == 0) {
    ::dup2(ends[0], 0);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  ::close(ends[0]);
  input_ = ends[1];
}

Process::~Process() {
  if (process_ > 0) kill();
}

void Process::tell() { EXPECT_EQ(::write(input_, "\n", 1), 1); }

int Process::wait() {
  ::close(input_);
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
