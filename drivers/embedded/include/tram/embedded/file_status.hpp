#pragma once

#include <cstdint>
#include <string>

#pragma GCC visibility push(default)

namespace tram::embedded {

/// The state of a broker's file.
struct FileStatus {
  enum class State : std::uint8_t {
    /// There is no such file; the broker that opens it first makes it.
    missing,
    /// A broker's file that no process has open.
    free,
    /// A broker has it open.
    in_use,
  };
  State state{};
  /// Who has it open, for people: `process 4711`.
  std::string owner;
};

/// Reads the state of a broker's file while others may use it. Makes and changes nothing. Throws:
/// rejected (not a broker's file, made by a newer release, not readable), transient (disk errors).
FileStatus inspect(std::string const& path);

}  // namespace tram::embedded

#pragma GCC visibility pop
