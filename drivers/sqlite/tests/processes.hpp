#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace tram::testing {

/// Another program.
class Process {
 public:
  explicit Process(std::vector<std::string> const& command);
  ~Process();
  Process(Process const&) = delete;
  Process& operator=(Process const&) = delete;
  /// Writes a line to its standard input.
  void tell();
  /// Ends its standard input and waits for its end; its exit status, -1 when it was killed.
  int wait();
  void kill();

 private:
  pid_t process_{-1};
  int input_{-1};
};

/// Commits one row each time it is told, `count` rows with the ids from `first` on.
class WriterProcess : public Process {
 public:
  WriterProcess(std::string const& path, int first, int count)
      : Process{{TRAM_TEST_OUTBOX_WRITER, path, std::to_string(first), std::to_string(count)}} {}
  void commit() { tell(); }
};

/// Relays an outbox into a text file, one line `key:payload` per record, until its standard input
/// ends.
class RelayProcess : public Process {
 public:
  RelayProcess(std::string const& path, std::string const& output)
      : Process{{TRAM_TEST_RELAY_PROCESS, path, output}} {}
};

}  // namespace tram::testing
