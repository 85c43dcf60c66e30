#include "file_lock.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "system_trouble.hpp"
#include "tram/base/error.hpp"

namespace tram::embedded {
namespace {

bool try_lock(int descriptor) {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  // Bound to this open file, not to the process: two brokers of one process exclude each other too.
  return ::fcntl(descriptor, F_OFD_SETLK, &lock) == 0;
}

/// Who has the lock, as the one that took it wrote; for messages only.
std::string owner(int descriptor) {
  std::array<char, 32> text{};
  auto const size = ::pread(descriptor, text.data(), text.size(), 0);
  return size > 0 ? "process " + std::string{text.data(), static_cast<std::size_t>(size)}
                  : std::string{"another process"};
}

/// Best effort: a lock without a name locks as well.
void sign(int descriptor) {
  auto const text = std::to_string(::getpid());
  if (::ftruncate(descriptor, 0) != 0) return;
  [[maybe_unused]] auto const written = ::pwrite(descriptor, text.data(), text.size(), 0);
}

}  // namespace

FileLock::FileLock(std::string const& path)
    : descriptor_{::open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)} {
  if (descriptor_ < 0) throw system_error("open '" + path + ".lock'", errno);
  if (try_lock(descriptor_)) {
    sign(descriptor_);
    return;
  }
  auto const code = errno;
  auto const who = owner(descriptor_);
  ::close(descriptor_);
  if (code != EAGAIN && code != EACCES) throw system_error("lock '" + path + ".lock'", code);
  throw Error{Fault::transient,
              "embedded: cannot open '" + path + "': " + who +
                  " has it open, and one at a time may; stop that one, or give each its own file",
              code};
}

FileLock::~FileLock() { ::close(descriptor_); }

std::optional<std::string> lock_owner(std::string const& path) {
  int const descriptor = ::open((path + ".lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0 && errno == ENOENT) return std::nullopt;
  if (descriptor < 0) throw system_error("open '" + path + ".lock'", errno);
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  bool const asked = ::fcntl(descriptor, F_OFD_GETLK, &lock) == 0;
  auto const code = errno;
  auto who = owner(descriptor);
  ::close(descriptor);
  if (!asked) throw system_error("look at the lock of '" + path + "'", code);
  return lock.l_type == F_UNLCK ? std::nullopt : std::optional{std::move(who)};
}

}  // namespace tram::embedded
