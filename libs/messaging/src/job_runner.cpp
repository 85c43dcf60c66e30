#include "job_runner.hpp"

#include <chrono>
#include <sstream>
#include <utility>

#include "received_record.hpp"
#include "tram/base/error.hpp"

namespace tram {
namespace {

constexpr std::string_view held_behind_reason{"held behind an earlier message of its key"};
constexpr std::size_t requests_max = 100;
/// Few runs in a row: a database that is away is met by the breaker, not by a worker that waits.
constexpr int attempts_max = 5;
constexpr Duration look_timeout{std::chrono::seconds{5}};

Outcome outcome_of(Fault fault) {
  switch (fault) {
    case Fault::transient:
    case Fault::conflict:
    case Fault::broken:
    case Fault::in_doubt: return Outcome::unavailable;
    case Fault::malformed: return Outcome::hopeless;
    case Fault::rejected: break;
  }
  return Outcome::failed;
}

struct Failure {
  Outcome outcome;
  std::string what;
};

/// Runs a function of the user's; what it throws, of whatever type.
template <class Function>
std::optional<Failure> failure_of(Function&& function) {
  try {
    function();
  } catch (Error const& error) {
    return Failure{outcome_of(error.fault()), error.what()};
  } catch (std::exception const& error) {
    return Failure{Outcome::failed, error.what()};
  } catch (...) {  // thread top: nothing that a handler throws ends the worker
    return Failure{Outcome::failed, "the handler threw something that is no std::exception"};
  }
  return std::nullopt;
}

void set_outcome(Job& job, Outcome outcome, std::string const& reason) {
  for (auto& item : job.items) {
    item.outcome = outcome;
    item.reason = reason;
  }
}

}  // namespace

JobRunner::JobRunner(Database& database, SchemaName const& schema, Subscription const& subscription,
                     Interceptors const& interceptors, Logger const& logger)
    : database_{database},
      inbox_{database.dialect(), schema},
      held_{database.dialect(), schema},
      chain_{subscription, interceptors, logger},
      subscriber_id_{subscription.subscriber_id},
      options_{subscription.options} {}

void JobRunner::run(Job& job) const {
  auto& first = job.items.front();
  if (first.to_hold) {
    auto const failure = failure_of([&] { hold(first); });
    if (!failure) return;
    // Nothing is lost while it waits here; the breaker and the status tell of it.
    first.outcome = Outcome::unavailable;
    first.reason = described(first.incoming, "it cannot be held: " + failure->what);
    return;
  }
  auto const& clock = database_.clock();
  auto const deadline = Deadline::after(clock, options_.handle_timeout);
  Progress progress;
  auto failure = failure_of([&] { handle(job, progress, deadline); });
  if (!failure) return;
  if (failure->outcome == Outcome::unavailable && database_answers()) {
    if (progress.handler_began && deadline.reached(clock)) {
      // Nothing but the handler took the time, or something in the database that it waited for.
      failure = Failure{Outcome::failed, overrun() + failure->what};
    } else if (job.items.size() == 1) {
      ++first.unavailable_with_database;
    }
  }
  bool const one_of_many = job.items.size() > 1 && failure->outcome != Outcome::unavailable;
  set_outcome(job, one_of_many ? Outcome::run_alone : failure->outcome,
              described(job.items[progress.at].incoming, failure->what));
}

/// The commit would refuse to come too late as well, but not tell whose handler it was.
void JobRunner::check_in_time(Deadline deadline) const {
  if (!deadline.reached(database_.clock())) return;
  throw Error{Fault::transient, "the handler returned too late, and nothing was committed"};
}

std::string JobRunner::overrun() const {
  auto const seconds = std::chrono::duration<double>(options_.handle_timeout).count();
  std::ostringstream text;
  text << "handle_timeout (" << seconds << " s) was over: ";
  return text.str();
}

bool JobRunner::database_answers() const {
  return !failure_of([&] { [[maybe_unused]] auto const keys = requested(); });
}

/// `progress` tells which message it is about when this throws.
void JobRunner::handle(Job& job, Progress& progress, Deadline deadline) const {
  auto& at = progress.at;
  std::vector<IncomingMessage> changed;
  if (chain_.changes_messages()) {
    for (at = 0; at < job.items.size(); ++at) {
      changed.push_back(job.items[at].incoming);
      chain_.before_receive(changed.back());
    }
  }
  auto const message = [&](std::size_t place) -> IncomingMessage const& {
    return changed.empty() ? job.items[place].incoming : changed[place];
  };
  auto options = transact_options();
  options.deadline = deadline;
  database_.transact(options, [&](Transaction& tx) {
    progress = {};
    auto const receptions = receive(tx, job);
    for (; at < job.items.size(); ++at) {
      progress.handler_began = true;
      job.items[at].outcome = handle_one(tx, job.items[at], receptions[at], message(at));
      check_in_time(deadline);
    }
    at = 0;
  });
  for (auto const& each : changed) chain_.after_receive(each);
}

/// All inbox rows of the job before the first handler: what the job waits for does not grow with
/// its messages.
std::vector<Reception> JobRunner::receive(Transaction& tx, Job const& job) const {
  if (job.items.size() == 1) return {receive(tx, job.items.front().incoming)};
  std::vector<Arrival> arrivals;
  arrivals.reserve(job.items.size());
  for (auto const& item : job.items) {
    arrivals.push_back({.key = held_key(item.incoming), .message_id = message_id(item.incoming)});
  }
  return inbox_.receive(tx, arrivals);
}

Reception JobRunner::receive(Transaction& tx, IncomingMessage const& incoming) const {
  auto const id = message_id(incoming);
  if (options_.hold_key) return inbox_.receive(tx, held_key(incoming), id);
  bool const first_time = inbox_.receive(tx, subscriber_id_, id);
  return first_time ? Reception::fresh : Reception::duplicate;
}

Outcome JobRunner::handle_one(Transaction& tx, LaneItem const& item, Reception reception,
                              IncomingMessage const& incoming) const {
  if (reception == Reception::duplicate) return Outcome::duplicate;
  if (reception == Reception::key_is_held && options_.hold_key &&
      held_.hold_behind(tx, held_message(item, std::string{held_behind_reason}))) {
    return Outcome::held_behind;
  }
  chain_.handle(tx, incoming);
  return Outcome::handled;
}

void JobRunner::hold(LaneItem& item) const {
  auto const held = held_message(item, item.reason);
  item.outcome = database_.transact(transact_options(), [&](Transaction& tx) {
    if (!inbox_.receive(tx, subscriber_id_, held.message_id)) return Outcome::duplicate;
    held_.hold(tx, held);
    return Outcome::held;
  });
}

TransactOptions JobRunner::transact_options() const {
  // The inbox row tells the next attempt whether this one happened.
  return {.access = Access::marked_write,
          .timeout = options_.handle_timeout,
          .attempts_max = attempts_max,
          .nesting = Nesting::refused};
}

// --- replays

std::vector<HeldKey> JobRunner::requested() const {
  TransactOptions const options{
      .access = Access::read_only, .timeout = look_timeout, .attempts_max = 1};
  return database_.transact(
      options, [&](Transaction& tx) { return held_.requested(tx, subscriber_id_, requests_max); });
}

Replay JobRunner::replay(HeldKey const& key, std::function<bool()> const& stopped) const {
  Replay result;
  while (!stopped()) {
    std::optional<HeldMessage> message;
    bool more = false;
    auto const deadline = Deadline::after(database_.clock(), options_.handle_timeout);
    auto failure = failure_of([&] { more = replay_first(key, message, deadline); });
    bool const overran =
        failure && message && deadline.reached(database_.clock()) && database_answers();
    if (overran) failure = Failure{Outcome::failed, overrun() + failure->what};
    if (failure && message && failure->outcome != Outcome::unavailable) {
      result.refused = described(*message, failure->what);
      failure = failure_of([&] { refuse(*message, *result.refused); });
    }
    if (failure) result.unavailable = std::move(failure->what);
    if (!more) break;
    ++result.replayed;
  }
  return result;
}

/// False when there is none left.
bool JobRunner::replay_first(HeldKey const& key, std::optional<HeldMessage>& message,
                             Deadline deadline) const {
  auto options = transact_options();
  options.deadline = deadline;
  return database_.transact(options, [&](Transaction& tx) {
    message = held_.first(tx, key);
    if (!message) return false;
    for (auto& incoming : messages_of(*message)) replay_one(tx, *message, std::move(incoming));
    held_.settle(tx, *message);
    return true;
  });
}

void JobRunner::replay_one(Transaction& tx, HeldMessage const& held,
                           IncomingMessage incoming) const {
  // Its own inbox row was written when it was held; those inside a held record were not.
  bool const is_new =
      incoming.id() == held.message_id || inbox_.receive(tx, subscriber_id_, incoming.id());
  if (!is_new) return;
  chain_.before_receive(incoming);
  chain_.handle(tx, incoming);
  chain_.after_receive(incoming);
}

void JobRunner::refuse(HeldMessage const& message, std::string const& reason) const {
  database_.transact(transact_options(), [&](Transaction& tx) {
    auto const first = held_.first(tx, message.key);
    if (!first || first->sequence != message.sequence) return;
    held_.refuse(tx, *first, reason, first->attempts + 1);
  });
}

}  // namespace tram
