#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "http_client.hpp"

namespace tram::testing {

/// A temporary folder, gone with this.
class Folder {
 public:
  Folder() {
    std::array<char, 32> path{"/tmp/tram-process-XXXXXX"};
    if (::mkdtemp(path.data()) != nullptr) path_ = path.data();
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(Folder const&) = delete;
  Folder& operator=(Folder const&) = delete;
  [[nodiscard]] std::string file(std::string const& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// A program that runs beside the test, killed with it. What it writes goes to a file.
class ProgramProcess {
 public:
  ProgramProcess(std::string program, std::vector<std::string> arguments,
                 std::vector<std::string> environment = {}) {
    arguments.insert(arguments.begin(), std::move(program));
    auto const log_file = folder_.file("log");
    process_ = ::fork();
    if (process_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    int const log = ::open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (log < 0) ::_exit(127);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    auto words = pointers(arguments);
    auto variables = pointers(environment);
    ::execve(words.front(), words.data(), variables.data());
    ::_exit(127);
  }
  ~ProgramProcess() {
    if (process_ == 0) return;
    signal(SIGKILL);
    wait();
  }
  ProgramProcess(ProgramProcess const&) = delete;
  ProgramProcess& operator=(ProgramProcess const&) = delete;

  void signal(int number) const { ::kill(process_, number); }
  /// Its exit status, or 1000 and the signal that killed it.
  int wait() {
    int status{};
    ::waitpid(std::exchange(process_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }
  /// Until it has ended, which `wait` then tells about.
  void await_end() const {
    siginfo_t state{};
    ::waitid(P_PID, static_cast<id_t>(process_), &state, WEXITED | WNOWAIT);
  }
  [[nodiscard]] std::string log() const {
    std::ifstream in{folder_.file("log")};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
  [[nodiscard]] bool logged(std::string const& text) const {
    return log().find(text) != std::string::npos;
  }
  /// The value behind ` name=` in the log; 0 while there is none.
  [[nodiscard]] std::uint16_t number_logged(std::string const& name) const {
    auto const text = log();
    auto const at = text.find(" " + name + "=");
    if (at == std::string::npos) return 0;
    return static_cast<std::uint16_t>(std::atoi(text.c_str() + at + name.size() + 2));
  }
  [[nodiscard]] pid_t id() const { return process_; }

 private:
  static std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> result;
    for (auto& word : words) result.push_back(word.data());
    result.push_back(nullptr);
    return result;
  }

  Folder folder_;
  pid_t process_{};
};

}  // namespace tram::testing
