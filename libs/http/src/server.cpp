#include "tram/http/server.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

#include "exchange.hpp"
#include "listener.hpp"
#include "open_connections.hpp"
#include "tram/base/error.hpp"

#include <microhttpd.h>
#include <unistd.h>

namespace tram::http {
namespace {

using Daemon = std::unique_ptr<MHD_Daemon, void (*)(MHD_Daemon*)>;

int descriptor_of(MHD_Connection* connection) {
  return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

// Paths and queries are decoded after they were split, not before.
std::size_t leave_escaped(void*, MHD_Connection*, char* text) { return std::strlen(text); }

}  // namespace

struct Server::State {
  State(ServerOptions const& server_options, std::vector<Route> routes, Clock& server_clock,
        Logger server_logger)
      : options{server_options},
        clock{server_clock},
        logger{std::move(server_logger)},
        router{std::move(routes)},
        listener{options.address, options.port},
        connections{clock, options.request_timeout} {
    start();
    guard = std::jthread{[this](std::stop_token const& stop) {
      while (!stop.stop_requested()) {
        clock.pause(options.request_timeout / 8, stop);
        connections.shut_down_overdue();
      }
    }};
  }

  void start() {
    auto const threads = std::clamp(options.threads, 1U, options.connections_max);
    daemon = Daemon{
        MHD_start_daemon(
            MHD_USE_EPOLL_INTERNAL_THREAD, 0, nullptr, nullptr, &State::on_request, this,
            MHD_OPTION_LISTEN_SOCKET, listener.descriptor(), MHD_OPTION_CONNECTION_LIMIT,
            options.connections_max, MHD_OPTION_CONNECTION_MEMORY_LIMIT, options.header_bytes_max,
            MHD_OPTION_THREAD_POOL_SIZE, threads > 1 ? threads : 0U, MHD_OPTION_UNESCAPE_CALLBACK,
            &leave_escaped, nullptr, MHD_OPTION_NOTIFY_COMPLETED, &State::on_completed, this,
            MHD_OPTION_NOTIFY_CONNECTION, &State::on_connection, this, MHD_OPTION_EXTERNAL_LOGGER,
            &State::on_log, this, MHD_OPTION_END),
        MHD_stop_daemon};
    if (daemon) {
      listener.release();
      return;
    }
    throw Error{Fault::transient,
                std::string{"http: cannot start the server: "} + std::strerror(errno) +
                    "; raise the limits of threads and open files",
                errno};
  }

  ~State() {
    guard = {};
    if (int const descriptor = MHD_quiesce_daemon(daemon.get()); descriptor >= 0)
      ::close(descriptor);
    connections.wait_for_requests(options.stop_timeout);
  }

  static MHD_Result on_request(void* closure, MHD_Connection* connection, char const* path,
                               char const* method, char const* /*version*/, char const* bytes,
                               std::size_t* size, void** request) {
    try {
      return static_cast<State*>(closure)->go_on(connection, path, method, {bytes, *size}, *size,
                                                 *request);
    } catch (...) {   // C callback
      return MHD_NO;  // Out of memory: the connection is closed.
    }
  }

  /// Called with the headers, with each part of the body, and once more when all is there.
  MHD_Result go_on(MHD_Connection* connection, char const* path, char const* method,
                   std::string_view part, std::size_t& left, void*& request) {
    if (request == nullptr) {
      auto begun = std::make_unique<Exchange>(method, path, options.body_bytes_max);
      begun->read_headers(connection);
      connections.request_began();
      // Kept by the client library until the request is completed.
      auto const& exchange = *begun;
      request = begun.release();
      // Refused before the body is sent, where its size was announced.
      return exchange.too_large() ? exchange.refuse_body(connection) : MHD_YES;
    }
    auto& exchange = *static_cast<Exchange*>(request);
    if (part.empty()) return exchange.answer(connection, router, logger);
    exchange.read_body(part);
    left = 0;
    return MHD_YES;
  }

  static void on_completed(void* closure, MHD_Connection* connection, void** request,
                           MHD_RequestTerminationCode) {
    if (*request == nullptr) return;
    std::unique_ptr<Exchange> const exchange{static_cast<Exchange*>(*request)};
    *request = nullptr;
    static_cast<State*>(closure)->connections.request_ended(descriptor_of(connection));
  }

  static void on_connection(void* closure, MHD_Connection* connection, void**,
                            MHD_ConnectionNotificationCode code) {
    auto& self = *static_cast<State*>(closure);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) self.connections.opened(descriptor_of(connection));
    else self.connections.closed(descriptor_of(connection));
  }

  // Broken requests and connections that end early are somebody else's trouble.
  static void on_log(void* closure, char const* format, va_list arguments) {
    char line[256];
    std::vsnprintf(line, sizeof line, format, arguments);
    std::string_view text{line};
    while (text.ends_with('\n')) text.remove_suffix(1);
    static_cast<State*>(closure)->logger.debug("http.library", {{"what", text}});
  }

  ServerOptions options;
  Clock& clock;
  Logger logger;
  Router router;
  Listener listener;
  OpenConnections connections;
  Daemon daemon{nullptr, MHD_stop_daemon};
  std::jthread guard;
};

Server::Server(ServerOptions const& options, std::vector<Route> routes, Clock& clock, Logger logger)
    : state_{std::make_unique<State>(options, std::move(routes), clock, std::move(logger))} {}

Server::~Server() = default;

std::uint16_t Server::port() const { return state_->listener.port(); }

}  // namespace tram::http
