#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tram/base/detail/memory.hpp"
#include "tram/messaging/interceptor.hpp"

#pragma GCC visibility push(default)

namespace tram {

class Random;
struct TransactionContext;

/// Where in a trace something happens (W3C Trace Context, https://www.w3.org/TR/trace-context/). A
/// value; nothing here waits.
struct TraceContext {
  /// 32 and 16 digits, hexadecimal in lower case, and not all zero.
  std::string trace_id;
  std::string span_id;
  /// 2 digits; `01`: recorded.
  std::string flags{"01"};

  /// Empty if the header is not valid; callers then start a new trace.
  static std::optional<TraceContext> parse(std::string_view traceparent);
  /// A new trace.
  static TraceContext start(Random& random);
  /// The next step of the same trace.
  [[nodiscard]] TraceContext child(Random& random) const;
  /// The value of header `traceparent`.
  [[nodiscard]] std::string traceparent() const;
};

/// Whether a message without a trace begins one.
enum class NewTraces : std::uint8_t { never, for_every_message };

/// Carries traces through handlers: the handler's transaction gets a new span, a child of the
/// message's, and the messages it sends carry that. A message whose `traceparent` is broken counts
/// as one without. `random` must outlive it and be callable from any thread.
std::shared_ptr<MessageInterceptor> trace_handlers(Random& random,
                                                   NewTraces new_traces = NewTraces::never);

/// For the transaction of a request: a child of the request's `traceparent`, or a new trace.
TransactionContext trace_request(std::string_view traceparent, std::string_view tracestate,
                                 Random& random);

}  // namespace tram

#pragma GCC visibility pop
