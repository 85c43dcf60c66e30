#include "batch_handler.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <sstream>
#include <utility>

#include "received_record.hpp"
#include "storable.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/base/thrown.hpp"

namespace tram {

/// What ended a run.
struct Failure {
  Fault fault;
  std::string what;
  std::exception_ptr error;
  bool is_about_setup{};
};

namespace {

/// Few runs in a row: a database that is away is met by the breaker, not by a worker that waits.
constexpr int attempts_max = 5;
constexpr Duration look_timeout{std::chrono::seconds{5}};
/// A key with much to replay leaves the worker to others after this time.
constexpr Duration replay_turn{std::chrono::milliseconds{50}};
/// A transaction of replays ends after this time, so that few keys wait for a slow handler.
constexpr Duration replay_transaction{std::chrono::milliseconds{5}};
constexpr std::size_t replay_messages_max = 64;

RunStatus status_of(Fault fault) {
  switch (fault) {
    case Fault::transient:
    case Fault::conflict:
    case Fault::broken:
    case Fault::in_doubt: return RunStatus::unavailable;
    case Fault::malformed: return RunStatus::hopeless;
    case Fault::rejected: break;
  }
  return RunStatus::failed;
}

/// Runs a function of the user's; what it throws, of whatever type.
template <class Function>
std::optional<Failure> failure_of(Function&& function) {
  try {
    function();
  } catch (Error const& error) {
    return Failure{error.fault(), describe_current_exception(), std::current_exception(),
                   error.is_about_setup()};
  } catch (...) {  // thread top: nothing that a handler throws ends the worker
    return Failure{Fault::rejected, describe_current_exception(), std::current_exception()};
  }
  return std::nullopt;
}

/// What the handler threw, or what kept the commit from happening, also where the handler made
/// another error of it, or went on behind it.
bool lacks_setup(Failure const& failure, TransactionAttempt const& attempt) {
  return failure.is_about_setup || (failure.fault == Fault::rejected && attempt.lacks_setup);
}

/// One of several that shared a transaction did not get on. When something is away for the one
/// whose handler said so, the others run alone at once; when the database is, all wait.
RunResults results_of_many(std::size_t count, std::size_t at, RunResult const& result) {
  bool const all_wait = result.status == RunStatus::unavailable && result.cause == Cause::database;
  RunResult const alone{.status = RunStatus::run_alone, .reason = result.reason};
  RunResults results(count, all_wait ? result : alone);
  if (result.status == RunStatus::unavailable) results[at] = result;
  return results;
}

}  // namespace

BatchHandler::BatchHandler(Database& database, SchemaName const& schema,
                           Subscription const& subscription, Interceptors const& interceptors,
                           Logger const& logger)
    : database_{database},
      inbox_{database.dialect(), schema},
      held_{database.dialect(), schema},
      chain_{subscription, interceptors, logger},
      subscriber_id_{subscription.subscriber_id},
      options_{subscription.options} {}

RunResults BatchHandler::run(Batch const& batch) const {
  auto const& messages = batch.messages;
  if (messages.front().to_hold) return {hold(messages.front())};
  TransactionAttempt attempt;
  auto const options = transact_options(attempt);
  Progress progress;
  auto const failure = failure_of([&] { handle(batch, progress, options); });
  if (!failure) {
    RunResults results;
    for (auto const status : progress.statuses) results.push_back({.status = status});
    return results;
  }
  auto result = result_of(*failure, progress, options);
  result.reason = described(messages[progress.at].incoming, result.reason);
  if (messages.size() == 1) return {result};
  return results_of_many(messages.size(), progress.at, result);
}

/// Whose fault it was: what the handler threw is its message's, and so is what the database says
/// about the handler's statements and about the commit, unless something is away.
RunResult BatchHandler::result_of(Failure const& failure, Progress const& progress,
                                  TransactOptions const& options) const {
  using Stage = TransactionAttempt::Stage;
  auto const& attempt = *options.attempt;
  auto status = status_of(failure.fault);
  auto reason = failure.what;
  bool const refused_commit = attempt.stage == Stage::commit && status != RunStatus::unavailable;
  auto cause = refused_commit ? Cause::statement : Cause::database;
  if (progress.in_handler) {
    bool const raised = attempt.statement_error == failure.error;
    bool const lock = raised && failure.fault == Fault::conflict;
    cause = lock ? Cause::database : raised ? Cause::statement : Cause::handler;
  }
  if ((progress.in_handler || refused_commit) && lacks_setup(failure, attempt)) {
    cause = Cause::setup;
  }
  if (cause == Cause::database || cause == Cause::setup) status = RunStatus::unavailable;
  if (status != RunStatus::unavailable) return {.status = status, .reason = reason, .cause = cause};
  bool const answers = database_answers();
  if (progress.in_handler && answers && took_its_time(progress, options)) {
    return {.status = RunStatus::failed, .reason = overrun() + reason, .cause = Cause::handler};
  }
  return {.status = status, .reason = reason, .cause = cause, .database_answers = answers};
}

void BatchHandler::note_time(Progress& progress, TransactOptions const& options) const {
  progress.began = database_.clock().steady();
  progress.waited_before = options.attempt->waited;
}

/// The time is over, and it was the handler that took it: neither a statement that waited, nor the
/// way to the handler.
bool BatchHandler::took_its_time(Progress const& progress, TransactOptions const& options) const {
  auto const& clock = database_.clock();
  auto const waited = options.attempt->waited - progress.waited_before;
  auto const its_own = clock.steady() - progress.began - waited;
  return options.deadline->reached(clock) && its_own >= options_.handle_timeout / 2;
}

/// The commit would refuse to come too late as well, but not tell whose handler it was.
void BatchHandler::check_in_time(Deadline deadline) const {
  if (!deadline.reached(database_.clock())) return;
  throw Error{Fault::transient, "the handler returned too late, and nothing was committed"};
}

std::string BatchHandler::overrun() const {
  auto const seconds = std::chrono::duration<double>(options_.handle_timeout).count();
  std::ostringstream text;
  text << "handle_timeout (" << seconds << " s) was over: ";
  return text.str();
}

/// Also that it takes what every run writes: a database that can only be read is away.
bool BatchHandler::database_answers() const {
  TransactOptions const options{.timeout = look_timeout, .attempts_max = 1};
  return !failure_of(
      [&] { database_.transact(options, [&](Transaction& tx) { inbox_.require_writable(tx); }); });
}

/// When this throws, `progress` tells of the attempt that failed last, and of no other.
void BatchHandler::handle(Batch const& batch, Progress& progress,
                          TransactOptions const& options) const {
  std::vector<IncomingMessage> changed;
  if (chain_.changes_messages()) {
    for (auto const& each : batch.messages) {
      progress = {.at = changed.size(), .in_handler = true};
      note_time(progress, options);
      changed.push_back(each.incoming);
      chain_.before_receive(changed.back());
    }
  }
  auto const message = [&](std::size_t place) -> IncomingMessage const& {
    return changed.empty() ? batch.messages[place].incoming : changed[place];
  };
  auto each_attempt = options;
  each_attempt.begins = [&] { progress = {}; };
  database_.transact(each_attempt, [&](Transaction& tx) {
    auto const receptions = receive(tx, batch);
    for (auto const& each : batch.messages) {
      progress.at = progress.statuses.size();
      note_time(progress, options);
      progress.statuses.push_back(
          handle_one(tx, each, receptions[progress.at], message(progress.at), progress.in_handler));
      progress.in_handler = false;
    }
  });
  for (auto const& each : changed) chain_.after_receive(each);
}

/// All inbox rows of the batch before the first handler: what the batch waits for does not grow
/// with its messages.
std::vector<InboxResult> BatchHandler::receive(Transaction& tx, Batch const& batch) const {
  if (batch.messages.size() == 1) return {receive(tx, batch.messages.front().incoming)};
  std::vector<InboxEntry> arrivals;
  arrivals.reserve(batch.messages.size());
  for (auto const& each : batch.messages) {
    arrivals.push_back({.key = held_key(each.incoming), .message_id = message_id(each.incoming)});
  }
  return inbox_.receive(tx, arrivals);
}

InboxResult BatchHandler::receive(Transaction& tx, IncomingMessage const& incoming) const {
  auto const id = message_id(incoming);
  if (options_.hold_key) return inbox_.receive(tx, held_key(incoming), id);
  bool const first_time = inbox_.receive(tx, subscriber_id_, id);
  return first_time ? InboxResult::fresh : InboxResult::duplicate;
}

RunStatus BatchHandler::handle_one(Transaction& tx, QueuedMessage const& message,
                                   InboxResult reception, IncomingMessage const& incoming,
                                   bool& in_handler) const {
  if (reception == InboxResult::duplicate) return RunStatus::duplicate;
  if (reception == InboxResult::key_is_held && options_.hold_key &&
      held_.hold_behind(tx, held_message(message, "held behind an earlier message of its key"))) {
    return RunStatus::held_behind;
  }
  in_handler = true;
  chain_.handle(tx, incoming);
  check_in_time(tx.deadline());
  return RunStatus::handled;
}

/// Nothing is lost while it waits where it cannot be held; the status tells of it.
RunResult BatchHandler::hold(QueuedMessage const& message) const {
  TransactionAttempt attempt;
  auto const held = held_message(message, message.reason);
  auto status = RunStatus::held;
  auto const failure = failure_of([&] {
    status = database_.transact(transact_options(attempt), [&](Transaction& tx) {
      if (!inbox_.receive(tx, subscriber_id_, held.message_id)) return RunStatus::duplicate;
      held_.hold(tx, held);
      return RunStatus::held;
    });
  });
  if (!failure) return {.status = status, .reason = message.reason};
  return {.status = RunStatus::unavailable,
          .reason = described(message.incoming, "it cannot be held: " + failure->what),
          .cause = Cause::database,
          .database_answers = database_answers()};
}

TransactOptions BatchHandler::transact_options(TransactionAttempt& attempt) const {
  // The inbox row tells the next attempt whether this one happened.
  return {.access = Access::marked_write,
          .timeout = options_.handle_timeout,
          .deadline = Deadline::after(database_.clock(), options_.handle_timeout),
          .attempts_max = attempts_max,
          .nesting = Nesting::refused,
          .attempt = &attempt};
}

// --- replays

std::vector<HeldKey> BatchHandler::requested(std::optional<HeldKey> const& after,
                                             std::size_t max) const {
  TransactOptions const options{
      .access = Access::read_only, .timeout = look_timeout, .attempts_max = 1};
  return database_.transact(
      options, [&](Transaction& tx) { return held_.requested(tx, subscriber_id_, max, after); });
}

ReplayRuns BatchHandler::replay(ReplayTurn const& turn,
                                std::function<bool()> const& stopped) const {
  auto const& clock = database_.clock();
  auto const turn_ends = Deadline::after(clock, replay_turn);
  ReplayRuns runs(turn.size());
  bool goes_on = true;
  while (goes_on && !stopped() && !turn_ends.reached(clock)) {
    goes_on = replay_together(turn, runs);
  }
  return runs;
}

/// One transaction; false when the turn ends with it. What failed first in it failed by itself.
/// What failed later may have failed because of what came before, so all run alone.
bool BatchHandler::replay_together(ReplayTurn const& turn, ReplayRuns& runs) const {
  TransactionAttempt transaction;
  auto options = transact_options(transaction);
  ReplayProgress at;
  auto const before = runs;
  options.begins = [&] {
    at = {};
    runs = before;
  };
  auto const failure = failure_of([&] {
    database_.transact(options,
                       [&](Transaction& tx) { replay_in_turns(tx, turn, runs, at, options); });
  });
  if (!failure) return std::ranges::any_of(runs, [](auto const& run) { return !run.done; });
  runs = before;
  auto result = result_of(*failure, at.progress, options);
  bool const is_away = result.status == RunStatus::unavailable && result.cause == Cause::database;
  bool const failed_by_itself = at.progress.at == 0 || turn.front().alone;
  if (failed_by_itself) {
    fail(runs[at.key], turn[at.key], at.message, std::move(result));
  } else if (is_away) {
    for (auto& run : runs) {
      if (!run.done) run.trouble = result;
    }
  } else {
    for (auto& run : runs) run.run_alone = !run.done;
  }
  return false;
}

/// A message of each key after the other, until the transaction has enough.
void BatchHandler::replay_in_turns(Transaction& tx, ReplayTurn const& turn, ReplayRuns& runs,
                                   ReplayProgress& at, TransactOptions const& options) const {
  auto const& clock = database_.clock();
  auto const enough = Deadline::after(clock, replay_transaction);
  std::size_t const max = turn.front().alone ? 1 : replay_messages_max;
  while (true) {
    bool found = false;
    for (at.key = 0; at.key < turn.size(); ++at.key) {
      auto& run = runs[at.key];
      if (run.done) continue;
      found = true;
      replay_next(tx, turn[at.key].key, run, at, options);
      if (++at.progress.at >= max || enough.reached(clock)) return;
    }
    if (!found) return;
  }
}

void BatchHandler::replay_next(Transaction& tx, HeldKey const& key, ReplayRun& run,
                               ReplayProgress& at, TransactOptions const& options) const {
  at.message.reset();
  auto first = held_.take_first(tx, key);
  run.done = !first || first->is_last;
  if (!first) return;
  at.message = std::move(first->message);
  at.progress.in_handler = true;
  note_time(at.progress, options);
  for (auto& incoming : messages_of(*at.message)) replay_one(tx, *at.message, std::move(incoming));
  check_in_time(tx.deadline());
  at.progress.in_handler = false;
  held_.settle(tx, *at.message);
  ++run.replayed;
}

void BatchHandler::replay_one(Transaction& tx, HeldMessage const& held,
                              IncomingMessage incoming) const {
  // Its own inbox row was written when it was held; those inside a held record were not.
  bool const is_new = Storable{incoming.id()}.view() == held.message_id ||
                      inbox_.receive(tx, subscriber_id_, incoming.id());
  if (!is_new) return;
  chain_.before_receive(incoming);
  chain_.handle(tx, incoming);
  chain_.after_receive(incoming);
}

/// What a turn comes to that failed: the message is told of it, and when it was for the last time
/// the request ends.
void BatchHandler::fail(ReplayRun& run, ReplayTry const& attempt,
                        std::optional<HeldMessage> const& message, RunResult result) const {
  run.trouble = std::move(result);
  if (!message) return;
  auto& trouble = *run.trouble;
  trouble.reason = described(*message, trouble.reason);
  bool const away = trouble.status == RunStatus::unavailable;
  bool const hopeless = trouble.status == RunStatus::hopeless;
  run.attempts = message->attempts + (away ? 0 : 1);
  // The failures that the turn began with were those of a message that has got on since.
  bool const is_next = run.replayed > 0;
  bool const last_failure = is_next ? options_.retry.attempts_max <= 1 : attempt.last_failure;
  bool const last_unavailable =
      is_next ? options_.retry.unavailable_max <= 1 : attempt.last_unavailable;
  run.given_up = away ? last_unavailable && is_its_own(trouble) : last_failure || hopeless;
  if (away && !run.given_up) return;
  auto const not_noted = failure_of([&] { note(*message, trouble.reason, run); });
  if (!not_noted) return;
  run.given_up = false;
  trouble = {.status = RunStatus::unavailable,
             .reason = described(*message, not_noted->what),
             .cause = Cause::database};
}

void BatchHandler::note(HeldMessage const& message, std::string_view reason,
                        ReplayRun const& run) const {
  TransactionAttempt attempt;
  database_.transact(transact_options(attempt), [&](Transaction& tx) {
    auto const first = held_.first(tx, message.key);
    if (!first || first->sequence != message.sequence) return;
    if (run.given_up) {
      held_.refuse(tx, *first, reason, run.attempts);
    } else {
      held_.note_failure(tx, *first, reason, run.attempts);
    }
  });
}

}  // namespace tram
