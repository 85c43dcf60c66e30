#include "tram/base/lock_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "tram/base/error.hpp"

namespace tram {
namespace {

constexpr mode_t owner_only{S_IRUSR | S_IWUSR};

[[noreturn]] void fail(int code) { throw Error{Fault::transient, std::strerror(code), code}; }
[[noreturn]] void refuse(char const* why) { throw Error{Fault::rejected, why}; }

enum class Use { lock, look };

/// What is wrong with a file that somebody else may have put there; nothing when it is fit.
char const* objection(struct stat const& found, Use use) {
  if (!S_ISREG(found.st_mode)) return "it is no plain file; remove it";
  if (use == Use::look) return nullptr;
  if (found.st_uid != ::geteuid())
    return "it belongs to another user; remove it, or run as the user whose file it is";
  if (found.st_nlink > 1) return "it has another name, too; remove it";
  return nullptr;
}

/// Closes the descriptor unless the file is fit.
int require_fit(int descriptor, Use use) {
  struct stat found{};
  int const code = ::fstat(descriptor, &found) == 0 ? 0 : errno;
  char const* const wrong = code == 0 ? objection(found, use) : "";
  if (wrong == nullptr) return descriptor;
  ::close(descriptor);
  if (code != 0) fail(code);
  refuse(wrong);
}

int open_file(std::string const& path, Use use) {
  int const flags = use == Use::lock ? O_RDWR | O_CREAT : O_RDONLY;
  // A pipe without a reader must not make this wait.
  int const always = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  int const descriptor = ::open(path.c_str(), flags | always, owner_only);
  if (descriptor >= 0) return require_fit(descriptor, use);
  int const code = errno;
  if (code == ELOOP) refuse("it is a link, which is not followed; remove it");
  fail(code);
}

struct flock whole_file() {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

std::string signature(int descriptor) {
  std::array<char, 32> text{};
  auto const size = ::pread(descriptor, text.data(), text.size(), 0);
  return size > 0 ? "process " + std::string{text.data(), static_cast<std::size_t>(size)}
                  : std::string{"another process"};
}

}  // namespace

LockFile::~LockFile() { close(); }

bool LockFile::try_take() {
  if (held_ && is_still_there()) return true;
  // Of a file that is not at the path any more, another one has the lock.
  if (descriptor_ >= 0 && !is_still_there()) close();
  if (descriptor_ < 0) open();
  auto lock = whole_file();
  // Bound to this open file, not to the process: two owners in one process exclude each other, too.
  held_ = ::fcntl(descriptor_, F_OFD_SETLK, &lock) == 0;
  if (!held_ && errno != EAGAIN && errno != EACCES) fail(errno);
  return held_;
}

void LockFile::sign() const {
  auto const text = std::to_string(::getpid());
  if (::ftruncate(descriptor_, 0) != 0) return;
  [[maybe_unused]] auto const written = ::pwrite(descriptor_, text.data(), text.size(), 0);
}

std::string LockFile::owner(std::string const& path) {
  int descriptor = -1;
  try {
    descriptor = open_file(path, Use::look);
  } catch (Error const& error) {
    if (error.native_code() == ENOENT) return {};
    throw;
  }
  auto lock = whole_file();
  bool const asked = ::fcntl(descriptor, F_OFD_GETLK, &lock) == 0;
  int const code = errno;
  auto who = signature(descriptor);
  ::close(descriptor);
  if (!asked) fail(code);
  return lock.l_type == F_UNLCK ? std::string{} : who;
}

void LockFile::open() {
  descriptor_ = open_file(path_, Use::lock);
  // An earlier release let others read it, and so lock it.
  if (::fchmod(descriptor_, owner_only) == 0) return;
  int const code = errno;
  close();
  fail(code);
}

void LockFile::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
  held_ = false;
}

bool LockFile::is_still_there() const {
  struct stat ours{};
  struct stat there{};
  return ::fstat(descriptor_, &ours) == 0 && ::lstat(path_.c_str(), &there) == 0 &&
         ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

}  // namespace tram
