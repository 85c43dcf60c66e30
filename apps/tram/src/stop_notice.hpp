#pragma once

#include <list>
#include <string>

namespace tram::operator_program {

/// What the program says on standard error when SIGINT or SIGTERM ends it, as they do at once. One
/// at a time, and for one thread; a signal that was ignored when it was made stays so.
class StopNotice {
 public:
  explicit StopNotice(std::string text);
  ~StopNotice();
  StopNotice(StopNotice const&) = delete;
  StopNotice& operator=(StopNotice const&) = delete;

  /// From now on.
  void change(std::string text);

 private:
  /// All of them, since a signal may come while one is replaced.
  std::list<std::string> lines_;
};

}  // namespace tram::operator_program
