#include "replication_protocol.hpp"

#include <charconv>
#include <chrono>
#include <cstdio>

#include "tram/base/error.hpp"

namespace tram::postgres {
namespace {

[[noreturn]] void malformed(std::string const& what) {
  throw Error{Fault::malformed, "postgresql: the replication stream is not understood: " + what};
}

void append(std::string& bytes, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<char>(number >> static_cast<unsigned>(shift) & 0xFFU));
}

// The server counts microseconds from the year 2000.
std::uint64_t server_time(WallTime now) {
  constexpr std::chrono::sys_days epoch{std::chrono::year{2000} / 1 / 1};
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(now - epoch).count());
}

}  // namespace

std::string_view ByteReader::c_string() {
  auto const end = bytes_.find('\0');
  if (end == std::string_view::npos) malformed("a name has no end");
  auto const text = take(end);
  take(1);
  return text;
}

std::string_view ByteReader::take(std::size_t length) {
  if (length > bytes_.size()) malformed("a message ends too early");
  auto const taken = bytes_.substr(0, length);
  bytes_.remove_prefix(length);
  return taken;
}

std::uint64_t ByteReader::number(std::size_t length) {
  std::uint64_t number = 0;
  for (char const c : take(length)) number = number << 8U | static_cast<std::uint8_t>(c);
  return number;
}

StreamMessage parse_stream_message(std::string_view bytes) {
  ByteReader reader{bytes};
  switch (auto const kind = reader.byte()) {
    case 'w':
      // Where the data begins and ends in the log is of no use to a logical reader, nor is the
      // server's time.
      reader.text(24);
      return LogData{reader.rest()};
    case 'k': {
      Keepalive keepalive;
      keepalive.end = reader.uint64();
      reader.uint64();
      keepalive.reply = reader.byte() != 0 ? Keepalive::Reply::asked : Keepalive::Reply::not_asked;
      return keepalive;
    }
    default: malformed("unknown message " + std::to_string(kind));
  }
}

std::string status_update(LogProgress progress, WallTime now, AskReply asks) {
  std::string bytes{"r"};
  append(bytes, progress.published);  // received
  append(bytes, progress.freed);      // flushed
  append(bytes, progress.published);  // applied
  append(bytes, server_time(now));
  bytes.push_back(asks == AskReply::yes ? '\1' : '\0');
  return bytes;
}

std::string format_lsn(Lsn position) {
  char text[24];
  std::snprintf(text, sizeof text, "%X/%X", static_cast<unsigned>(position >> 32U),
                static_cast<unsigned>(position & 0xFFFFFFFFU));
  return text;
}

std::optional<Lsn> parse_lsn(std::string_view text) {
  std::uint32_t high = 0;
  std::uint32_t low = 0;
  auto const* const end = text.data() + text.size();
  auto const first = std::from_chars(text.data(), end, high, 16);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '/') return std::nullopt;
  auto const second = std::from_chars(first.ptr + 1, end, low, 16);
  if (second.ec != std::errc{} || second.ptr != end) return std::nullopt;
  return Lsn{high} << 32U | low;
}

}  // namespace tram::postgres
