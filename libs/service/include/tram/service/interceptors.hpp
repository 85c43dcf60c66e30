#pragma once

#include <concepts>
#include <exception>

#include "tram/base/detail/function.hpp"
#include "tram/base/detail/memory.hpp"
#include "tram/base/log.hpp"
#include "tram/base/time.hpp"
#include "tram/messaging/interceptor.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Logs every run of a handler, with its time and its trace: `handler.done` at `level`, and
/// `handler.failed` as a warning. `clock` outlives it.
std::shared_ptr<MessageInterceptor> log_handling(Logger logger, Clock& clock,
                                                 LogLevel level = LogLevel::debug);

/// Logs every message that is written into the outbox (`outbox.sent`), and that was refused
/// (`outbox.refused`, a warning).
std::shared_ptr<MessageInterceptor> log_sending(Logger logger, LogLevel level = LogLevel::debug);

struct RerunPolicy {
  /// Runs of one message's handler in a row, the first one included: from 2 to 5. The last one's
  /// exception counts as the failure of an attempt.
  int runs_max{4};
};

/// Runs the whole transaction again at once, inbox row included, when the handler throws what
/// `lost_race` recognises, such as the application's optimistic lock: the second run reads what the
/// other transaction wrote. The predicate must be callable from any thread.
std::shared_ptr<MessageInterceptor> rerun_when(std::function<bool(std::exception const&)> lost_race,
                                               RerunPolicy policy = {});

/// The same for types of exceptions: `rerun_on<StaleOrder>()`.
template <class... Exceptions>
  requires(std::derived_from<Exceptions, std::exception> && ...)
std::shared_ptr<MessageInterceptor> rerun_on(RerunPolicy policy = {}) {
  return rerun_when(
      [](std::exception const& error) {
        return ((dynamic_cast<Exceptions const*>(&error) != nullptr) || ...);
      },
      policy);
}

}  // namespace tram

#pragma GCC visibility pop
