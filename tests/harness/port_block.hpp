#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

namespace tram::testing {

inline sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

/// Four ports in a row that nobody listens on and no other block has, of any process. They are
/// below those that the system gives to connections, so that a server which is restarted finds them
/// free again.
class PortBlock {
 public:
  /// Searches from a place that depends on `seed`.
  explicit PortBlock(int seed = ::getpid()) {
    constexpr int lowest = 20'000;
    constexpr int span = 12'000;
    for (int i = 0; i < span && !take(lowest + (seed * 10 + i) % span); i += 10) {}
    if (first_ == 0) throw std::runtime_error{"no free ports"};
  }
  ~PortBlock() { ::close(name_); }
  PortBlock(PortBlock const&) = delete;
  PortBlock& operator=(PortBlock const&) = delete;

  [[nodiscard]] int first() const { return first_; }

 private:
  bool take(int port) {
    auto const name = claim(port);
    if (!name) return false;
    if (is_free(port) && is_free(port + 1) && is_free(port + 2) && is_free(port + 3)) {
      name_ = *name;
      first_ = port;
      return true;
    }
    ::close(*name);
    return false;
  }
  static int new_socket(int family) {
    int const made = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made < 0) throw std::runtime_error{"no socket"};
    return made;
  }
  /// A name that one socket of the machine can have, and that is free again when its process ends.
  static std::optional<int> claim(int port) {
    int const name = new_socket(AF_UNIX);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    auto const text = "tram-test-ports-" + std::to_string(port);
    // Behind a NUL, so that no file has it.
    std::ranges::copy(text, &address.sun_path[1]);
    auto const size = offsetof(sockaddr_un, sun_path) + 1 + text.size();
    if (::bind(name, reinterpret_cast<sockaddr const*>(&address), static_cast<socklen_t>(size)) ==
        0)
      return name;
    ::close(name);
    return std::nullopt;
  }
  static bool is_free(int port) {
    int const probe = new_socket(AF_INET);
    auto const address = loopback(port);
    bool const bound =
        ::bind(probe, reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0;
    ::close(probe);
    return bound;
  }

  int name_{-1};
  int first_{};
};

}  // namespace tram::testing
