#pragma once

#include <cstdint>
#include <optional>
#include <string>

#pragma GCC visibility push(default)

namespace tram {

/// Identifies a file independently of its path, which may lead to another file later.
struct FileIdentity {
  std::uint64_t device{};
  std::uint64_t number{};
  friend bool operator==(FileIdentity const&, FileIdentity const&) = default;
};

/// The file that the path leads to, behind all links; empty when it is missing, or cannot be told.
/// Asks the file system. Callable from any thread.
std::optional<FileIdentity> identity_of(std::string const& path);

}  // namespace tram

#pragma GCC visibility pop
