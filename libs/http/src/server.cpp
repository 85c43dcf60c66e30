#include "tram/http/server.hpp"

#include <chrono>
#include <thread>
#include <utility>

#include "handler_threads.hpp"
#include "listener.hpp"
#include "router.hpp"
#include "server_loop.hpp"
#include "tram/base/error.hpp"
#include "tram/base/option_check.hpp"
#include "tram/base/wake_up.hpp"

namespace tram::http {

namespace {

ServerOptions const& checked(ServerOptions const& options) {
  constexpr unsigned threads_max{1024};
  require_number("http", "threads", options.threads, 1);
  require_number("http", "connections_max", options.connections_max, 1);
  require_time("http", "request_timeout", options.request_timeout, std::chrono::milliseconds{1});
  require_time("http", "stop_timeout", options.stop_timeout);
  if (options.threads <= threads_max) return options;
  throw Error{Fault::rejected, "http: option 'threads' is more than 1024; requests can wait"};
}

}  // namespace

struct Server::State {
  State(ServerOptions const& options, std::vector<Route> routes, Clock& clock, Logger server_logger)
      : logger{std::move(server_logger)},
        router{std::move(routes)},
        listener{checked(options).address, options.port},
        handlers{{.threads = options.threads, .jobs_max = options.connections_max},
                 router,
                 logger,
                 news},
        loop{options, listener, handlers, news, clock},
        thread{[this](std::stop_token const& stop) { loop.run(stop); }} {}

  Logger logger;
  Router router;
  Listener listener;
  WakeUp news{"http"};
  // Waits for handlers that run.
  HandlerThreads handlers;
  ServerLoop loop;
  std::jthread thread;
};

Server::Server(ServerOptions const& options, std::vector<Route> routes, Clock& clock, Logger logger)
    : state_{std::make_unique<State>(options, std::move(routes), clock, std::move(logger))} {}

Server::~Server() = default;

std::uint16_t Server::port() const { return state_->listener.port(); }

}  // namespace tram::http
