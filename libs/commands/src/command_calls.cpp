#include "tram/commands/command_calls.hpp"

#include <poll.h>

#include <condition_variable>
#include <optional>
#include <span>
#include <stop_token>
#include <utility>
#include <variant>
#include <vector>

#include "call_book.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/base/mutex.hpp"
#include "tram/broker/broker.hpp"
#include "tram/host/contribution.hpp"
#include "tram/sql/database.hpp"
#include "tram/wire/record.hpp"

namespace tram {
namespace {

using namespace std::chrono_literals;

constexpr auto back_off = 200ms;
// A stop is noticed this late, and a consumer without a descriptor is polled this often.
constexpr auto wait_longest = 50ms;
constexpr auto poll_pause = 5ms;

}  // namespace

struct CommandCalls::State {
  State(Parts given, Channel const& replies)
      : parts{std::move(given)},
        channel{replies.name},
        mapped_channel{mapped(parts.channel_mapping, replies.name)} {}

  Parts parts;
  std::string channel;
  std::string mapped_channel;

  Mutex mutex;
  std::condition_variable_any news;
  bool reading TRAM_GUARDED_BY(mutex){};
  /// A stop was requested: no call begins any more.
  bool stopping TRAM_GUARDED_BY(mutex){};
  /// Nobody reads answers any more: no call waits any more.
  bool ended TRAM_GUARDED_BY(mutex){};
  /// Why the broker does not answer; empty when it does.
  std::string away TRAM_GUARDED_BY(mutex);
  CallBook book TRAM_GUARDED_BY(mutex);

  void set_reading(bool now) {
    {
      Lock const lock{mutex};
      reading = now;
    }
    news.notify_all();
  }
  void begin() {
    Lock const lock{mutex};
    stopping = ended = false;
  }
  void begin_stop() {
    {
      Lock const lock{mutex};
      stopping = true;
    }
    news.notify_all();
  }
  void end_all() {
    {
      Lock const lock{mutex};
      reading = false;
      stopping = ended = true;
    }
    news.notify_all();
  }
  bool some_wait() {
    Lock const lock{mutex};
    return book.counters().waiting > 0;
  }
  void expect(std::string const& id) {
    Lock const lock{mutex};
    book.expect(id);
  }
  void withdraw(std::string const& id) {
    Lock const lock{mutex};
    book.withdraw(id);
  }
  std::optional<IncomingMessage> end(std::string const& id) {
    Lock const lock{mutex};
    return book.end(id);
  }
  CallCounters counters() {
    Lock const lock{mutex};
    return book.counters();
  }
  std::string trouble() {
    Lock const lock{mutex};
    if (!reading) return "the answers in channel '" + channel + "' are not read";
    return away.empty() ? "" : "no answers come into channel '" + channel + "': " + away;
  }
  Metric metric(Metric::Kind kind, std::string name, std::string help,
                std::uint64_t CallCounters::* counter);

  void await_reading(Deadline deadline);
  IncomingMessage await(std::string const& id, Deadline deadline);

  class Stop;
  void run(std::stop_token const& stop);
  void follow(Stop& stop);
  void read(Consumer& consumer, Stop& stop);
  std::vector<ConsumerEvent> poll(Consumer& consumer);
  void set_away(std::string why) {
    Lock const lock{mutex};
    away = std::move(why);
  }
  void wait(Consumer const& consumer, Stop const& stop) const;
  void take(Delivery const& delivery);
  void take(IncomingMessage incoming);
};

namespace {

/// Ends the expectation of a call, however the call ends.
template <class State>
class Expectation {
 public:
  explicit Expectation(State& state) : state_{state} {}
  ~Expectation() { state_.end(id_); }
  Expectation(Expectation const&) = delete;
  Expectation& operator=(Expectation const&) = delete;

  /// A transaction that runs again sends another message.
  void set(std::string id) {
    state_.withdraw(id_);
    id_ = std::move(id);
    state_.expect(id_);
  }
  [[nodiscard]] std::string const& id() const { return id_; }

