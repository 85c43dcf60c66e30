#include "server_loop.hpp"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <iterator>
#include <tuple>
#include <utility>
#include <vector>

#include "tram/base/error.hpp"

namespace tram::http {
namespace {

using namespace std::chrono_literals;

// What epoll calls the two descriptors that are no connections.
constexpr std::uint64_t id_of_listener{0};
constexpr std::uint64_t id_of_news{1};
constexpr Duration linger_max{1s};
/// How long not to accept when the process has no descriptors left.
constexpr Duration descriptors_delay{100ms};
constexpr std::size_t events_max{64};
/// Few, so that those who have come are read before others take their places.
constexpr int accepted_at_once_max{16};
/// So long a new client keeps its place whoever comes, and so long those who come then wait.
constexpr Duration place_kept{20ms};
constexpr Duration places_delay{5ms};

std::string peer_of(sockaddr_storage const& address) {
  if (address.ss_family == AF_INET) {
    auto const& of = reinterpret_cast<sockaddr_in const&>(address);
    return {reinterpret_cast<char const*>(&of.sin_addr), sizeof of.sin_addr};
  }
  auto const& of = reinterpret_cast<sockaddr_in6 const&>(address);
  return {reinterpret_cast<char const*>(&of.sin6_addr), sizeof of.sin6_addr};
}

bool is_handled(Connection const& connection) {
  return connection.phase() == Connection::Phase::handling;
}

int in_milliseconds(Duration duration) {
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(duration).count());
}

}  // namespace

ServerLoop::ServerLoop(ServerOptions const& options, Listener& listener, HandlerThreads& handlers,
                       WakeUp& news, Clock& clock)
    : options_{options},
      listener_{listener},
      handlers_{handlers},
      news_{news},
      clock_{clock},
      epoll_{::epoll_create1(EPOLL_CLOEXEC)} {
  if (epoll_ < 0) {
    throw Error{Fault::transient,
                std::string{"http: cannot start the server: "} + std::strerror(errno) +
                    "; raise the limit of open files",
                errno};
  }
  watch(EPOLL_CTL_ADD, news_.descriptor(), id_of_news, EPOLLIN);
  watch(EPOLL_CTL_ADD, listener_.descriptor(), id_of_listener, 0);
  listen(true);
}

ServerLoop::~ServerLoop() { ::close(epoll_); }

void ServerLoop::run(std::stop_token const& stop) {
  std::stop_callback const tell{stop, [this] { news_.raise(); }};
  while (!stop.stop_requested()) {
    look(patience());
    close_overdue();
    listen_again();
  }
  drain();
}

void ServerLoop::look(Duration patience) {
  std::array<epoll_event, events_max> events{};
  auto const count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                                  in_milliseconds(patience));
  for (int at = 0; at < count; ++at) {
    auto const& event = events.at(static_cast<std::size_t>(at));
    if (event.data.u64 == id_of_listener) accept_all();
    else if (event.data.u64 == id_of_news) news_.lower();
    else serve(event.data.u64, event.events);
  }
  answer_all();
}

void ServerLoop::serve(std::uint64_t id, std::uint32_t events) {
  auto const found = connections_.find(id);
  if (found == connections_.end()) return;
  auto& connection = *found->second;
  bool const is_gone = (events & (EPOLLERR | EPOLLHUP)) != 0U;
  if (is_gone && (events & EPOLLIN) == 0U) {
    forget_request(id);
    connections_.erase(found);
    return;
  }
  if (connection.phase() == Connection::Phase::writing) connection.write(clock_.steady());
  else connection.read(clock_.steady());
  go_on(id, connection);
}

void ServerLoop::accept_all() {
  for (int count = 0; count < accepted_at_once_max; ++count) {
    auto const goes = is_full() ? victim(clock_.steady() - place_kept) : connections_.end();
    if (is_full() && goes == connections_.end()) return rest(places_delay);
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    int const descriptor = ::accept4(listener_.descriptor(), reinterpret_cast<sockaddr*>(&address),
                                     &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor >= 0) {
      if (goes != connections_.end()) give_up(goes);
      accept_one(descriptor, peer_of(address));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      // Others of the process need descriptors, too.
      if (!connections_.empty()) give_up(victim(SteadyTime::max()));
      return rest(descriptors_delay);
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;
    }
  }
}

void ServerLoop::accept_one(int descriptor, std::string peer) {
  auto const id = ++last_id_;
  connections_.emplace(id, std::make_unique<Connection>(
                               descriptor, std::move(peer),
                               RequestReader::Limits{.header_bytes_max = options_.header_bytes_max,
                                                     .body_bytes_max = options_.body_bytes_max},
                               clock_.steady()));
  watch(EPOLL_CTL_ADD, descriptor, id, EPOLLIN);
  // Mostly the request came along.
  serve(id, EPOLLIN);
}

