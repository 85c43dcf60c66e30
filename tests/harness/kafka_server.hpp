#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tram/base/clock.hpp"
#include "tram/base/deadline.hpp"

namespace tram::testing {

/// A private Apache Kafka in a temporary folder on a free port, killed when this process ends,
/// however it ends. For the thread that made it.
class KafkaServer {
 public:
  /// Lines for server.properties, for the port and the folder that this server got. Two ports above
  /// are free for further listeners, from `port + 2` on.
  using Properties = std::function<std::vector<std::string>(int port, std::string const& folder)>;

  explicit KafkaServer(Properties const& properties = {}) {
    char folder[] = "/tmp/tram-kafka-XXXXXX";
    if (::mkdtemp(folder) == nullptr) throw std::runtime_error{"no temporary folder"};
    folder_ = folder;
    port_ = free_port();
    if (properties) properties_ = properties(port_, folder_);
    start();
  }
  ~KafkaServer() {
    kill();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  KafkaServer(KafkaServer const&) = delete;
  KafkaServer& operator=(KafkaServer const&) = delete;

  [[nodiscard]] std::string servers() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] pid_t process() const { return process_; }
  /// Where its topics are, a folder for each partition.
  [[nodiscard]] std::string data_folder() const { return folder_ + "/data"; }

  /// Returns when it listens.
  void start() {
    launch();
    SystemClock clock;
    auto const deadline = Deadline::after(clock, std::chrono::seconds{60});
    while (!listens()) {
      if (::waitpid(process_, nullptr, WNOHANG) != 0) {
        process_ = 0;
        throw std::runtime_error{"kafka ended at once: " + log()};
      }
      if (deadline.reached(clock)) throw std::runtime_error{"kafka does not listen: " + log()};
      clock.pause(std::chrono::milliseconds{20});
    }
  }
  /// As a crash: whatever was acknowledged is there after the next start.
  void kill() {
    if (process_ == 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
  }
  /// It answers nobody, though connections stay open, until `thaw`.
  void freeze() const { ::kill(process_, SIGSTOP); }
  void thaw() const { ::kill(process_, SIGCONT); }
  [[nodiscard]] std::string log() const {
    std::ifstream in{folder_ + "/log"};
    return {std::istreambuf_iterator<char>{in}, {}};
  }

 private:
  void launch() {
    std::vector<std::string> words{TRAM_KAFKA_LOCAL, "run", folder_, std::to_string(port_)};
    words.insert(words.end(), properties_.begin(), properties_.end());
    std::string const log_file = folder_ + "/log";
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    process_ = ::fork();
    if (process_ < 0) throw std::runtime_error{"no process for kafka"};
    if (process_ > 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (std::freopen(log_file.c_str(), "a", stdout) == nullptr) ::_exit(126);
    ::dup2(1, 2);
    ::execv(arguments.front(), arguments.data());
    ::_exit(127);
  }
  [[nodiscard]] bool listens() const {
    int const probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto const address = loopback(port_);
    bool const connected =
        ::connect(probe, reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0;
    ::close(probe);
    return connected;
  }
  static sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
  }
  static bool is_free(int port) {
    int const probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto const address = loopback(port);
    bool const bound =
        ::bind(probe, reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0;
    ::close(probe);
    return bound;
  }
  /// With the next three free as well, and below those that the system gives to connections: a
  /// restarted server finds it free again.
  static int free_port() {
    constexpr int lowest = 20'000;
    constexpr int span = 12'000;
    for (int i = 0; i < span; i += 10) {
      int const port = lowest + (::getpid() * 10 + i) % span;
      if (is_free(port) && is_free(port + 1) && is_free(port + 2) && is_free(port + 3)) return port;
    }
    throw std::runtime_error{"no free port for kafka"};
  }

  std::vector<std::string> properties_;
  std::string folder_;
  int port_{};
  pid_t process_{};
};

}  // namespace tram::testing
