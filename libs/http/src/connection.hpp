#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "request_reader.hpp"
#include "tram/base/time.hpp"

namespace tram::http {

/// One client's socket, which never blocks, and what it is at. Owns the descriptor.
class Connection {
 public:
  enum class Phase : std::uint8_t {
    reading,
    /// A handler has the request; nothing is read.
    handling,
    writing,
    /// All is said, and what the client still sends is thrown away for a while: closed at once, the
    /// answer could be lost with it.
    lingering,
    over,
  };

  Connection(int descriptor, std::string peer, RequestReader::Limits limits, SteadyTime now);
  ~Connection();
  Connection(Connection const&) = delete;
  Connection& operator=(Connection const&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] std::string const& peer() const { return peer_; }
  [[nodiscard]] Phase phase() const { return phase_; }
  /// When it was opened, a request began to come or an answer was sent, whichever was last.
  [[nodiscard]] SteadyTime since() const { return since_; }
  [[nodiscard]] SteadyTime opened() const { return opened_; }
  /// A request has come in part, or is not answered yet.
  [[nodiscard]] bool is_busy() const;
  /// What epoll should watch for.
  [[nodiscard]] std::uint32_t events() const;

  /// Reads what is there; `reader().state()` tells what came of it.
  void read(SteadyTime now);
  [[nodiscard]] RequestReader& reader() { return reader_; }
  void begin_handling() { phase_ = Phase::handling; }
  /// Sends an answer, as far as it can be sent now. With `last`, nothing is read afterwards.
  enum class Last : std::uint8_t { no, yes };
  void answer(std::string text, Last last, SteadyTime now);
  /// Sends on.
  void write(SteadyTime now);

 private:
  void finish(SteadyTime now);

  int descriptor_;
  std::string peer_;
  RequestReader reader_;
  SteadyTime opened_;
  SteadyTime since_;
  Phase phase_{Phase::reading};
  std::string out_;
  std::size_t sent_{};
  std::size_t thrown_away_{};
  bool last_{};
};

}  // namespace tram::http
