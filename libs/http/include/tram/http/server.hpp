#pragma once

#include <cstdint>
#include <vector>

#include "tram/base/detail/memory.hpp"
#include "tram/base/log.hpp"
#include "tram/base/time.hpp"
#include "tram/http/message.hpp"
#include "tram/http/server_options.hpp"

#pragma GCC visibility push(default)

namespace tram::http {

/// A small HTTP/1.1 server, strict in what it reads. `GET` routes answer `HEAD` too. It answers
/// 404 to an unknown path, 405 to another method, and 400 to a path that is not text or contains
/// `.` or `..`. It answers 400 to an ambiguous request, which a proxy could read differently, and
/// closes the connection. A slow or silent client delays no other.
///
///     tram::http::Server const server{
///         {.port = 8080},
///         {{.method = "GET", .pattern = "/hello/{name}", .handler = hello}},
///         clock};
class Server final {
 public:
  /// Listens from now on. Throws: the errors of `check_routes`, rejected (an option is out of
  /// range, the address is malformed, or in use, or not permitted), transient (no threads or
  /// descriptors left). `clock` must outlive the server.
  Server(ServerOptions const& options, std::vector<Route> routes, Clock& clock, Logger logger = {});
  /// Stops listening, lets handlers end and closes all connections: waits `stop_timeout` at most,
  /// and for handlers that run longer.
  ~Server();
  Server(Server const&) = delete;
  Server& operator=(Server const&) = delete;

  /// Where it listens.
  [[nodiscard]] std::uint16_t port() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tram::http

#pragma GCC visibility pop
