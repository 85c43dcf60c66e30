#include "stop_notice.hpp"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <utility>

namespace tram::operator_program {
namespace {

constexpr std::array stops{SIGINT, SIGTERM};

/// A handler gets nothing else to know what to say.
std::atomic<char const*> line_to_say{nullptr};
static_assert(std::atomic<char const*>::is_always_lock_free);

/// The action is the default again by now, so that the signal ends the program when this returns.
void say_and_end(int signal) {
  if (char const* const line = line_to_say) {
    [[maybe_unused]] auto const written = ::write(STDERR_FILENO, line, ::strlen(line));
  }
  ::raise(signal);
}

void handle(int signal) {
  struct sigaction action{};
  ::sigaction(signal, nullptr, &action);
  if (action.sa_handler == SIG_IGN) return;
  action = {};
  action.sa_handler = say_and_end;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(signal, &action, nullptr);
}

void stop_handling(int signal) {
  struct sigaction action{};
  ::sigaction(signal, nullptr, &action);
  if (action.sa_handler == say_and_end) ::signal(signal, SIG_DFL);
}

}  // namespace

StopNotice::StopNotice(std::string text) {
  change(std::move(text));
  for (int const signal : stops) handle(signal);
}

StopNotice::~StopNotice() {
  for (int const signal : stops) stop_handling(signal);
  line_to_say = nullptr;
}

void StopNotice::change(std::string text) {
  lines_.push_back("tram: stopped by a signal " + std::move(text) + "\n");
  line_to_say = lines_.back().c_str();
}

}  // namespace tram::operator_program
