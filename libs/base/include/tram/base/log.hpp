#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "tram/base/detail/function.hpp"

#pragma GCC visibility push(default)

namespace tram {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

std::string_view to_string(LogLevel level) noexcept;

/// One `name=value` of a log line. Numbers and truth values convert; the value is copied.
struct LogField {
  LogField(std::string_view field_name, std::string_view text) : name{field_name}, value{text} {}
  LogField(std::string_view field_name, char const* text) : name{field_name}, value{text} {}
  LogField(std::string_view field_name, std::string const& text) : name{field_name}, value{text} {}
  template <class Number>
    requires std::is_arithmetic_v<Number>
  LogField(std::string_view field_name, Number number)
      : name{field_name}, value{std::to_string(number)} {}

  std::string_view name;
  std::string value;
};

/// Structured log lines for grep: `level=info event=relay.started source=sqlite`.
///
/// A value, passed as a parameter and cheap to copy; there is no global logger. Callable from any
/// thread when its sink is (the built-in ones are).
///
///     auto const logger = tram::Logger::to_stderr();
///     logger.info("relay.started", {{"source", "sqlite"}, {"window", 2000}});
class Logger {
 public:
  /// Takes one finished line, without the line end.
  using Sink = std::function<void(LogLevel level, std::string const& line)>;

  /// Drops everything.
  Logger() = default;
  Logger(Sink sink, LogLevel lowest) : sink_{std::move(sink)}, lowest_{lowest} {}

  /// Writes each line with its UTC time to standard error: in one write(2) up to 4096 bytes. Waits
  /// a tenth of a second at most for a reader that does not read; lines that do not fit then are
  /// dropped, and counted by `log.dropped` when the reader continues.
  static Logger to_stderr(LogLevel lowest = LogLevel::info);

  /// `event` is a dotted name that never changes: `subscription.held`. Values are quoted where they
  /// need it, and a field without a value is left out.
  void write(LogLevel level, std::string_view event,
             std::initializer_list<LogField> fields = {}) const;
  void debug(std::string_view event, std::initializer_list<LogField> fields = {}) const {
    write(LogLevel::debug, event, fields);
  }
  void info(std::string_view event, std::initializer_list<LogField> fields = {}) const {
    write(LogLevel::info, event, fields);
  }
  void warning(std::string_view event, std::initializer_list<LogField> fields = {}) const {
    write(LogLevel::warning, event, fields);
  }
  void error(std::string_view event, std::initializer_list<LogField> fields = {}) const {
    write(LogLevel::error, event, fields);
  }

 private:
  Sink sink_;
  LogLevel lowest_{LogLevel::info};
};

}  // namespace tram

#pragma GCC visibility pop
