#pragma once

#include <string>
#include <vector>

#include "program_process.hpp"

namespace tram::testing {

/// A running `tram-cdc`, with HTTP on a port of its own.
class CdcProcess : public ProgramProcess {
 public:
  explicit CdcProcess(std::vector<std::string> arguments,
                      std::vector<std::string> const& environment = {})
      : ProgramProcess{TRAM_CDC_PROGRAM, with_port(std::move(arguments)), environment} {}

  /// The answer to a GET, empty while nobody answers.
  [[nodiscard]] std::string get(std::string const& path) const {
    auto const port = number_logged("http_port");
    return port == 0 ? "" : http::ask(port, "GET " + path);
  }
  [[nodiscard]] bool answers(std::string const& path, int status) const {
    return get(path).starts_with("HTTP/1.1 " + std::to_string(status));
  }
  [[nodiscard]] bool ready() const { return answers("/health/ready", 200); }
  [[nodiscard]] bool not_ready_since(std::string const& part) const {
    auto const answer = get("/health/ready");
    return answer.starts_with("HTTP/1.1 503") && answer.find(part) != std::string::npos;
  }
  [[nodiscard]] bool has_metric(std::string const& line) const {
    return get("/metrics").find("\n" + line + "\n") != std::string::npos;
  }

 private:
  static std::vector<std::string> with_port(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--http-port", "0", "--http-address", "127.0.0.1"});
    return arguments;
  }
};

/// What became of a `tram-cdc` that was to end by itself.
struct CdcResult {
  int status;
  std::string output;
};
inline CdcResult run_cdc(std::vector<std::string> arguments,
                         std::vector<std::string> environment = {}) {
  ProgramProcess process{TRAM_CDC_PROGRAM, std::move(arguments), std::move(environment)};
  process.await_end();
  auto output = process.log();
  return {.status = process.wait(), .output = std::move(output)};
}

}  // namespace tram::testing
