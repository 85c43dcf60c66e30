#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>

#include "answer_text.hpp"
#include "connection.hpp"
#include "handler_threads.hpp"
#include "listener.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/deadline.hpp"
#include "tram/base/log.hpp"
#include "tram/base/time.hpp"
#include "tram/base/wake_up.hpp"
#include "tram/http/server_options.hpp"

namespace tram::http {

/// All sockets in one thread that waits for nothing but them: a client that is slow, silent or not
/// alone costs only itself. When all places are taken, a new client gets the place of the one that
/// has done nothing for longest, among those of the address that has most. A request that waits for
/// a handler counts as nothing done; a place that was taken only just now is not given away.
class ServerLoop {
 public:
  /// All but the options outlive this. `news` is raised when handlers have answered.
  ServerLoop(ServerOptions const& options, Listener& listener, HandlerThreads& handlers,
             WakeUp& news, Clock& clock);
  ~ServerLoop();
  ServerLoop(ServerLoop const&) = delete;
  ServerLoop& operator=(ServerLoop const&) = delete;

  /// Until the stop; then requests that have begun may end, for `stop_timeout` at most.
  void run(std::stop_token const& stop);

 private:
  using Connections = std::map<std::uint64_t, std::unique_ptr<Connection>>;

  void look(Duration patience);
  void serve(std::uint64_t id, std::uint32_t events);
  void accept_all();
  void accept_one(int descriptor, std::string peer);
  [[nodiscard]] bool is_full() const { return connections_.size() >= options_.connections_max; }
  /// Who goes when somebody comes and all places are taken; nobody while all have only just come.
  [[nodiscard]] Connections::iterator victim(SteadyTime came_before);
  void give_up(Connections::iterator victim);
  void rest(Duration pause);
  /// Of a connection that goes: its request, too.
  void forget_request(std::uint64_t id);
  void go_on(std::uint64_t id, Connection& connection);
  void submit(std::uint64_t id, Connection& connection);
  void answer_all();
  void answer(std::uint64_t id, Response const& response);
  void refuse(Connection& connection);
  [[nodiscard]] std::string text_of(Response const& response, AnswerOptions const& options) const;
  void drain();
  void close_overdue();
  void close_idle();
  /// Removes it when it is over, else watches for what it wants now.
  void settle(std::uint64_t id);
  void watch(int operation, int descriptor, std::uint64_t id, std::uint32_t events);
  void listen(bool wanted);
  void listen_again();
  /// How long to wait for events, at most.
  [[nodiscard]] Duration patience() const;

  struct Asked {
    bool with_body{true};
    bool keeps_connection{true};
  };

  ServerOptions options_;
  Listener& listener_;
  HandlerThreads& handlers_;
  WakeUp& news_;
  Clock& clock_;
  int epoll_;
  bool listens_{};
  /// When not listening.
  SteadyTime listen_again_at_{};
  bool stops_{};
  std::uint64_t last_id_{1};
  Connections connections_;
  /// Of requests that handlers have.
  std::map<std::uint64_t, Asked> asked_;
};

}  // namespace tram::http
