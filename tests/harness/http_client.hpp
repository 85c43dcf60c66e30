#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tram::http {

/// A client that sends whatever bytes it is told to, over IPv4 to this machine.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    timeval const patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    connected_ = socket_ >= 0 &&
                 ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~Client() { ::close(socket_); }
  Client(Client const&) = delete;
  Client& operator=(Client const&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }
  Client& send(std::string_view bytes) {
    while (!bytes.empty()) {
      auto const sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return *this;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return *this;
  }
  /// All bytes until the server closes.
  std::string rest() {
    std::string bytes;
    std::array<char, 4096> part{};
    for (;;) {
      auto const size = ::recv(socket_, part.data(), part.size(), 0);
      if (size < 0 && errno != ECONNRESET) throw std::runtime_error{"no answer within 20 s"};
      if (size <= 0) return bytes;
      bytes.append(part.data(), static_cast<std::size_t>(size));
    }
  }
  /// Bytes until `text` has come.
  std::string until(std::string_view text) {
    std::string bytes;
    while (bytes.find(text) == std::string::npos) {
      char byte{};
      if (::recv(socket_, &byte, 1, 0) <= 0) break;
      bytes += byte;
    }
    return bytes;
  }

 private:
  int socket_;
  bool connected_{};
};

/// One request on a connection of its own: the whole answer, empty where nobody listens.
inline std::string ask(std::uint16_t port, std::string const& first_line,
                       std::string const& headers = "", std::string const& body = "") {
  Client client{port};
  if (!client.connected()) return {};
  client.send(first_line + " HTTP/1.1\r\nHost: here\r\nConnection: close\r\n" + headers + "\r\n" +
              body);
  return client.rest();
}

}  // namespace tram::http
