#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace tram::testing {

/// Another program; killed at the end.
class Process {
 public:
  explicit Process(std::vector<std::string> const& command);
  ~Process();
  Process(Process const&) = delete;
  Process& operator=(Process const&) = delete;

  /// The next line of its standard output, without the line end; nothing at its end.
  std::optional<std::string> line();
  /// Kills it as `kill -9` does and waits for its end.
  void kill();
  /// Waits for its end; its exit status, -1 when it was killed.
  int wait();

 private:
  pid_t process_{-1};
  int output_{-1};
  std::string read_;
};

}  // namespace tram::testing
