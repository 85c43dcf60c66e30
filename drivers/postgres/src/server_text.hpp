#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "session.hpp"

namespace tram::postgres {

/// Has the server turn texts in its own encoding into UTF-8, one by one, on an ordinary connection:
/// the log does so with all columns of a row, and ends where one of them has no equivalent.
class ServerText {
 public:
  ServerText(Target target, Clock& clock, Duration timeout)
      : target_{std::move(target)}, clock_{clock}, timeout_{timeout} {}

  /// Nothing when the bytes are no text in that encoding, or have no equivalent. Waits for the
  /// server where they are not ASCII. Faults: transient and broken, when the server could not say.
  std::optional<std::string> to_utf8(std::string const& bytes, std::string const& encoding);
  void disconnect() { session_.reset(); }

 private:
  Target target_;
  Clock& clock_;
  Duration timeout_;
  std::optional<Session> session_;
};

}  // namespace tram::postgres
