#include "tram/testkit/in_memory_world.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "recording_broker.hpp"
#include "tram/base/error.hpp"
#include "tram/host/contribution.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/relay/pipeline.hpp"
#include "tram/schema/schema.hpp"
#include "tram/sql/database.hpp"
#include "tram/sqlite/change_source.hpp"
#include "tram/sqlite/sqlite.hpp"
#include "tram/subscriber/held_messages.hpp"
#include "tram/subscriber/subscriber.hpp"
#include "tram/testkit/job_list.hpp"
#include "tram/testkit/manual_runtime.hpp"
#include "tram/wire/id_generator.hpp"
#include "tram/wire/record.hpp"

namespace tram::testkit {
namespace {

/// Many more than any test needs: pauses pass in few.
constexpr int rounds_max{10'000};
constexpr Duration database_look{std::chrono::milliseconds{100}};
constexpr Duration look_shortest{std::chrono::milliseconds{1}};
constexpr Duration look_longest{std::chrono::seconds{1}};
constexpr std::size_t held_max{1'000'000};
constexpr std::string_view relay_name{"relay"};

}  // namespace

struct InMemoryWorld::State {
  explicit State(InMemoryWorldOptions given)
      : options{std::move(given)},
        path{sqlite::memory_path(random)},
        database{sqlite::connect({.path = path}, PoolOptions{}, clock, random)},
        ids{clock, MachineNumber::choose(std::nullopt, random)},
        broker{options.broker, clock},
        recorder{broker} {
    manual.logger = options.logger;
    install_schema(database, options.outbox.schema);
    outbox.emplace(Outbox::of(database, ids, random, options.outbox));
    start_relay();
  }

  void start_relay() {
    auto source = sqlite::change_source(
        {.path = path, .relay = std::string{relay_name}, .memory_poll_interval = database_look},
        clock);
    pipeline = std::make_unique<Pipeline>(PipelineParts{.source = std::move(source),
                                                        .broker = recorder,
                                                        .database = database,
                                                        .schema = options.outbox.schema,
                                                        .clock = clock,
                                                        .random = random,
                                                        .logger = options.logger},
                                          options.relay);
  }
  void start_subscriber(Subscription const& subscription) {
    subscribers.push_back(std::make_unique<Subscriber>(SubscriberParts{.database = database,
                                                                       .broker = recorder,
                                                                       .workers = jobs,
                                                                       .clock = clock,
                                                                       .random = random,
                                                                       .logger = options.logger},
                                                       options.subscriber,
                                                       std::vector{subscription}));
  }

  void start_stepped(SteppedComponent const& component) {
    steppers.push_back(component.make(
        {.database = database, .clock = clock, .random = random, .logger = options.logger}));
  }

  /// Everybody once; true when anything happened.
  bool work() {
    bool worked = pipeline->relay().step();
    for (auto const& subscriber : subscribers) {
      if (subscriber->step()) worked = true;
    }
    while (run_job()) worked = true;
    for (auto const& stepper : steppers) {
      if (stepper->step()) worked = true;
    }
    return worked;
  }
  bool run_job() { return shuffled ? jobs.run_any(random) : jobs.run_first(); }

  /// Grows whenever a message gets anywhere.
  [[nodiscard]] std::uint64_t activity() const {
    std::uint64_t sum = recorder.records().size();
    for (auto const& subscriber : subscribers) {
      for (auto const& status : subscriber->status()) {
        auto const& counters = status.counters;
        sum += counters.delivered + counters.handled + counters.failures + counters.replayed;
      }
    }
    return sum;
  }
  [[nodiscard]] bool at_rest() const {
    bool const idle =
        std::ranges::all_of(subscribers, [](auto const& each) { return each->idle(); });
    return idle && jobs.empty() && pipeline->relay().status().caught_up;
  }
  [[nodiscard]] SteadyTime next_step() const {
    auto next = std::min(clock.steady() + look_longest, pipeline->relay().next_step());
    for (auto const& subscriber : subscribers) next = std::min(next, subscriber->next_step());
    for (auto const& stepper : steppers) next = std::min(next, stepper->next_step());
    return next;
  }
  [[nodiscard]] std::string unrest() const {
    std::string text;
    auto const tell = [&](std::string const& who, std::string const& trouble) {
      text += (text.empty() ? "" : "; ") + who + (trouble.empty() ? "" : ": " + trouble);
    };
    if (auto const status = pipeline->relay().status();
        !status.caught_up || !status.trouble.empty()) {
      tell("the relay is behind", status.trouble);
    }
    for (auto const& subscriber : subscribers) {
      for (auto const& status : subscriber->status()) {
        auto const messages = status.waiting + status.running;
        if (messages == 0 && status.trouble.empty()) continue;
        tell("'" + status.subscriber_id + "' has " + std::to_string(messages) + " messages",
             status.trouble);
      }
    }
    return text;
  }

