#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
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

#include "port_block.hpp"
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

  explicit KafkaServer(Properties const& properties = {}) : KafkaServer{0, properties} {}
  /// One whose properties have it listen at so many further ports.
  KafkaServer(int further_listeners, Properties const& properties)
      : further_listeners_{further_listeners} {
    char folder[] = "/tmp/tram-kafka-XXXXXX";
    if (::mkdtemp(folder) == nullptr) throw std::runtime_error{"no temporary folder"};
    folder_ = folder;
    if (properties) properties_ = properties(port(), folder_);
    start();
  }
  ~KafkaServer() {
    kill();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  KafkaServer(KafkaServer const&) = delete;
  KafkaServer& operator=(KafkaServer const&) = delete;

  [[nodiscard]] std::string servers() const { return "127.0.0.1:" + std::to_string(port()); }
  [[nodiscard]] int port() const { return ports_.first(); }
  [[nodiscard]] pid_t process() const { return process_; }
  /// Where its topics are, a folder for each partition.
  [[nodiscard]] std::string data_folder() const { return folder_ + "/data"; }

  /// Returns when it listens everywhere.
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
    std::vector<std::string> words{TRAM_KAFKA_LOCAL, "run", folder_, std::to_string(port())};
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
    bool all = listens(port());
    for (int i = 0; all && i < further_listeners_; ++i) all = listens(port() + 2 + i);
    return all;
  }
  static bool listens(int port) {
    int const probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto const address = loopback(port);
    bool const connected =
        ::connect(probe, reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0;
    ::close(probe);
    return connected;
  }

  int further_listeners_;
  std::vector<std::string> properties_;
  std::string folder_;
  PortBlock ports_{};
  pid_t process_{};
};

}  // namespace tram::testing
