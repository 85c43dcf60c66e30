#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tram::testing {

/// Reads and writes the few fields of Kafka's protocol that the proxies need.
namespace kafka_frame {

inline void put(std::string& to, std::int64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
    to.push_back(static_cast<char>((value >> shift) & 0xff));
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_{bytes} {}
  std::int64_t number(std::size_t bytes) {
    std::int64_t value = 0;
    for (char const each : bytes_.substr(0, bytes)) value = value * 256 + (each & 0xff);
    bytes_.remove_prefix(bytes);
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(value) << (64 - 8 * bytes)) >>
           (64 - 8 * bytes);
  }
  std::string text() {
    auto const size = number(2);
    if (size < 0) return {};
    std::string const text{bytes_.substr(0, static_cast<std::size_t>(size))};
    bytes_.remove_prefix(static_cast<std::size_t>(size));
    return text;
  }

 private:
  std::string_view bytes_;
};

}  // namespace kafka_frame

}  // namespace tram::testing
