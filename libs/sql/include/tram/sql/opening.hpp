#pragma once

#include <cstdint>

#pragma GCC visibility push(default)

namespace tram {

/// What may happen to a database of one file, when it is opened.
enum class Opening : std::uint8_t {
  /// A missing file is made.
  create,
  /// A missing file is an error: for programs that work on the database of another program.
  existing,
  /// Only to read: neither the file nor anything beside it is made or changed, and it must exist.
  read_only,
};

}  // namespace tram

#pragma GCC visibility pop