 private:
  State& state_;
  std::string id_;
};

}  // namespace

CommandCalls::CommandCalls(Parts parts, Channel const& replies)
    : state_{std::make_unique<State>(std::move(parts), replies)} {}

CommandCalls::~CommandCalls() = default;

/// When the reader ends: at a stop, as soon as no call waits or those that do have waited for the
/// time of grace.
class CommandCalls::State::Stop {
 public:
  Stop(State& state, std::stop_token const& token) : state_{state}, token_{token} {}

  bool is_over() {
    if (!token_.stop_requested()) return false;
    if (!grace_) grace_ = Deadline::after(state_.parts.clock, state_.parts.stop_grace);
    return !state_.some_wait() || grace_->reached(state_.parts.clock);
  }
  /// A requested stop cuts it short only once: after that there is time to be waited.
  void pause(Duration duration) const { state_.parts.clock.pause(duration, first()); }
  /// The stop, while it is not requested yet.
  [[nodiscard]] std::stop_token first() const {
    return token_.stop_requested() ? std::stop_token{} : token_;
  }

 private:
  State& state_;
  std::stop_token const& token_;
  std::optional<Deadline> grace_;
};

void CommandCalls::State::run(std::stop_token const& stop) {
  begin();
  std::stop_callback const nudge{stop, [this] { begin_stop(); }};
  Stop ends{*this, stop};
  try {
    follow(ends);
  } catch (Error const&) {
    end_all();
    throw;
  }
  end_all();
}

void CommandCalls::State::follow(Stop& stop) {
  while (!stop.is_over()) {
    try {
      auto const consumer = parts.broker.subscribe({.kind = ConsumerMode::Kind::broadcast},
                                                   std::span{&mapped_channel, 1}, stop.first());
      read(*consumer, stop);
      consumer->close(1s);
    } catch (Error const& error) {
      set_reading(false);
      if (error.fault() == Fault::rejected) throw;
      parts.logger.warning("calls.interrupted", {{"channel", channel}, {"reason", error.what()}});
      stop.pause(back_off);
    }
  }
}

void CommandCalls::State::read(Consumer& consumer, Stop& stop) {
  while (!stop.is_over()) {
    auto const events = poll(consumer);
    for (auto const& event : events) {
      if (auto const* const delivery = std::get_if<Delivery>(&event)) take(*delivery);
      else if (std::holds_alternative<Assigned>(event)) set_reading(true);
    }
    if (events.empty()) wait(consumer, stop);
  }
}

/// Nothing while the broker is away: what was asked before may still be answered.
std::vector<ConsumerEvent> CommandCalls::State::poll(Consumer& consumer) {
  try {
    auto events = consumer.poll();
    bool const is_away = !events.empty() && std::holds_alternative<BrokerAway>(events.back());
    set_away(is_away ? std::get<BrokerAway>(events.back()).why.what() : "");
    return events;
  } catch (Error const& error) {
    if (error.fault() != Fault::transient) throw;
    set_away(error.what());
    return {};
  }
}

void CommandCalls::State::wait(Consumer const& consumer, Stop const& stop) const {
  pollfd news_of_broker{.fd = consumer.descriptor(), .events = POLLIN, .revents = 0};
  if (news_of_broker.fd < 0) stop.pause(poll_pause);
  else ::poll(&news_of_broker, 1, static_cast<int>(wait_longest.count()));
}

void CommandCalls::State::take(Delivery const& delivery) {
  try {
    for (auto& message : decode_record_value(delivery.value))
      take({.message = std::move(message),
            .subscriber_id = {},
            .source = delivery.source,
            .position = delivery.position,
            .key = delivery.key});
  } catch (Error const& error) {
    parts.logger.warning("calls.malformed_reply", {{"channel", channel}, {"reason", error.what()}});
    Lock const lock{mutex};
    book.take_malformed();
  }
}

void CommandCalls::State::take(IncomingMessage incoming) {
  {
    Lock const lock{mutex};
    if (!book.take(std::move(incoming))) return;
  }
  news.notify_all();
}

void CommandCalls::State::await_reading(Deadline deadline) {
  Lock const lock{mutex};
  news.wait_until(mutex, deadline.time(),
                  [&]() TRAM_REQUIRES(mutex) { return reading || stopping; });
  if (stopping) {
    throw Error{Fault::transient, "call: the answers in channel '" + channel +
                                      "' are not read any more, since the service stops; nothing "
                                      "was sent. Call again where it runs"};
  }
  if (reading) return;
  throw Error{Fault::transient, "call: the answers in channel '" + channel +
                                    "' are not read yet; nothing was sent. Is "
                                    "`calls.contribution()` added to a service that runs?"};
}

IncomingMessage CommandCalls::State::await(std::string const& id, Deadline deadline) {
  Lock const lock{mutex};
  news.wait_until(mutex, deadline.time(),
                  [&]() TRAM_REQUIRES(mutex) { return book.is_answered(id) || ended; });
  if (book.is_answered(id)) return *book.end(id);
  auto const why = ended ? "' before the service stopped" : "' before the deadline";
  throw Error{Fault::in_doubt, "call: no answer to command '" + id + "' in channel '" + channel +
                                   why + "; it may still be carried out"};
}

IncomingMessage CommandCalls::exchange(detail::CommandDraft const& draft, Deadline deadline,
                                       CallOptions const& options) {
  state_->await_reading(deadline);
  Expectation<State> expected{*state_};
  CommandOptions const command{.reply_to = {state_->channel},
                               .resource = options.resource,
                               .partition_key = options.partition_key,
                               .headers = options.headers};
  state_->parts.database.transact({.deadline = deadline}, [&](Transaction& tx) {
    expected.set(detail::send_command(state_->parts.outbox, tx, draft, command));
  });
  return state_->await(expected.id(), deadline);
}

Metric CommandCalls::State::metric(Metric::Kind kind, std::string name, std::string help,
                                   std::uint64_t CallCounters::* counter) {
  return {.kind = kind,
          .name = std::move(name),
          .help = std::move(help),
          .labels = {{"channel", channel}},
          .value = [this, counter] { return counters().*counter; }};
}

CallCounters CommandCalls::counters() const { return state_->counters(); }

Contribution CommandCalls::contribution() {
  auto& state = *state_;
  auto const counter = [&](std::string name, std::string help,
                           std::uint64_t CallCounters::* value) {
    return state.metric(Metric::Kind::counter, std::move(name), std::move(help), value);
  };
  return {.components = {{.name = "calls answered in '" + state.channel + "'",
                          .run = [&state](std::stop_token const& stop) { state.run(stop); },
                          .trouble = [&state] { return state.trouble(); }}},
          .metrics = {
              state.metric(Metric::Kind::gauge, "tram_calls_waiting",
                           "Calls that wait for their answer.", &CallCounters::waiting),
              counter("tram_calls_answered_total", "Calls that got an answer.",
                      &CallCounters::answered),
              counter("tram_calls_unanswered_total", "Calls that ended without an answer.",
                      &CallCounters::unanswered),
              counter("tram_call_replies_late_total",
                      "Answers to calls that had ended without one.", &CallCounters::late),
              counter("tram_call_replies_repeated_total", "Answers to calls that had one already.",
                      &CallCounters::repeated),
              counter("tram_call_replies_foreign_total",
                      "Answers to no call of this instance: other instances', or of processes "
                      "that are gone.",
                      &CallCounters::foreign),
              counter("tram_call_replies_malformed_total",
                      "Records in the channel that answer nothing.", &CallCounters::malformed)}};
}

void CommandCalls::refuse(RawReply const& reply, std::string_view command) {
  throw Error{Fault::malformed, place_of(reply.incoming()) + ": reply '" + reply.type() +
                                    "' is no answer to command '" + std::string{command} + '\''};
}

}  // namespace tram
