#pragma once

#include <cstdint>
#include <string>

namespace tram::http {

/// A socket that listens.
class Listener {
 public:
  /// Faults: rejected (no such address, taken, not allowed), transient.
  Listener(std::string const& address, std::uint16_t port);
  ~Listener();
  Listener(Listener const&) = delete;
  Listener& operator=(Listener const&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] int descriptor() const { return descriptor_; }
  void close();

 private:
  [[noreturn]] void fail(char const* operation, char const* remedy) const;

  std::string name_;
  int descriptor_{-1};
  std::uint16_t port_{};
};

}  // namespace tram::http
