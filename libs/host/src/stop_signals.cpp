#include "tram/host/stop_signals.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
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
#include "tram/host/exit_status.hpp"

namespace tram {
namespace {

constexpr std::chrono::milliseconds log_patience{500};

constexpr std::array<int, 2> taken_signals{SIGTERM, SIGINT};

/// What the handler of signals uses; it may neither wait nor allocate.
struct Reporting {
  std::atomic<pid_t> owner{0};
  /// Where the number of each signal is written.
  std::atomic<int> descriptor{-1};
};
constinit Reporting reporting;
static_assert(std::atomic<int>::is_always_lock_free);

/// In a child that was forked, and did not become another program, the signal does what it does
/// where nobody takes it: the descriptor is the parent's, whose stop is none of the child's.
void report(int signal) {
  int const trouble = errno;
  if (::getpid() == reporting.owner) {
    auto const number = static_cast<unsigned char>(signal);
    // A full pipe has told of enough of them.
    [[maybe_unused]] auto const written = ::write(reporting.descriptor, &number, 1);
  } else {
    ::signal(signal, SIG_DFL);
    ::raise(signal);
  }
  errno = trouble;
}

/// Handlers are not passed on to other programs, as a mask of blocked signals would be.
void handle_signals(void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigset_t ours{};
  ::sigemptyset(&ours);
  for (int const signal : taken_signals) ::sigaddset(&ours, signal);
  action.sa_mask = ours;
  for (int const signal : taken_signals) ::sigaction(signal, &action, nullptr);
  // Whoever started this process may have blocked them.
  ::pthread_sigmask(SIG_UNBLOCK, &ours, nullptr);
}

/// The end that the signals are read from.
int take_signals() {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return -1;
  reporting.descriptor = ends[1];
  reporting.owner = ::getpid();
  handle_signals(report);
  return ends[0];
}

void leave_signals() {
  handle_signals(SIG_DFL);
  ::close(reporting.descriptor.exchange(-1));
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
    std::_Exit(status);
  }
  std::_Exit(status);
}

}  // namespace

StopSignals::StopSignals(Logger logger, std::optional<Duration> stop_timeout, Duration echo,
                         std::function<std::string()> waiting_for)
    : stop_timeout_{stop_timeout},
      echo_{echo},
      logger_{std::move(logger)},
      waiting_for_{std::move(waiting_for)},
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
  leave_signals();
  ::close(signals_);
  ::close(ended_);
}

void StopSignals::request_stop() const {
  // Once: what comes behind a first signal is a second one.
  if (source_.request_stop()) report(SIGTERM);
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
    auto const after = std::chrono::ceil<std::chrono::milliseconds>(*stop_timeout_).count();
    leave(exit_stop_timed_out, [logger = logger_, after, waiting_for = waiting_for_] {
      logger.error("process.stop_timed_out",
                   {{"after_ms", after}, {"waiting_for", waiting_for ? waiting_for() : ""}});
    });
  }
  if (descriptors[1].revents != 0) return 0;
  unsigned char signal{};
  if (::read(signals_, &signal, 1) != 1) return 0;
  return signal;
}

}  // namespace tram
