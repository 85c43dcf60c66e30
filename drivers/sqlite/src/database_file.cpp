#include "database_file.hpp"

#include <sqlite3.h>

#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <system_error>

#include "tram/base/file_uri.hpp"

namespace tram::sqlite {
namespace {

/// From SQLite's file format: what reads the file, 2 for the write-ahead log.
constexpr std::size_t read_version_at{19};

/// By SQLite's own means: to close the file behind its back would release the locks that other
/// connections of this process have on it.
bool uses_write_ahead_log(std::string const& file) {
  sqlite3* opened = nullptr;
  int const code = ::sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READONLY, nullptr);
  std::unique_ptr<sqlite3, decltype(&::sqlite3_close)> const connection{opened, &::sqlite3_close};
  sqlite3_file* in = nullptr;
  if (code != SQLITE_OK ||
      ::sqlite3_file_control(opened, "main", SQLITE_FCNTL_FILE_POINTER, &in) != SQLITE_OK ||
      in->pMethods == nullptr) {
    return false;
  }
  std::array<char, read_version_at + 1> header{};
  return in->pMethods->xRead(in, header.data(), header.size(), 0) == SQLITE_OK &&
         header.back() == 2;
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
  bool const at_rest = !std::filesystem::exists(path + "-wal") && uses_write_ahead_log(path);
  return at_rest ? file_uri(path) + "?immutable=1" : path;
}

std::string missing_file(std::string const& file) {
  return "there is no file '" + file +
         "'; correct the path, or start the service that makes it (\"tram schema install\" makes "
         "it, too)";
}

}  // namespace tram::sqlite