/// Those that a handler works for go last.
ServerLoop::Connections::iterator ServerLoop::victim(SteadyTime came_before) {
  auto const waiting = handlers_.waiting();
  auto const is_served = [&](Connections::value_type const& one) {
    return is_handled(*one.second) && !waiting.contains(one.first);
  };
  std::map<std::string, std::int64_t> counts;
  for (auto const& one : connections_) {
    if (!is_served(one)) ++counts[one.second->peer()];
  }
  auto const rank = [&](Connections::value_type const& one) {
    auto const count = is_served(one) ? 0 : counts[one.second->peer()];
    return std::tuple{one.second->opened() > came_before, -count, one.second->since()};
  };
  auto const first = std::ranges::min_element(connections_, {}, rank);
  bool const all_came_just_now = first == connections_.end() || std::get<0>(rank(*first));
  return all_came_just_now ? connections_.end() : first;
}

void ServerLoop::give_up(Connections::iterator victim) {
  forget_request(victim->first);
  connections_.erase(victim);
}

/// Who waits to be accepted would wake at once.
void ServerLoop::rest(Duration pause) {
  listen_again_at_ = clock_.steady() + pause;
  listen(false);
}

void ServerLoop::forget_request(std::uint64_t id) {
  if (asked_.erase(id) > 0) handlers_.cancel(id);
}

/// Does what can be done with what was read or written.
void ServerLoop::go_on(std::uint64_t id, Connection& connection) {
  if (connection.phase() == Connection::Phase::reading) {
    switch (connection.reader().state()) {
      case RequestReader::State::reading: break;
      case RequestReader::State::complete: submit(id, connection); break;
      case RequestReader::State::refused: refuse(connection); break;
    }
  }
  settle(id);
}

void ServerLoop::submit(std::uint64_t id, Connection& connection) {
  auto head = connection.reader().take();
  asked_[id] = {.with_body = head.request.method != "HEAD",
                .keeps_connection = head.keeps_connection};
  connection.begin_handling();
  handlers_.submit({.connection = id, .head = std::move(head)});
}

void ServerLoop::refuse(Connection& connection) {
  auto const& refusal = connection.reader().refusal();
  connection.answer(text_of({.status = refusal.status, .body = refusal.why + "\n"},
                            {.afterwards = Afterwards::close}),
                    Connection::Last::yes, clock_.steady());
}

void ServerLoop::answer_all() {
  for (auto const& [id, response] : handlers_.take_answers()) answer(id, response);
}

/// The client may be gone by now.
void ServerLoop::answer(std::uint64_t id, Response const& response) {
  auto const found = connections_.find(id);
  auto const asked = asked_.extract(id);
  if (found == connections_.end() || asked.empty()) return;
  bool const keeps = asked.mapped().keeps_connection && !stops_;
  auto& connection = *found->second;
  connection.answer(text_of(response, {.afterwards = keeps ? Afterwards::keep : Afterwards::close,
                                       .with_body = asked.mapped().with_body}),
                    keeps ? Connection::Last::no : Connection::Last::yes, clock_.steady());
  go_on(id, connection);
}

std::string ServerLoop::text_of(Response const& response, AnswerOptions const& options) const {
  try {
    return answer_text(response, options, clock_.wall());
  } catch (Error const& error) {
    return answer_text({.status = 500, .body = error.what() + std::string{"\n"}}, options,
                       clock_.wall());
  }
}

void ServerLoop::drain() {
  stops_ = true;
  listens_ = false;
  listener_.close();
  auto const deadline = Deadline::after(clock_, options_.stop_timeout);
  close_idle();
  while (!connections_.empty() && !deadline.reached(clock_)) {
    look(std::min<Duration>(deadline.remaining(clock_), 100ms));
    close_idle();
  }
  for (auto const& one : connections_) forget_request(one.first);
  connections_.clear();
}

void ServerLoop::close_overdue() {
  auto const now = clock_.steady();
  std::erase_if(connections_, [&](auto const& one) {
    bool const lingers = one.second->phase() == Connection::Phase::lingering;
    auto const patience =
        lingers ? std::min(linger_max, options_.request_timeout) : options_.request_timeout;
    if (now - one.second->since() <= patience) return false;
    forget_request(one.first);
    return true;
  });
}

void ServerLoop::close_idle() {
  std::erase_if(connections_, [](auto const& one) { return !one.second->is_busy(); });
}

void ServerLoop::settle(std::uint64_t id) {
  auto const found = connections_.find(id);
  if (found->second->phase() == Connection::Phase::over) connections_.erase(found);
  else watch(EPOLL_CTL_MOD, found->second->descriptor(), id, found->second->events());
}

void ServerLoop::watch(int operation, int descriptor, std::uint64_t id, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  ::epoll_ctl(epoll_, operation, descriptor, &event);
}

void ServerLoop::listen(bool wanted) {
  if (wanted == listens_) return;
  watch(EPOLL_CTL_MOD, listener_.descriptor(), id_of_listener, wanted ? EPOLLIN : 0U);
  listens_ = wanted;
}

void ServerLoop::listen_again() {
  if (!listens_ && clock_.steady() >= listen_again_at_) listen(true);
}

Duration ServerLoop::patience() const {
  auto const usual = std::clamp<Duration>(options_.request_timeout / 8, 10ms, 1s);
  if (listens_) return usual;
  return std::clamp<Duration>(listen_again_at_ - clock_.steady(), 0ms, usual);
}

}  // namespace tram::http
