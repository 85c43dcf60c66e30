#pragma once

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "proxy_listener.hpp"

namespace tram::testing {

/// Stands between a client and a server on this machine. Counts how often the client waited for the
/// server, withholds what one side says, and cuts connections, also in the middle of a packet.
class TcpProxy {
 public:
  explicit TcpProxy(int server_port) : listener_{server_port} {
    thread_ = std::jthread{[this](std::stop_token const& stop) { run(stop); }};
  }
  ~TcpProxy() {
    thread_.request_stop();
    thread_.join();
    for (auto& pair : pairs_) close(pair);
  }
  TcpProxy(TcpProxy const&) = delete;
  TcpProxy& operator=(TcpProxy const&) = delete;

  [[nodiscard]] int port() const { return listener_.port(); }
  /// How often the client spoke after the server had: the round trips.
  [[nodiscard]] int round_trips() const { return round_trips_; }
  void withhold_answers(std::uint8_t on) {
    requests_unanswered_ = 0;
    withhold_answers_ = on;
    take_effect();
  }
  void withhold_requests(std::uint8_t on) {
    withhold_requests_ = on;
    take_effect();
  }
  /// Waits until the client has sent something that is withheld, or whose answer is.
  void await_request() {
    while (requests_waiting_ == 0 && requests_unanswered_ == 0) std::this_thread::yield();
  }
  /// Lets this many more bytes of answers through, in total, and then cuts the connection that they
  /// are for.
  void cut_after(std::int64_t answer_bytes) { answer_bytes_left_ = answer_bytes; }
  /// Cuts every connection on both sides.
  void cut() {
    cut_ = true;
    while (cut_) std::this_thread::yield();
  }
  /// Cuts the client's side only: the server goes on believing in its client.
  void cut_client() {
    cut_client_ = true;
    while (cut_client_) std::this_thread::yield();
  }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  struct Pair {
    int client;
    int server;
    bool server_spoke{};
  };

  // Until the loop has looked at its orders again.
  void take_effect() {
    auto const end = turns_ + 2;
    while (turns_ < end) std::this_thread::yield();
  }
  static void close(Pair& pair) {
    if (pair.client >= 0) ::close(std::exchange(pair.client, -1));
    if (pair.server >= 0) ::close(std::exchange(pair.server, -1));
  }

  void run(std::stop_token const& stop) {
    while (!stop.stop_requested()) {
      ++turns_;
      if (cut_) {
        for (auto& pair : pairs_) close(pair);
        cut_ = false;
      }
      if (cut_client_) {
        for (auto& pair : pairs_) {
          if (pair.client >= 0) ::close(std::exchange(pair.client, -1));
        }
        cut_client_ = false;
      }
      requests_waiting_ = count_waiting_requests();
      std::vector<pollfd> waiting{{.fd = listener_.descriptor(), .events = POLLIN, .revents = 0}};
      for (auto const& pair : pairs_) {
        waiting.push_back(
            {.fd = withhold_requests_ != 0 ? -1 : pair.client, .events = POLLIN, .revents = 0});
        waiting.push_back({.fd = withhold_answers_ != 0 || pair.client < 0 ? -1 : pair.server,
                           .events = POLLIN,
                           .revents = 0});
      }
      if (::poll(waiting.data(), waiting.size(), 2) <= 0) continue;
      std::size_t at = 1;
      for (auto& pair : pairs_) {
        if (waiting[at].revents != 0) request(pair);
        if (waiting[at + 1].revents != 0) answer(pair);
        at += 2;
      }
      if (waiting[0].revents != 0) accept();
    }
  }

  int count_waiting_requests() {
    int sum = 0;
    for (auto const& pair : pairs_) {
      int bytes = 0;
      if (pair.client >= 0 && ::ioctl(pair.client, FIONREAD, &bytes) == 0) sum += bytes;
    }
    return sum;
  }

  void accept() {
    auto const sockets = listener_.accept();
    if (!sockets) return;
    pairs_.push_back({.client = sockets->client, .server = sockets->server});
    ++connections_;
  }

  void request(Pair& pair) {
    if (std::exchange(pair.server_spoke, false)) ++round_trips_;
    if (withhold_answers_ != 0) ++requests_unanswered_;
    if (!pass(pair.client, pair.server, buffer_.size())) close(pair);
  }

  void answer(Pair& pair) {
    pair.server_spoke = true;
    auto const left = answer_bytes_left_.load();
    auto const most = left < 0
                          ? buffer_.size()
                          : std::min<std::size_t>(buffer_.size(), static_cast<std::size_t>(left));
    auto const before = passed_;
    bool const open = most > 0 && pass(pair.server, pair.client, most);
    if (left >= 0) answer_bytes_left_ = left - static_cast<std::int64_t>(passed_ - before);
    if (open && answer_bytes_left_ != 0) return;
    if (answer_bytes_left_ == 0) answer_bytes_left_ = -1;
    close(pair);
  }

  bool pass(int from, int to, std::size_t most) {
    auto const length = ::recv(from, buffer_.data(), most, 0);
    if (length <= 0) return false;
    passed_ += static_cast<std::uint64_t>(length);
    for (ssize_t sent = 0; sent < length;) {
      auto const now =
          ::send(to, buffer_.data() + sent, static_cast<std::size_t>(length - sent), MSG_NOSIGNAL);
      if (now <= 0) return false;
      sent += now;
    }
    return true;
  }

  ProxyListener listener_;
  std::list<Pair> pairs_;
  std::array<char, 65536> buffer_{};
  std::uint64_t passed_{};
  std::atomic<std::uint64_t> turns_{};
  std::atomic<int> round_trips_{};
  std::atomic<int> connections_{};
  std::atomic<int> requests_waiting_{};
  std::atomic<std::uint8_t> withhold_answers_{};
  std::atomic<std::uint8_t> withhold_requests_{};
  /// Since answers are withheld.
  std::atomic<std::uint64_t> requests_unanswered_{};
  std::atomic<std::int64_t> answer_bytes_left_{-1};
  std::atomic<bool> cut_{};
  std::atomic<bool> cut_client_{};
  std::jthread thread_;
};

}  // namespace tram::testing
