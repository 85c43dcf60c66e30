#pragma once

#include "tram/base/detail/memory.hpp"
#include "tram/sql/connection.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// In tram/relay/outbox_source.hpp.
class OutboxSource;
struct OutboxSourceOptions;

/// The driver of a database whose outbox a relay can follow. One that wraps another passes the call
/// on.
///
///     auto const source = tram::outbox_of(database)->change_source();  // asks its driver
class OutboxDriver : public DatabaseDriver {
 public:
  /// Connects to nothing. What it gives may outlive the driver. Callable from any thread.
  [[nodiscard]] virtual std::unique_ptr<OutboxSource> outbox(
      OutboxSourceOptions const& options) const = 0;
};

}  // namespace tram

#pragma GCC visibility pop
