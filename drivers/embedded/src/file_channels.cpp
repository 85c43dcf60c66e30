#include "file_channels.hpp"

#include <utility>

namespace tram::embedded {

void FileChannel::listen(std::shared_ptr<EventSignal> signal) {
  Lock const lock{mutex_};
  listeners_.push_back(std::move(signal));
}

void FileChannel::forget(std::shared_ptr<EventSignal> const& signal) {
  Lock const lock{mutex_};
  std::erase(listeners_, signal);
}

void FileChannel::ring() {
  Lock const lock{mutex_};
  for (auto const& signal : listeners_) signal->ring();
}

FileChannel* FileChannels::find(std::string_view name) {
  Lock const lock{mutex_};
  auto const found = channels_.find(name);
  return found == channels_.end() ? nullptr : found->second.get();
}

void FileChannels::add(std::unique_ptr<FileChannel> channel) {
  Lock const lock{mutex_};
  channels_.emplace(channel->name(), std::move(channel));
}

}  // namespace tram::embedded
