#pragma once

#include <string>

#include "tram/base/clock.hpp"

namespace tram::sqlite {

/// Tells that some process wrote to a database file: inotify on the file, its write-ahead log, and
/// the folder, for the log may be made anew.
///
/// An event says that something was written, which is before it can be read; so after each event
/// `reread_delay` asks for a few more looks, at growing distances.
class CommitWatch {
 public:
  /// Where inotify is not to be had, nothing is ever seen and `descriptor` is -1.
  explicit CommitWatch(std::string const& path);
  ~CommitWatch();
  CommitWatch(CommitWatch const&) = delete;
  CommitWatch& operator=(CommitWatch const&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_; }
  /// Takes the events that have come; to be called before each look at the database.
  void take_events();
  /// The last look found nothing.
  void found_nothing();
  /// When to look again because of the last event; `otherwise` when that is over.
  [[nodiscard]] Duration reread_delay(Duration otherwise) const;

 private:
  void watch_files();
  void take_event(std::string const& name, bool ignored);

  std::string path_;
  std::string log_name_;
  int descriptor_{-1};
  int folder_watch_{-1};
  int log_watch_{-1};
  int rereads_left_{};
};

}  // namespace tram::sqlite
