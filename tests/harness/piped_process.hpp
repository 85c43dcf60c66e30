#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace tram::testing {

/// Another program, with its standard input and output in the test's hands; killed at the end.
class PipedProcess {
 public:
  explicit PipedProcess(std::vector<std::string> const& command) {
    std::array<int, 2> input{};
    std::array<int, 2> output{};
    EXPECT_EQ(::pipe2(input.data(), O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(output.data(), O_CLOEXEC), 0);
    std::vector<char*> arguments;
    for (auto const& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    process_ = ::fork();
    if (process_ == 0) {
      ::dup2(input[0], STDIN_FILENO);
      ::dup2(output[1], STDOUT_FILENO);
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    ::close(input[0]);
    ::close(output[1]);
    input_ = input[1];
    output_ = output[0];
  }
  ~PipedProcess() {
    if (process_ > 0) kill();
    ::close(output_);
  }
  PipedProcess(PipedProcess const&) = delete;
  PipedProcess& operator=(PipedProcess const&) = delete;

  /// Writes an empty line to its standard input.
  void tell() const { EXPECT_EQ(::write(input_, "\n", 1), 1); }
  /// The next line of its standard output, without the line end; nothing at its end.
  std::optional<std::string> line() {
    for (;;) {
      if (auto const end = read_.find('\n'); end != std::string::npos) {
        auto line = read_.substr(0, end);
        read_.erase(0, end + 1);
        return line;
      }
      std::array<char, 4'096> block{};
      auto const size = ::read(output_, block.data(), block.size());
      if (size <= 0) return std::nullopt;
      read_.append(block.data(), static_cast<std::size_t>(size));
    }
  }
  /// Kills it as `kill -9` does and waits for its end.
  void kill() {
    ::kill(process_, SIGKILL);
    wait();
  }
  /// Ends its standard input and waits for its end; its exit status, -1 when it was killed.
  int wait() {
    ::close(input_);
    int status = 0;
    ::waitpid(process_, &status, 0);
    process_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t process_{-1};
  int input_{-1};
  int output_{-1};
  std::string read_;
};

}  // namespace tram::testing
