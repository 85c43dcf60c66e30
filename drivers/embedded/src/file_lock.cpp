#include "file_lock.hpp"

#include <utility>

#include "system_trouble.hpp"
#include "tram/base/error.hpp"

namespace tram::embedded {
namespace {

Error trouble(std::string const& path, Error const& error) {
  auto const code = error.native_code();
  if (code != 0) return system_error("open '" + path + ".lock'", code);
  return Error{Fault::rejected, "embedded: cannot open '" + path + ".lock': " + error.what()};
}

/// What the lock's file says, as a sentence of ours.
template <class Function>
auto asking(std::string const& path, Function const& function) {
  try {
    return function();
  } catch (Error const& error) { throw trouble(path, error); }
}

}  // namespace

FileLock::FileLock(std::string path) : path_{std::move(path)}, file_{path_ + ".lock"} {
  require();
  file_.sign();
}

void FileLock::require() {
  if (asking(path_, [this] { return file_.try_take(); })) return;
  auto const who = lock_owner(path_).value_or("another process");
  throw Error{Fault::transient, "embedded: cannot open '" + path_ + "': " + who +
                                    " has it open, and one at a time may; stop that one, or give "
                                    "each its own file"};
}

std::optional<std::string> lock_owner(std::string const& path) {
  auto who = asking(path, [&] { return LockFile::owner(path + ".lock"); });
  return who.empty() ? std::nullopt : std::optional{std::move(who)};
}

}  // namespace tram::embedded
