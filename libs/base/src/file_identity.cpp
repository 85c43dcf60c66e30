#include "tram/base/file_identity.hpp"

#include <sys/stat.h>

namespace tram {

std::optional<FileIdentity> identity_of(std::string const& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return std::nullopt;
  return FileIdentity{.device = found.st_dev, .number = found.st_ino};
}

}  // namespace tram
