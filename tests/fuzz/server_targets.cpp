#include <algorithm>
#include <array>
#include <string>
#include <variant>

#include "connection_string.hpp"
#include "pgoutput_decoder.hpp"
#include "promise.hpp"
#include "replication_protocol.hpp"
#include "targets.hpp"
#include "tram/base/host_port.hpp"

namespace tram::fuzz {
namespace {

/// Messages of the log, each behind its length in one byte.
void pgoutput(std::string_view bytes) {
  postgres::PgoutputDecoder decoder{"eventuate", "message"};
  while (!bytes.empty()) {
    auto const size = std::min<std::size_t>(static_cast<unsigned char>(bytes[0]), bytes.size() - 1);
    reading([&] { (void)decoder.decode(bytes.substr(1, size)); });
    bytes.remove_prefix(1 + size);
  }
}

void stream(std::string_view bytes) {
  reading([&] {
    auto const message = postgres::parse_stream_message(bytes);
    if (auto const* data = std::get_if<postgres::LogData>(&message))
      promise(data->payload.size() <= bytes.size(), "a payload is a part of its message");
  });
  if (auto const position = postgres::parse_lsn(bytes))
    promise(postgres::parse_lsn(postgres::format_lsn(*position)) == position,
            "a position comes back as it was");
}

/// What a URI is understood as.
void uri_parts(std::string const& text) {
  for (auto const& [keyword, value] : postgres::parse_uri(text)) {
    promise(!keyword.empty(), "it has a name");
    if (keyword == "host") promise(value.find('@') == std::string::npos, "a host has no '@'");
  }
}

/// No piece of a URI that was refused is said. The piece is one that no text of ours has.
void uri(std::string_view bytes) {
  constexpr std::string_view scheme{"postgresql://"};
  constexpr std::string_view piece{"hunter2Zq"};
  auto const middle = bytes.size() / 2;
  auto const text = std::string{scheme}
                        .append(bytes.substr(0, middle))
                        .append(piece)
                        .append(bytes.substr(middle));
  reading([&] { uri_parts(std::string{scheme}.append(bytes)); });
  try {
    uri_parts(text);
  } catch (Error const& error) {
    bool const shown = std::string_view{error.what()}.find(piece) != std::string_view::npos;
    promise(!shown, "a URI that is refused is not shown");
  }
}

void hosts(std::string_view bytes) {
  if (!is_plain_host(bytes)) return;
  promise(bytes.find_first_of("@/?# ") == std::string_view::npos, "a host is a host");
  bool const is_ipv6 = bytes.find(':') != std::string_view::npos;
  promise(is_host_and_port(is_ipv6 ? "[" + std::string{bytes} + "]:1" : std::string{bytes} + ":1"),
          "a host may have a port");
}

constexpr std::array all{Target{"pgoutput", pgoutput}, Target{"stream", stream}, Target{"uri", uri},
                         Target{"hosts", hosts}};

}  // namespace

std::span<Target const> server_targets() { return all; }

}  // namespace tram::fuzz
