#include "relay_lock.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "tram/base/error.hpp"

namespace tram::sqlite {
namespace {

/// Letters, digits, `-` and `_` as they are, all else as hexadecimal digits behind a dot.
std::string as_file_name(std::string_view name) {
  constexpr std::string_view digits{"0123456789abcdef"};
  std::string out;
  for (char const each : name) {
    auto const byte = static_cast<unsigned char>(each);
    bool const plain = (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') ||
                       (each >= '0' && each <= '9') || each == '-' || each == '_';
    if (plain) {
      out += each;
    } else {
      out.append({'.', digits[byte >> 4U], digits[byte & 15U]});
    }
  }
  return out;
}

Error trouble(std::string const& what, std::string const& path) {
  return Error{Fault::transient,
               "sqlite relay: cannot " + what + " '" + path + "': " + std::strerror(errno) +
                   "; the folder of the database must be writable",
               errno};
}

}  // namespace

RelayLock::RelayLock(std::string const& database_path, std::string const& relay)
    : path_{database_path + "-" + as_file_name(relay) + ".lock"} {}

RelayLock::~RelayLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool RelayLock::try_take() {
  if (held_) return true;
  if (descriptor_ < 0) open();
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  // Bound to this open file, not to the process: two relays of one process exclude each other too.
  held_ = ::fcntl(descriptor_, F_OFD_SETLK, &lock) == 0;
  if (!held_ && errno != EAGAIN && errno != EACCES) throw trouble("lock", path_);
  return held_;
}

void RelayLock::open() {
  descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0) throw trouble("open", path_);
}

}  // namespace tram::sqlite
