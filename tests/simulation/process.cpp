#include "process.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "faulty_database.hpp"
#include "faulty_source.hpp"
#include "tram/relay/numbered_outbox_retention.hpp"
#include "tram/relay/pipeline.hpp"
#include "tram/sqlite/change_source.hpp"
#include "tram/subscriber/subscriber.hpp"
#include "tram/testkit/job_list.hpp"
#include "tram/wire/id_generator.hpp"

namespace tram::simulation {
namespace {
using namespace std::chrono_literals;

/// Longer than any life.
constexpr Duration never{24h * 365};

/// Time as a process sees it: the dead wait for nothing.
class ProcessClock final : public Clock {
 public:
  ProcessClock(Clock& inner, Lifeline const& line) : inner_{inner}, line_{line} {}
  [[nodiscard]] WallTime wall() const override { return inner_.wall(); }
  [[nodiscard]] SteadyTime steady() const override { return inner_.steady() + waited_; }
  void pause(Duration duration, std::stop_token const& stop) override {
    if (line_.is_cut()) {
      waited_ += duration;
    } else {
      inner_.pause(duration, stop);
    }
  }

 private:
  Clock& inner_;
  Lifeline const& line_;
  Duration waited_{};
};

}  // namespace

/// What is gone when the process dies, in the order of its construction.
struct Process::Running {
  Running(Surroundings const& around, std::string const& name)
      : traffic{around.traffic},
        line{around.chaos, name},
        clock{around.clock, line},
        broker{{.inner = around.broker,
                .line = line,
                .traffic = around.traffic,
                .finished = finished,
                .sabotage = around.sabotage}},
        database{
            faulty_driver(*around.store.driver, line, around.store.locks, clock, around.sabotage),
            {},
            clock,
            around.chaos.random()},
        ids{clock, MachineNumber::choose(std::nullopt, around.chaos.random())},
        forgets{around.removes_old_rows && !around.civil_time.was_set_forward()} {}

  /// Looking at the schema first, as services do, takes the time of many messages: not always.
  void build_outbox(Surroundings const& around) {
    OutboxOptions const options{.schema = SchemaName::none(), .interceptors = interceptors(around)};
    auto& random = around.chaos.random();
    if (random.below(8) == 0) {
      outbox.emplace(Outbox::of(database, ids, random, options));
    } else {
      outbox.emplace(
          Outbox::Parts{database.dialect(), around.store.outbox_table, ids, clock, random},
          options);
    }
  }
  void build_relay(Surroundings const& around) {
    auto source = faulty_source(
        sqlite::change_source({.path = around.store.path, .memory_poll_interval = 500ms}, clock),
        {.line = line,
         .silence = around.store.silence,
         .clock = clock,
         .sabotage = around.sabotage});
    // Or everything that is published is old enough.
    auto retention = std::make_unique<NumberedOutboxRetention>(
        database, SchemaName::none(), around.removes_old_rows ? row_age : -1h);
    pipeline = std::make_unique<Pipeline>(PipelineParts{.source = std::move(source),
                                                        .retention = std::move(retention),
                                                        .broker = broker,
                                                        .database = database,
                                                        .schema = SchemaName::none(),
                                                        .clock = clock,
                                                        .random = around.chaos.random(),
                                                        .logger = logger()},
                                          around.relay);
  }
  void build_subscriber(Surroundings const& around, ProcessPlan const& plan) {
    std::vector<Subscription> subscriptions;
    for (auto const& each : plan.subscribes) {
      auto subscription = each.make(*outbox);
      subscription.options = each.options;
      subscription.interceptors = {note_finished(), around.fate.around()};
      if (around.sabotage == Sabotage::one_stops_all) {
        subscription.interceptors.push_back(stop_with_one(around));
      }
      subscriptions.push_back(std::move(subscription));
    }
    subscriber = std::make_unique<Subscriber>(
        SubscriberParts{database, broker, workers, clock, around.chaos.random(), logger()},
        SubscriberOptions{.schema = SchemaName::none(),
                          .interceptors = interceptors(around),
                          .inbox_age = row_age,
                          .inbox_check_interval = forgets ? 1s : never},
        std::move(subscriptions));
  }
  void build_contributed(Surroundings const& around) {
    for (auto const& each : around.delayer.contribution(*outbox, clock).stepped)
      steppers.push_back(each.make({.database = database,
                                    .clock = clock,
                                    .random = around.chaos.random(),
                                    .logger = logger()}));
  }
  static Interceptors interceptors(Surroundings const& around) {
    return around.intercepts ? around.fate.interceptors() : Interceptors{};
  }
  std::shared_ptr<MessageInterceptor> stop_with_one(Surroundings const& around) {
    return around_handlers([this, &fate = around.fate](Transaction& tx,
                                                       IncomingMessage const& incoming,
                                                       MessageHandler const& next) {
      auto const stuck = fate.last_stuck();
      if (stuck && clock.steady() < *stuck + 60s) {
        throw Error{Fault::transient, "simulation: another message is stuck (no attempt)"};
      }
      next(tx, incoming);
    });
  }
  /// What the parts log belongs to what happened.
  Logger logger() {
    return Logger{[this](LogLevel, std::string const& text) { note(text); }, LogLevel::info};
  }
  void note(std::string const& text) {
    bool const holds = text.find("event=subscription.held") != std::string::npos;
    bool const overran = text.find("handle_timeout") != std::string::npos;
    bool const counts = overran || text.find(no_attempt) == std::string::npos;
    if (holds && !counts) ++traffic.held_for_nothing;
    line.chaos().trace().log(line.name(), text);
  }
  std::shared_ptr<MessageInterceptor> note_finished() {
    return around_handlers(
        [this](Transaction& tx, IncomingMessage const& incoming, MessageHandler const& next) {
          next(tx, incoming);
          auto& highest = finished[incoming.source];
          highest = std::max(highest, incoming.position);
        });
  }

