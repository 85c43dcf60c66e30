#pragma once

#include <string>

#include "piped_process.hpp"

namespace tram::testing {

/// Commits one row each time it is told, `count` rows with the ids from `first` on.
class WriterProcess : public PipedProcess {
 public:
  WriterProcess(std::string const& path, int first, int count)
      : PipedProcess{
            {TRAM_TEST_OUTBOX_WRITER, path, std::to_string(first), std::to_string(count)}} {}
  void commit() const { tell(); }
};

/// Relays an outbox into a text file, one line `key:payload` per record, until its standard input
/// ends.
class RelayProcess : public PipedProcess {
 public:
  RelayProcess(std::string const& path, std::string const& output)
      : PipedProcess{{TRAM_TEST_RELAY_PROCESS, path, output}} {}
};

}  // namespace tram::testing
