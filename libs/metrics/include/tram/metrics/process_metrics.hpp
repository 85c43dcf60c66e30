#pragma once

#include "tram/metrics/metrics_text.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Appends the families `process_…` that Prometheus' client libraries give of every process, as far
/// as the system tells them (`/proc`). Callable from any thread; never waits.
void write_process_metrics(http::MetricsText& text);

}  // namespace tram

#pragma GCC visibility pop