  Traffic& traffic;
  Lifeline line;
  ProcessClock clock;
  Finished finished;
  FaultyBroker broker;
  Database database;
  testkit::JobList workers;
  IdGenerator ids;
  bool forgets;
  std::optional<Outbox> outbox;
  std::vector<std::unique_ptr<Stepper>> steppers;
  std::unique_ptr<Subscriber> subscriber;
  std::unique_ptr<Pipeline> pipeline;
};

Process::Process(Surroundings const& surroundings, ProcessPlan plan)
    : surroundings_{surroundings}, plan_{std::move(plan)} {}

Process::~Process() = default;

void Process::start_if_due() {
  if (runs()) return;
  if (surroundings_.clock.steady() >= start_at_ || surroundings_.chaos.healed()) start();
}

void Process::start() {
  surroundings_.chaos.trace().event(plan_.name, "starts");
  running_ = std::make_unique<Running>(surroundings_, plan_.name);
  attempt([this](Running& running) {
    try {
      running.build_outbox(surroundings_);
      if (plan_.relays) running.build_relay(surroundings_);
      if (plan_.delays) running.build_contributed(surroundings_);
      if (!plan_.subscribes.empty()) running.build_subscriber(surroundings_, plan_);
    } catch (Error const& error) { running.line.cut("cannot start"); }
    return true;
  });
}

bool Process::forgets() const { return running_ != nullptr && running_->forgets; }

void Process::kill() {
  if (!runs()) return;
  running_->line.cut("killed");
  bury_if_dead();
}

void Process::stop() {
  attempt([](Running& running) {
    if (running.pipeline && running.pipeline->relay().status().in_flight > 0) return false;
    std::stop_source asked;
    asked.request_stop();
    if (running.subscriber) running.subscriber->run(asked.get_token());
    if (running.pipeline) running.pipeline->relay().run(asked.get_token());
    running.line.cut("stopped");
    return true;
  });
}

void Process::write() {
  attempt([this](Running& running) {
    if (plan_.writes) surroundings_.business.write(running.database, *running.outbox);
    return true;
  });
}

void Process::write_fit(std::string const& key) {
  attempt([&](Running& running) {
    if (plan_.writes) surroundings_.business.write_fit(running.database, *running.outbox, key);
    return true;
  });
}

bool Process::answer() {
  return attempt([this](Running& running) {
    return plan_.answers && surroundings_.shop.answer_one(running.database, *running.outbox);
  });
}

bool Process::step_relay() {
  return attempt(
      [](Running& running) { return running.pipeline && running.pipeline->relay().step(); });
}

bool Process::step_subscriber() {
  return attempt([](Running& running) { return running.subscriber && running.subscriber->step(); });
}

/// As a service does it: what may pass is tried again later.
bool Process::step_contributed() {
  return attempt([this](Running& running) {
    bool worked = false;
    for (auto const& stepper : running.steppers) {
      try {
        worked = stepper->step() || worked;
      } catch (Error const& error) { bear(surroundings_.chaos, error); }
    }
    return worked;
  });
}

bool Process::run_job() {
  return attempt(
      [this](Running& running) { return running.workers.run_any(surroundings_.chaos.random()); });
}

bool Process::attempt(std::function<bool(Running&)> const& action) {
  if (!runs()) return false;
  bool const happened = action(*running_);
  bury_if_dead();
  return happened;
}

void Process::bury_if_dead() {
  if (!runs() || !running_->line.is_cut()) return;
  running_.reset();
  auto const pause = std::chrono::milliseconds{surroundings_.chaos.random().below(3'000)};
  start_at_ = surroundings_.clock.steady() + pause;
}

std::string Process::state() const {
  if (!runs()) return "dead";
  if (!running_->workers.empty()) return "jobs wait";
  if (running_->subscriber && !running_->subscriber->idle()) return "the subscriber is not idle";
  if (!running_->pipeline) return "";
  auto const status = running_->pipeline->relay().status();
  if (!status.caught_up) return "the relay is behind: " + status.trouble;
  return status.trouble;
}

SteadyTime Process::next_step() const {
  auto next = SteadyTime::max();
  if (!runs()) return next;
  if (running_->pipeline) next = std::min(next, running_->pipeline->relay().next_step());
  if (running_->subscriber) next = std::min(next, running_->subscriber->next_step());
  for (auto const& stepper : running_->steppers) next = std::min(next, stepper->next_step());
  return next;
}

}  // namespace tram::simulation
