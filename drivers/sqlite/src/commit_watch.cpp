#include "commit_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <filesystem>

namespace tram::sqlite {
namespace {

/// 0.1 ms some times, for most disks sync a commit within that; then 0.2, 0.4, … 51.2 ms: together
/// more than any takes.
constexpr int rereads_even{5};
constexpr int rereads_max{14};
constexpr Duration first_reread{std::chrono::microseconds{100}};

constexpr std::uint32_t file_events{IN_MODIFY};
constexpr std::uint32_t folder_events{IN_CREATE | IN_MOVED_TO};

}  // namespace

CommitWatch::CommitWatch(std::string const& path)
    : path_{path},
      log_name_{std::filesystem::path{path}.filename().string() + "-wal"},
      descriptor_{::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)} {
  if (descriptor_ < 0) return;
  auto const folder = std::filesystem::absolute(path).parent_path();
  folder_watch_ = ::inotify_add_watch(descriptor_, folder.c_str(), folder_events);
  watch_files();
}

CommitWatch::~CommitWatch() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

/// Where a file is watched already this changes nothing.
void CommitWatch::watch_files() {
  ::inotify_add_watch(descriptor_, path_.c_str(), file_events);
  log_watch_ = ::inotify_add_watch(descriptor_, (path_ + "-wal").c_str(), file_events);
}

void CommitWatch::take_events() {
  if (descriptor_ < 0) return;
  std::array<char, 4096> buffer{};
  for (auto size = ::read(descriptor_, buffer.data(), buffer.size()); size > 0;
       size = ::read(descriptor_, buffer.data(), buffer.size())) {
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      take_event(event.len > 0 ? std::string{buffer.data() + at + sizeof event} : std::string{},
                 (event.mask & IN_IGNORED) != 0);
      at += sizeof event + event.len;
    }
  }
}

/// Events of the folder have a name; what is made there beside the log is none of our business.
void CommitWatch::take_event(std::string const& name, bool ignored) {
  if (!name.empty() && name != log_name_) return;
  if (!name.empty() || ignored) watch_files();
  rereads_left_ = rereads_max;
}

void CommitWatch::found_nothing() { rereads_left_ = std::max(rereads_left_ - 1, 0); }

Duration CommitWatch::reread_delay(Duration otherwise) const {
  if (rereads_left_ == 0) return otherwise;
  int const doublings = std::max(rereads_max - rereads_left_ - rereads_even + 1, 0);
  return std::min(otherwise, first_reread * (1 << doublings));
}

}  // namespace tram::sqlite
