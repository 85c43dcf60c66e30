#include "tram/service/stop_signals.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <future>
#include <system_error>
#include <thread>
#include <utility>

#include "tram/base/error.hpp"
#include "tram/service/exit_status.hpp"

namespace tram {
namespace {

constexpr std::chrono::milliseconds log_patience{500};

int take_signals() {
  sigset_t wanted{};
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGTERM);
  sigaddset(&wanted, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
  return ::signalfd(-1, &wanted, SFD_CLOEXEC);
}

/// Has the reason logged by another thread, and does not wait for a log that takes nothing.
[[noreturn]] void leave(int status, std::function<void()> say) {
  try {
    std::promise<void> said;
    auto const end = said.get_future();
    std::thread{[say = std::move(say), said = std::move(said)]() mutable {
      say();
      said.set_value();
    }}.detach();
    end.wait_for(log_patience);
  } catch (std::system_error const&) {
    // No further thread: then without a word.
  }
  std::_Exit(status);
}

}  // namespace

StopSignals::StopSignals(Logger logger, std::optional<Duration> stop_timeout, Duration echo)
    : stop_timeout_{stop_timeout},
      echo_{echo},
      logger_{std::move(logger)},
      signals_{take_signals()},
      ended_{::eventfd(0, EFD_CLOEXEC)} {
  if (signals_ < 0 || ended_ < 0) {
    throw Error{Fault::transient, std::string{"cannot take signals: "} + std::strerror(errno) +
                                      "; raise the limit of open files"};
  }
  thread_ = std::jthread{[this] { watch(); }};
}

StopSignals::~StopSignals() {
  ::eventfd_write(ended_, 1);
  thread_ = {};
  ::close(signals_);
  ::close(ended_);
}

void StopSignals::watch() {
  int const first = next_signal(std::nullopt);
  if (first == 0) return;
  source_.request_stop();
  logger_.info("process.stopping", {{"signal", first}});
  int const second = second_signal(first);
  if (second == 0) return;
  leave(128 + second, [logger = logger_, second] {
    logger.warning("process.stopped_at_once", {{"signal", second}});
  });
}

int StopSignals::second_signal(int first) {
  auto const began = clock_.steady();
  for (;;) {
    auto const since = clock_.steady() - began;
    auto const left =
        stop_timeout_ ? std::optional{std::max(*stop_timeout_ - since, Duration{})} : std::nullopt;
    int const next = next_signal(left);
    if (next != first || clock_.steady() - began >= echo_) return next;
    logger_.debug("process.signal_repeated", {{"signal", next}});
  }
}

int StopSignals::next_signal(std::optional<Duration> timeout) {
  std::array<pollfd, 2> descriptors{{{.fd = signals_, .events = POLLIN, .revents = 0},
                                     {.fd = ended_, .events = POLLIN, .revents = 0}}};
  auto const milliseconds =
      timeout ? std::chrono::duration_cast<std::chrono::milliseconds>(*timeout).count() : -1;
  int ready{};
  do ready = ::poll(descriptors.data(), descriptors.size(), static_cast<int>(milliseconds));
  while (ready < 0 && errno == EINTR);
  if (ready == 0) {
    leave(exit_stop_timed_out, [logger = logger_, milliseconds] {
      logger.error("process.stop_timed_out", {{"after_ms", milliseconds}});
    });
  }
  if (descriptors[1].revents != 0) return 0;
  signalfd_siginfo signal{};
  if (::read(signals_, &signal, sizeof signal) != sizeof signal) return 0;
  return static_cast<int>(signal.ssi_signo);
}

}  // namespace tram
