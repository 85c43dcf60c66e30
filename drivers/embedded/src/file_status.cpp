#include "tram/embedded/file_status.hpp"

#include <filesystem>

#include "file_connection.hpp"
#include "file_lock.hpp"
#include "file_schema.hpp"

namespace tram::embedded {

FileStatus inspect(std::string const& path) {
  if (!std::filesystem::exists(path)) return {.state = FileStatus::State::missing, .owner = {}};
  FileConnection connection{path};
  check_file(connection);
  auto owner = lock_owner(path);
  return owner ? FileStatus{.state = FileStatus::State::in_use, .owner = std::move(*owner)}
               : FileStatus{.state = FileStatus::State::free, .owner = {}};
}

}  // namespace tram::embedded
