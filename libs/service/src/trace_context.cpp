#include "tram/service/trace_context.hpp"

#include <algorithm>
#include <array>

#include "tram/base/random.hpp"
#include "tram/sql/transaction.hpp"

namespace tram {
namespace {

constexpr std::string_view traceparent_header{"traceparent"};
constexpr std::string_view tracestate_header{"tracestate"};

constexpr std::size_t trace_id_size = 32;
constexpr std::size_t span_id_size = 16;
constexpr std::size_t flags_size = 2;
/// `00-<trace id>-<span id>-<flags>`
constexpr std::size_t size_of_version_0 = 2 + 1 + trace_id_size + 1 + span_id_size + 1 + flags_size;

bool is_hexadecimal(std::string_view text) {
  return std::ranges::all_of(text, [](char digit) {
    return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f');
  });
}

bool is_zero(std::string_view text) {
  return std::ranges::all_of(text, [](char digit) { return digit == '0'; });
}

std::string hexadecimal(std::uint64_t value) {
  constexpr std::string_view digits{"0123456789abcdef"};
  std::string text(span_id_size, '0');
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, value >>= 4U) {
    *digit = digits[value & 0xfU];
  }
  return text;
}

std::string new_id(Random& random) {
  std::uint64_t id{};
  while (id == 0) id = random.bits();
  return hexadecimal(id);
}

/// Later versions may have more behind what this one has.
bool has_legal_end(std::string_view version, std::string_view rest) {
  if (version == "ff") return false;
  if (version == "00") return rest.empty();
  return rest.empty() || rest.front() == '-';
}

class TracedHandlers final : public MessageInterceptor {
 public:
  TracedHandlers(Random& random, NewTraces new_traces) : random_{random}, new_traces_{new_traces} {}

  void handle(Transaction& tx, IncomingMessage const& incoming,
              MessageHandler const& next) override {
    auto const& headers = incoming.message.headers;
    auto context = tx.context();
    auto const parent = TraceContext::parse(headers.find(traceparent_header).value_or(""));
    context.traceparent.clear();
    context.tracestate.clear();
    if (parent) {
      context.traceparent = parent->child(random_).traceparent();
      context.tracestate = headers.find(tracestate_header).value_or("");
    } else if (new_traces_ == NewTraces::for_every_message) {
      context.traceparent = TraceContext::start(random_).traceparent();
    }
    tx.set_context(std::move(context));
    next(tx, incoming);
  }

 private:
  Random& random_;
  NewTraces new_traces_;
};

}  // namespace

std::optional<TraceContext> TraceContext::parse(std::string_view traceparent) {
  if (traceparent.size() < size_of_version_0) return std::nullopt;
  auto const version = traceparent.substr(0, 2);
  auto const trace = traceparent.substr(3, trace_id_size);
  auto const span = traceparent.substr(4 + trace_id_size, span_id_size);
  auto const flags = traceparent.substr(5 + trace_id_size + span_id_size, flags_size);
  auto const rest = traceparent.substr(size_of_version_0);
  std::array<char, 3> const hyphens{traceparent[2], traceparent[3 + trace_id_size],
                                    traceparent[4 + trace_id_size + span_id_size]};
  bool const good = std::ranges::all_of(hyphens, [](char each) { return each == '-'; }) &&
                    is_hexadecimal(version) && is_hexadecimal(trace) && !is_zero(trace) &&
                    is_hexadecimal(span) && !is_zero(span) && is_hexadecimal(flags) &&
                    has_legal_end(version, rest);
  if (!good) return std::nullopt;
  return TraceContext{
      .trace_id = std::string{trace}, .span_id = std::string{span}, .flags = std::string{flags}};
}

TraceContext TraceContext::start(Random& random) {
  return {.trace_id = new_id(random) + new_id(random), .span_id = new_id(random)};
}

TraceContext TraceContext::child(Random& random) const {
  return {.trace_id = trace_id, .span_id = new_id(random), .flags = flags};
}

std::string TraceContext::traceparent() const {
  return "00-" + trace_id + "-" + span_id + "-" + flags;
}

std::shared_ptr<MessageInterceptor> trace_handlers(Random& random, NewTraces new_traces) {
  return std::make_shared<TracedHandlers>(random, new_traces);
}

TransactionContext trace_request(std::string_view traceparent, std::string_view tracestate,
                                 Random& random) {
  auto const parent = TraceContext::parse(traceparent);
  if (!parent) {
    return {.causation_id = {},
            .traceparent = TraceContext::start(random).traceparent(),
            .tracestate = {}};
  }
  return {.causation_id = {},
          .traceparent = parent->child(random).traceparent(),
          .tracestate = std::string{tracestate}};
}

}  // namespace tram
