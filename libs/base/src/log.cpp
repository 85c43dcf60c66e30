#include "tram/base/log.hpp"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <ctime>
#include <memory>

#include "tram/base/mutex.hpp"

namespace tram {
namespace {

bool needs_quotes(std::string_view value) {
  return value.find_first_of(" \t\r\n\"=") != std::string_view::npos;
}

void append_value(std::string& line, std::string_view value) {
  if (!needs_quotes(value)) {
    line += value;
    return;
  }
  line += '"';
  for (char const c : value) {
    if (c == '\n') {
      line += "\\n";
      continue;
    }
    if (c == '\r') {
      line += "\\r";
      continue;
    }
    if (c == '"' || c == '\\') line += '\\';
    line += c;
  }
  line += '"';
}

std::string utc_now() {
  auto const now = std::chrono::system_clock::now();
  auto const seconds = std::chrono::system_clock::to_time_t(now);
  auto const millis =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  std::size_t const length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%03dZ", static_cast<int>(millis));
  return std::string{text, length} + fraction;
}

/// Standard error, which may be a pipe that nobody reads, and is shared with other processes: so it
/// stays as it is, and is asked before each write whether that would wait.
class StandardError {
 public:
  void write(std::string const& line) {
    if (!begin_turn()) {
      dropped_ += 1;
      return;
    }
    Turn const turn{*this};
    if (!takes_more()) {
      dropped_ += 1;
      return;
    }
    std::string text{torn_ ? "\n" : ""};
    torn_ = false;
    if (auto const dropped = dropped_.exchange(0); dropped > 0) {
      text += "time=" + utc_now() +
              " level=warning event=log.dropped count=" + std::to_string(dropped) + "\n";
    }
    put(text + "time=" + utc_now() + " " + line + "\n");
  }

 private:
  static constexpr std::chrono::milliseconds patience{100};

  struct Turn {
    StandardError& whose;
    ~Turn() { whose.end_turn(); }
  };

  /// Whoever writes beside us can still have a write wait; then it is one thread that does. False
  /// when another one's turn did not end in time.
  bool begin_turn() TRAM_EXCLUDES(mutex_) {
    Lock const lock{mutex_};
    bool const free = turn_ended_.wait_for(mutex_, patience,
                                           [this]() TRAM_REQUIRES(mutex_) { return !is_written_; });
    if (free) is_written_ = true;
    return free;
  }
  void end_turn() TRAM_EXCLUDES(mutex_) {
    {
      Lock const lock{mutex_};
      is_written_ = false;
    }
    turn_ended_.notify_one();
  }

  /// A log that cannot be written must not stop the work. So much goes in at once where there is
  /// any room.
  void put(std::string const& text) {
    for (std::size_t at = 0; at < text.size(); at += PIPE_BUF) {
      if (at > 0 && !takes_more()) {
        torn_ = true;
        dropped_ += 1;
        return;
      }
      [[maybe_unused]] auto const written = ::write(
          STDERR_FILENO, text.data() + at, std::min<std::size_t>(PIPE_BUF, text.size() - at));
    }
  }

  /// Waits for a little while, but once only until something is read again.
  [[nodiscard]] bool takes_more() const {
    pollfd descriptor{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
    int ready{};
    do ready = ::poll(&descriptor, 1, dropped_ > 0 ? 0 : static_cast<int>(patience.count()));
    while (ready < 0 && errno == EINTR);
    return ready != 0;
  }

  Mutex mutex_;
  std::condition_variable_any turn_ended_;
  bool is_written_ TRAM_GUARDED_BY(mutex_){};
  std::atomic<std::uint64_t> dropped_{0};
  /// The last line has no end. Of whoever has the turn.
  bool torn_{};
};

}  // namespace

std::string_view to_string(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warning: return "warning";
    case LogLevel::error: return "error";
  }
  return "unknown";
}

Logger Logger::to_stderr(LogLevel lowest) {
  auto const standard_error = std::make_shared<StandardError>();
  return Logger{
      [standard_error](LogLevel, std::string const& line) { standard_error->write(line); }, lowest};
}

void Logger::write(LogLevel level, std::string_view event,
                   std::initializer_list<LogField> fields) const {
  if (!sink_ || level < lowest_) return;
  std::string line = "level=";
  line += to_string(level);
  line += " event=";
  line += event;
  for (LogField const& field : fields) {
    if (field.value.empty()) continue;
    line += ' ';
    line += field.name;
    line += '=';
    append_value(line, field.value);
  }
  sink_(level, line);
}

}  // namespace tram
