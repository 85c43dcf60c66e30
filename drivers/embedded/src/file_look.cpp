#include "tram/embedded/file_look.hpp"

#include <filesystem>

#include "file_connection.hpp"
#include "file_lock.hpp"
#include "file_schema.hpp"

namespace tram::embedded {

FileLook look_at(std::string const& path) {
  if (!std::filesystem::exists(path)) return {.state = FileLook::State::missing, .owner = {}};
  FileConnection connection{path};
  check_file(connection);
  auto owner = lock_owner(path);
  return owner ? FileLook{.state = FileLook::State::in_use, .owner = std::move(*owner)}
               : FileLook{.state = FileLook::State::free, .owner = {}};
}

}  // namespace tram::embedded