  InMemoryWorldOptions options;
  ManualRuntime manual{options.seed};
  ManualClock& clock{manual.clock};
  SeededRandom& random{manual.random};
  std::string path;
  Database database;
  IdGenerator ids;
  embedded::InMemoryBroker broker;
  RecordingBroker recorder;
  JobList jobs;
  std::optional<Outbox> outbox;
  std::vector<Subscription> subscriptions;
  std::vector<SteppedComponent> stepped;
  std::vector<std::unique_ptr<Stepper>> steppers;
  std::vector<std::unique_ptr<Subscriber>> subscribers;
  std::unique_ptr<Pipeline> pipeline;
  /// Neither a record on its way nor a requested retry shows: for so long all has to be quiet.
  Duration quiet_for{};
  Duration longest_delay{};
  bool shuffled{};
};

InMemoryWorld::InMemoryWorld(InMemoryWorldOptions options)
    : state_{std::make_unique<State>(std::move(options))} {}

InMemoryWorld::~InMemoryWorld() = default;

Database& InMemoryWorld::database() { return state_->database; }
Outbox const& InMemoryWorld::outbox() { return *state_->outbox; }
ManualClock& InMemoryWorld::clock() { return state_->clock; }
Runtime InMemoryWorld::runtime() { return state_->manual.runtime(); }
embedded::InMemoryBroker& InMemoryWorld::broker() { return state_->broker; }

void InMemoryWorld::add(Subscription subscription) {
  state_->start_subscriber(subscription);
  state_->subscriptions.push_back(std::move(subscription));
}

void InMemoryWorld::add(Contribution contribution) {
  auto& state = *state_;
  replace_requests(contribution, state.options.outbox.schema);
  if (!contribution.components.empty()) {
    throw Error{Fault::rejected, "testkit: component '" + contribution.components.front().name +
                                     "' needs a thread, and the world has none; bring it as a "
                                     "stepped component"};
  }
  for (auto const tables : contribution.tables)
    install_tables(state.database, state.options.outbox.schema, {tables(state.database.dialect())});
  for (auto& subscription : contribution.subscriptions) add(std::move(subscription));
  for (auto& component : contribution.stepped) {
    state.start_stepped(component);
    state.stepped.push_back(std::move(component));
  }
}

void InMemoryWorld::run_until_quiet() {
  auto& state = *state_;
  auto quiet_since = state.clock.steady();
  auto before = state.activity();
  for (int round = 0; round < rounds_max; ++round) {
    bool const worked = state.work();
    bool const moved = state.activity() != std::exchange(before, state.activity());
    if (moved || !state.at_rest()) quiet_since = state.clock.steady();
    if (worked) continue;
    if (state.at_rest() && state.clock.steady() - quiet_since >= state.quiet_for) {
      state.quiet_for = state.longest_delay;
      return;
    }
    state.clock.advance(
        std::max<Duration>(state.next_step() - state.clock.steady(), look_shortest));
  }
  throw Error{Fault::rejected, "testkit: the world does not come to rest; " + state.unrest()};
}

void InMemoryWorld::crash() {
  auto& state = *state_;
  state.subscribers.clear();
  state.steppers.clear();
  state.pipeline.reset();
  state.jobs.clear();
  state.start_relay();
  for (auto const& subscription : state.subscriptions) state.start_subscriber(subscription);
  for (auto const& component : state.stepped) state.start_stepped(component);
}

std::vector<PublishedMessage> InMemoryWorld::published(std::string_view channel) const {
  std::vector<PublishedMessage> messages;
  std::set<std::string> ids;
  for (auto const& record : state_->recorder.records()) {
    if (record.channel != channel) continue;
    auto message = parse_record(record.value);
    // A relay that crashed before it stored its position leaves records to be published again.
    if (!ids.insert(message.id()).second) continue;
    messages.push_back({record.channel, record.key, std::move(message)});
  }
  return messages;
}

void InMemoryWorld::disturb(Disturbance const& disturbance) {
  state_->recorder.land_twice(disturbance.duplicates);
  state_->shuffled = disturbance.shuffled;
  state_->longest_delay = std::max(state_->longest_delay, disturbance.delay);
  state_->quiet_for = std::max(state_->quiet_for, disturbance.delay);
  state_->broker.delay(disturbance.delay);
}

std::vector<HeldMessage> InMemoryWorld::held() {
  HeldMessages const messages{state_->database.dialect(), state_->options.subscriber.schema};
  return state_->database.transact(
      [&](Transaction& tx) { return messages.messages(tx, {}, held_max); });
}

void InMemoryWorld::retry_held() {
  HeldMessages const messages{state_->database.dialect(), state_->options.subscriber.schema};
  state_->database.transact([&](Transaction& tx) { messages.request_retry(tx, {}); });
  auto const looked = 2 * state_->options.subscriber.held_check_interval;
  state_->quiet_for = std::max(state_->quiet_for, looked);
}

}  // namespace tram::testkit
