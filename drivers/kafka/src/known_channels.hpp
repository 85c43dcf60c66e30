#pragma once

#include <map>
#include <set>
#include <span>
#include <string>

#include "tram/base/mutex.hpp"

namespace tram::kafka {

/// In which channels a group was before the topics that there are now, as far as this process has
/// seen it. The coordinator forgets all of a group when its only topic is deleted. For any thread.
class KnownChannels {
 public:
  void add(std::string const& group, std::span<std::string const> channels) {
    Lock const lock{mutex_};
    groups_[group].insert(channels.begin(), channels.end());
  }
  [[nodiscard]] std::set<std::string> of(std::string const& group) {
    Lock const lock{mutex_};
    auto const found = groups_.find(group);
    return found == groups_.end() ? std::set<std::string>{} : found->second;
  }

 private:
  Mutex mutex_;
  std::map<std::string, std::set<std::string>> groups_ TRAM_GUARDED_BY(mutex_);
};

}  // namespace tram::kafka
