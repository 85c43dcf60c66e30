#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <stdexcept>

namespace tram::testing {

/// Both ends of a client's way to its server. Whoever takes it closes it.
struct ProxiedSockets {
  int client{-1};
  int server{-1};
};

/// Listens on a free port of this machine, in front of a server on another one.
class ProxyListener {
 public:
  explicit ProxyListener(int server_port) : server_port_{server_port} {
    auto address = local(0);
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(socket_, 64) != 0) {
      throw std::runtime_error{"the proxy cannot listen"};
    }
    socklen_t length = sizeof address;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
  }
  ~ProxyListener() { ::close(socket_); }
  ProxyListener(ProxyListener const&) = delete;
  ProxyListener& operator=(ProxyListener const&) = delete;

  [[nodiscard]] int port() const { return port_; }
  /// Readable when a client waits.
  [[nodiscard]] int descriptor() const { return socket_; }
  /// Nothing when the server takes no connection; the client's is closed then.
  [[nodiscard]] std::optional<ProxiedSockets> accept() const {
    ProxiedSockets const sockets{.client = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC),
                                 .server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    auto address = local(server_port_);
    if (::connect(sockets.server, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      ::close(sockets.client);
      ::close(sockets.server);
      return std::nullopt;
    }
    int const on = 1;
    ::setsockopt(sockets.client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(sockets.server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return sockets;
  }

 private:
  static sockaddr_in local(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
  }

  int server_port_;
  int socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  int port_{};
};

}  // namespace tram::testing
