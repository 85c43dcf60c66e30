#include "tram/base/log.hpp"

#include <unistd.h>

#include <chrono>
#include <ctime>

namespace tram {
namespace {

bool needs_quotes(std::string_view value) {
  return value.empty() || value.find_first_of(" \t\r\n\"=") != std::string_view::npos;
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
  return Logger{[](LogLevel, std::string const& line) {
                  std::string const whole = "time=" + utc_now() + " " + line + "\n";
                  // A log that cannot be written must not stop the work.
                  [[maybe_unused]] auto const written =
                      ::write(STDERR_FILENO, whole.data(), whole.size());
                },
                lowest};
}

void Logger::write(LogLevel level, std::string_view event,
                   std::initializer_list<LogField> fields) const {
  if (!sink_ || level < lowest_) return;
  std::string line = "level=";
  line += to_string(level);
  line += " event=";
  line += event;
  for (LogField const& field : fields) {
    line += ' ';
    line += field.name;
    line += '=';
    append_value(line, field.value);
  }
  sink_(level, line);
}

}  // namespace tram
