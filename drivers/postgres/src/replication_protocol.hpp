#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "lsn.hpp"
#include "tram/base/clock.hpp"
#include "tram/relay/change_source.hpp"

namespace tram::postgres {

/// Reads big-endian values from bytes that may be anything; `Error{malformed}` where they end too
/// early.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_{bytes} {}
  std::uint8_t byte() { return static_cast<std::uint8_t>(take(1)[0]); }
  std::uint16_t uint16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t uint32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t uint64() { return number(8); }
  std::string_view text(std::size_t length) { return take(length); }
  /// Up to the next NUL, which is consumed.
  std::string_view c_string();
  std::string_view rest() { return take(bytes_.size()); }

 private:
  std::string_view take(std::size_t length);
  std::uint64_t number(std::size_t length);

  std::string_view bytes_;
};

/// What the server sends while it streams (PostgreSQL 15, chapter 55.4).
struct LogData {
  std::string_view payload;
};
struct Keepalive {
  /// How far the server has read its log.
  Lsn end{};
  enum class Reply : std::uint8_t { not_asked, asked } reply{};
};
using StreamMessage = std::variant<LogData, Keepalive>;

/// `Error{malformed}` for anything else. Borrows from `bytes`.
StreamMessage parse_stream_message(std::string_view bytes);

/// What a reader has done.
struct LogProgress {
  /// Everything up to here is stored elsewhere, which others see in `pg_stat_replication`.
  Lsn published{};
  /// The server need not keep the log up to here.
  Lsn freed{};
};
/// What the client sends. `asks` for a keepalive in return.
enum class AskReply : std::uint8_t { no, yes };
std::string status_update(LogProgress progress, WallTime now, AskReply asks);

/// `16/B374D848`, as PostgreSQL writes positions.
std::string format_lsn(Lsn position);
/// Nothing for text that is no position.
std::optional<Lsn> parse_lsn(std::string_view text);

}  // namespace tram::postgres
