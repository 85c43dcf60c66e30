#include "connection.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace tram::http {
namespace {

constexpr std::size_t read_bytes{std::size_t{16} << 10U};
constexpr std::size_t thrown_away_max{std::size_t{1} << 20U};
constexpr std::string_view go_on{"HTTP/1.1 100 Continue\r\n\r\n"};

bool is_later(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

Connection::Connection(int descriptor, std::string peer, RequestReader::Limits limits,
                       SteadyTime now)
    : descriptor_{descriptor}, peer_{std::move(peer)}, reader_{limits}, opened_{now}, since_{now} {}

Connection::~Connection() { ::close(descriptor_); }

bool Connection::is_busy() const {
  return phase_ == Phase::handling || phase_ == Phase::writing ||
         (phase_ == Phase::reading && reader_.has_begun());
}

std::uint32_t Connection::events() const {
  switch (phase_) {
    case Phase::reading:
    case Phase::lingering: return EPOLLIN;
    case Phase::writing: return EPOLLOUT;
    case Phase::handling:
    case Phase::over: break;
  }
  return 0;
}

void Connection::read(SteadyTime now) {
  std::array<char, read_bytes> bytes;  // NOLINT: filled by the call
  auto const size = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
  if (size < 0 && is_later(errno)) return;
  if (size <= 0) {
    phase_ = Phase::over;
    return;
  }
  auto const count = static_cast<std::size_t>(size);
  if (phase_ == Phase::lingering) {
    thrown_away_ += count;
    if (thrown_away_ > thrown_away_max) phase_ = Phase::over;
    return;
  }
  if (!reader_.has_begun()) since_ = now;
  auto const state = reader_.feed({bytes.data(), count});
  // A few bytes into an empty buffer: when they do not fit, nobody waits for them.
  if (reader_.take_wish_to_continue() && state == RequestReader::State::reading)
    ::send(descriptor_, go_on.data(), go_on.size(), MSG_NOSIGNAL);
}

void Connection::answer(std::string text, Last last, SteadyTime now) {
  out_ = std::move(text);
  sent_ = 0;
  last_ = last == Last::yes;
  phase_ = Phase::writing;
  write(now);
}

void Connection::write(SteadyTime now) {
  while (sent_ < out_.size()) {
    auto const size = ::send(descriptor_, out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && is_later(errno)) return;
    if (size < 0) {
      phase_ = Phase::over;
      return;
    }
    sent_ += static_cast<std::size_t>(size);
  }
  finish(now);
}

void Connection::finish(SteadyTime now) {
  out_ = {};
  since_ = now;
  phase_ = last_ ? Phase::lingering : Phase::reading;
  if (last_) ::shutdown(descriptor_, SHUT_WR);
}

}  // namespace tram::http
