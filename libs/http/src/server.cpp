#include "tram/http/server.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "handler_threads.hpp"
#include "listener.hpp"
#include "router.hpp"
#include "server_loop.hpp"
#include "tram/base/wake_up.hpp"

namespace tram::http {

struct Server::State {
  State(ServerOptions const& options, std::vector<Route> routes, Clock& clock, Logger server_logger)
      : logger{std::move(server_logger)},
        router{std::move(routes)},
        listener{options.address, options.port},
        handlers{{.threads = std::max(options.threads, 1U),
                  .jobs_max = std::max(options.connections_max, 1U)},
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
