#include "database_file.hpp"

#include <array>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "tram/base/file_uri.hpp"

namespace tram::sqlite {
namespace {

/// From SQLite's file format: what reads the file, 2 for the write-ahead log.
constexpr std::size_t read_version_at{19};

bool uses_write_ahead_log(std::string const& file) {
  std::array<char, read_version_at + 1> header{};
  std::ifstream in{file, std::ios::binary};
  return in.read(header.data(), header.size()) && header.back() == 2;
}

}  // namespace

std::optional<std::string> file_of(std::string const& path) {
  if (path.empty() || path.find(":memory:") != std::string::npos) return std::nullopt;
  if (!path.starts_with("file:")) return path;
  if (path.find("mode=memory") != std::string::npos ||
      path.find("vfs=memdb") != std::string::npos) {
    return std::nullopt;
  }
  auto file = path.substr(5, path.find_first_of("?#") - 5);
  return file.starts_with("///") ? file.substr(2) : file;
}

std::string true_path(std::string const& file) {
  std::error_code trouble;
  auto const path = std::filesystem::weakly_canonical(file, trouble);
  return trouble ? file : path.string();
}

std::string path_to_look_at(std::string const& path) {
  if (path.starts_with("file:")) return path;
  // Nobody has the file open then, and SQLite would make a log and its index to read it.
  bool const at_rest = uses_write_ahead_log(path) && !std::filesystem::exists(path + "-wal");
  return at_rest ? file_uri(path) + "?immutable=1" : path;
}

std::string missing_file(std::string const& file) {
  return "there is no file '" + file +
         "'; correct the path, or start the service that makes it (\"tram schema install\" makes "
         "it, too)";
}

}  // namespace tram::sqlite
