#include "world.hpp"

#include <algorithm>
#include <span>
#include <tuple>
#include <utility>

#include "books.hpp"
#include "checks.hpp"
#include "tram/schema/schema.hpp"
#include "tram/sqlite/sqlite.hpp"
#include "tram/subscriber/held_messages.hpp"

namespace tram::simulation {
namespace {
using namespace std::chrono_literals;

/// What may pass between the sending of a fit message and its effect, beside messages in trouble.
constexpr Duration soon{20s};
constexpr std::int64_t fit_messages = 20;
/// Where so few records may wait, those in trouble alone can fill a partition.
constexpr std::size_t tight_backlog_max = 10;
/// Longer than any look at held messages and positions is apart.
constexpr Duration quiet_for{5s};
constexpr std::size_t all_messages{100'000};

void drop_garbage(Transaction& tx, HeldMessages const& held) {
  for (auto const& message : held.messages(tx, {}, all_messages)) {
    if (message.payload.find("garbage") == std::string::npos) continue;
    held.drop(tx, message.key.subscriber_id, message.message_id);
  }
}

}  // namespace

World::World(RunOptions const& options)
    : options_{options},
      chaos_{options.seed, clock_, options.loud},
      fate_{chaos_, clock_},
      sets_clock_{chaos_.chance(5'000)},
      restores_{chaos_.chance(4'000)},
      removes_old_rows_{chaos_.chance(5'000)},
      shop_{chaos_, fate_},
      business_{chaos_, fate_, shop_},
      delayer_{chaos_, business_, options.sabotage},
      broker_{{.partitions = static_cast<std::int32_t>(1 + chaos_.random().below(4))}, clock_},
      stranger_{broker_.producer()} {
  for (std::size_t number = 0; number < stores_.size(); ++number) make_store(number);
  plan_processes();
}

World::~World() = default;

void World::make_store(std::size_t number) {
  auto& store = stores_[number];
  store.path = CivilTime::memory_path(chaos_.random());
  store.driver = sqlite::driver({.path = store.path}, clock_, chaos_.random());
  store.database = std::make_unique<Database>(
      sqlite::connect({.path = store.path}, PoolOptions{}, clock_, chaos_.random()));
  install_schema(*store.database, SchemaName::none(), {Delayer::tables(store.database->dialect())});
  store.outbox_table = probe_outbox_table(*store.database, SchemaName::none());
  open_books(*store.database);
  Shop::create_tables(*store.database);
  sabotage_database(*store.database, options_.sabotage);
}

void World::plan_processes() {
  bool const relay_apart = chaos_.chance(5'000);
  auto const replies = plain("orders", {"replies"});
  auto const work = plain("customers", {"orders", "shipments"});
  auto audit = plain("audit", {"shipments"});
  audit.options.hold_key = chaos_.chance(7'000);
  if (!audit.options.hold_key) without_order_.insert("audit");
  auto const view = typed([this](Outbox const&) { return shop_.view(); });
  auto const grants = typed([this](Outbox const& outbox) { return shop_.grant_credit(outbox); });
  // It keeps each message for a time that is drawn.
  without_order_.insert(Delayer::subscriber_id);
  auto const delayed = typed([this](Outbox const& outbox) {
    return delayer_.contribution(outbox, clock_).subscriptions.front();
  });
  auto const answers = typed([this](Outbox const&) { return shop_.take_answers(); });
  add({.name = "orders-1",
       .store = 0,
       .writes = true,
       .relays = !relay_apart,
       .subscribes = {replies, answers}});
  add({.name = "orders-2", .store = 0, .writes = true, .subscribes = {replies, answers}});
  if (relay_apart) { add({.name = "relay", .store = 0, .relays = true, .subscribes = {}}); }
  add({.name = "customers-1",
       .store = 1,
       .answers = true,
       .relays = true,
       .delays = true,
       .subscribes = {work, view, grants, delayed}});
  add({.name = "customers-2",
       .store = 1,
       .answers = true,
       .delays = true,
       .subscribes = {work, audit, view, grants, delayed}});
}

void World::add(ProcessPlan plan) {
  processes_.push_back(
      std::make_unique<Process>(Surroundings{.chaos = chaos_,
                                             .clock = clock_,
                                             .civil_time = civil_time_,
                                             .broker = broker_,
                                             .traffic = traffic_,
                                             .fate = fate_,
                                             .business = business_,
                                             .shop = shop_,
                                             .delayer = delayer_,
                                             .store = stores_[plan.store],
                                             .relay = draw_relay_options(),
                                             .sabotage = options_.sabotage,
                                             .intercepts = chaos_.chance(5'000),
                                             .removes_old_rows = removes_old_rows_},
                                std::move(plan)));
}

SubscriptionPlan World::plain(std::string const& subscriber_id,
                              std::vector<std::string> const& channels) {
  auto const options = draw_options();
  if (subscriber_id == "customers") tight_ = options.partition_backlog_max <= tight_backlog_max;
  return {.make =
              [this, subscriber_id, channels](Outbox const& outbox) {
                return business_.subscription(subscriber_id, channels, outbox);
              },
          .options = options};
}

SubscriptionPlan World::typed(std::function<Subscription(Outbox const&)> make) {
  return {.make = std::move(make), .options = draw_options()};
}

SubscriptionOptions World::draw_options() {
  SubscriptionOptions options;
  options.retry.attempts_max = static_cast<int>(1 + chaos_.random().below(4));
  if (chaos_.chance(4'000)) options.messages_per_transaction = 1 + chaos_.random().below(5);
  if (chaos_.chance(4'000)) {
    options.breaker.failures_max = static_cast<int>(1 + chaos_.random().below(5));
  }
  if (chaos_.chance(3'000))
    options.partition_backlog_max = 1 + chaos_.random().below(tight_backlog_max);
  return options;
}

RelayOptions World::draw_relay_options() {
  return {.window = static_cast<std::size_t>(2 + chaos_.random().below(30)),
          .read_rows_max = static_cast<std::size_t>(1 + chaos_.random().below(20)),
          .retention_interval = removes_old_rows_ || chaos_.chance(5'000) ? 1s : 1h};
}

// --- life

RunResult World::run() {
  live();
  Findings findings;
  check_progress(findings);
  heal();
  settle_held(findings);
  end_processes();
  if (findings.empty()) findings = examine(stores_, broker_, clock_, traffic_, without_order_);
  if (findings.empty() && removes_old_rows_) check_removal(findings);
  return {.findings = std::move(findings),
          .hash = chaos_.trace().hash(),
          .happened = chaos_.happened(),
          .logged = chaos_.trace().logged(),
          .noted = fate_.noted(),
          .last_events = chaos_.trace().last()};
}

void World::live() {
  auto const actions = 200 + chaos_.random().below(400);
  for (std::uint64_t i = 0; i < actions; ++i) act();
}

void World::act() {
  auto& process = any_process();
  process.start_if_due();
  auto const what = chaos_.random().below(100);
  if (what < 13) {
    process.write();
  } else if (what < 15) {
    process.answer();
  } else if (what < 35) {
    process.step_relay();
  } else if (what < 60) {
    process.step_subscriber();
  } else if (what < 84) {
    process.run_job();
  } else if (what < 85) {
    process.step_contributed();
  } else if (what < 95) {
    pass_time();
  } else {
    disturb();
  }
}

Process& World::any_process() { return *processes_[chaos_.random().below(processes_.size())]; }

void World::pass_time() {
  auto const how = chaos_.random().below(100);
  auto const longest = how < 60 ? 20ms : how < 95 ? 1'000ms : 15'000ms;
  clock_.advance(std::chrono::milliseconds{
      1 + chaos_.random().below(static_cast<std::uint64_t>(longest.count()))});
}

void World::disturb() {
  static std::array<std::string, 7> const groups{
      "orders", "customers", "audit", "view", "credit", "credit-answers", Delayer::subscriber_id};
  auto const& group = groups[chaos_.random().below(groups.size())];
  auto const what = chaos_.random().below(15);
  chaos_.trace().event("world", "disturbs by", static_cast<std::int64_t>(what));
  switch (what) {
    case 0: return broker_.rebalance(group);
    case 1: return broker_.expire_members(group);
    case 2: ++traffic_.breaks; return broker_.break_producers();
    case 3:
      return broker_.delay(
          std::chrono::milliseconds{chaos_.chance(5'000) ? 0 : chaos_.random().below(2'000)});
    case 4: return land_again();
    case 5: return land_garbage();
    case 6: return clock_.set_wall(clock_.wall() - std::chrono::seconds{chaos_.random().below(90)});
    case 7: return any_process().kill();
    case 8: return any_process().stop();
    case 9: return fate_.toggle_away();
    case 10: return freeze_member();
    case 11: return back_up_or_restore();
    case 12: return set_clock();
    default: return operate();
  }
}

/// As after a rewind of the relay: a record that is there already lands once more.
void World::land_again() {
  if (traffic_.landed.empty()) return;
  auto const& record = traffic_.landed[chaos_.random().below(traffic_.landed.size())];
  stranger_ = broker_.producer();
  std::ignore = stranger_->submit({record.channel, record.key, record.value}, ++stranger_sequence_);
}

void World::land_garbage() {
  static std::array<std::string, 4> const channels{"orders", "shop.Order", "credit",
                                                   "credit-answers"};
  auto const& channel = channels[chaos_.random().below(channels.size())];
  broker_.create_channels(std::span{&channel, 1}, 0, Deadline::now());
  auto const key = fate_.draw_key();
  auto const number = to_string(++stranger_sequence_);
  auto const value = chaos_.chance(5'000)
                         ? "garbage " + number
                         : R"({"payload":"garbage","headers":{"PARTITION_ID":")" + key + "\"}}";
  stranger_ = broker_.producer();
  std::ignore = stranger_->submit({channel, key, value}, stranger_sequence_);
}

/// Somebody asks for retries though nothing is cured yet, and may drop what is no message.
void World::operate() {
  for (auto& store : stores_) {
    store.database->transact([&](Transaction& tx) {
      HeldMessages const held{store.database->dialect(), SchemaName::none()};
      if (chaos_.chance(5'000)) drop_garbage(tx, held);
      held.request_retry(tx, {});
      tx.execute("UPDATE tram_relay_held SET retry_requested = 1");
    });
  }
}

/// As often as once a second every process looks at its clock; before the next step, here.
void World::set_clock() {
  if (!sets_clock_) return;
  auto const before = clock_.wall();
  civil_time_.step(chaos_.random());
  auto const step = std::chrono::duration_cast<std::chrono::hours>(clock_.wall() - before);
  chaos_.trace().event("world", "sets the clock by hours:", step.count());
  fate_.note(step > 0h ? "clock set forward" : "clock set back");
  for (auto const& process : processes_) process->step_subscriber();
}

/// The database goes back to what it was, under all that use it.
void World::back_up_or_restore() {
  if (!restores_) return;
  auto& store = stores_[chaos_.random().below(stores_.size())];
  chaos_.trace().event("world", store.backup ? "restores a backup" : "makes a backup");
  if (!store.backup) {
    store.backup.emplace(store.path);
    return;
  }
  store.backup->restore(*store.database, fate_.last_number(), store.undone);
  fate_.note("restored");
  if (chaos_.chance(5'000)) store.backup.reset();
}

/// A member stops in a handler for a while, and holds its transaction; its successors wait.
void World::freeze_member() {
  if (traffic_.landed.empty()) return;
  auto const& record = traffic_.landed[chaos_.random().below(traffic_.landed.size())];
  constexpr std::string_view before_id{"\"ID\":\""};
  auto const at = record.value.find(before_id);
  if (at == std::string::npos) return;
  auto const from = at + before_id.size();
  auto const id = record.value.substr(from, record.value.find('"', from) - from);
  auto const thaws = clock_.steady() + std::chrono::seconds{1 + chaos_.random().below(100)};
  for (auto& store : stores_) store.locks[id] = thaws;
}

// --- rest

/// Nothing goes wrong any more, but some messages are in trouble still: the others get on.
void World::check_progress(Findings& findings) {
  if (tight_ || !fate_.last_stuck() || !chaos_.chance(6'000)) return;
  chaos_.heal();
  fate_.restore();
  broker_.delay(Duration{});
  clock_.advance(2min);
  run_for(20s, 1s, [] { return false; });
  operate();
  auto const before = fate_.last_number();
  write_fit();
  run_for(soon, 200ms, [&] { return count_orders_since(before) == fit_messages; });
  if (auto const fit = count_orders_since(before); fit < fit_messages) {
    findings.push_back({Finding::Kind::starved, std::to_string(fit_messages - fit) +
                                                    " fit messages wait beside some in trouble"});
  }
}

void World::write_fit() {
  auto const writer =
      std::ranges::find_if(processes_, [](auto const& process) { return process->plan().writes; });
  for (std::int64_t i = 0; i < fit_messages; ++i) (*writer)->write_fit("fit-" + std::to_string(i));
}

/// What they had acknowledged is stored by now. Those that saw what the civil clock did are asked
/// for more.
void World::end_processes() {
  for (auto const& process : processes_) {
    if (!process->forgets()) process->kill();
  }
}

/// What is done is removed when it is old, whatever the civil clock did before. A row that was
/// stamped ahead is as old as those behind it, so there must be some.
void World::check_removal(Findings& findings) {
  civil_time_.settle();
  for (int round = 0; round < 2; ++round) {
    clock_.advance(row_age + 1h);
    write_fit();
    if (run_until_quiet()) continue;
    findings.push_back({Finding::Kind::restless, unrest()});
    return;
  }
  for (auto& store : stores_) {
    // The last row that was published stays, as the proof.
    for (std::string const rows :
         {"received_messages", "message WHERE seq < (SELECT max(seq) FROM message)"}) {
      if (auto const old = count_old(store, rows); old > 0)
        findings.push_back({Finding::Kind::kept, std::to_string(old) + " old rows of " + rows});
    }
  }
}

/// Rows that are old, or have an old one behind them; up to the first that is not.
std::int64_t World::count_old(Store& store, std::string const& from) {
  auto const rows = "(SELECT rowid AS place, creation_time AS at FROM " + from + ")";
  auto const now = clock_.wall().time_since_epoch().count();
  auto const old_before = now - std::chrono::milliseconds{row_age}.count();
  return store.database->transact([&](Transaction& tx) {
    return tx
        .execute("SELECT count(*) FROM " + rows + " AS row WHERE EXISTS (SELECT 1 FROM " + rows +
                     " AS behind WHERE behind.place >= row.place AND behind.at < ? AND NOT EXISTS "
                     "(SELECT 1 FROM " +
                     rows +
                     " AS young WHERE young.place < behind.place AND young.at BETWEEN ? AND ?))",
                 old_before, old_before, now)[0]
        .get<std::int64_t>(0);
  });
}

void World::run_for(Duration duration, Duration step, std::function<bool()> const& done) {
  auto const end = clock_.steady() + duration;
  while (clock_.steady() < end && !done()) {
    run_once();
    clock_.advance(step);
  }
}

std::int64_t World::count_orders_since(std::int64_t number) {
  return stores_[1].database->transact([&](Transaction& tx) {
    return tx
        .execute("SELECT count(*) FROM effect WHERE subscriber_id = 'customers' AND channel = "
                 "'orders' AND number > ?",
                 number)[0]
        .get<std::int64_t>(0);
  });
}

void World::heal() {
  chaos_.trace().event("world", "is healed");
  chaos_.heal();
  fate_.cure();
  broker_.delay(Duration{});
}

void World::settle_held(Findings& findings) {
  for (int round = 0; round < 10; ++round) {
    if (!run_until_quiet()) {
      findings.push_back({Finding::Kind::restless, unrest()});
      return;
    }
    if (count_held() == 0) return;
    retry_everything();
  }
}

bool World::run_until_quiet() {
  auto quiet_since = clock_.steady();
  auto before = activity();
  for (int round = 0; round < 5'000; ++round) {
    run_once();
    if (activity() != std::exchange(before, activity()) || !unrest().empty()) {
      quiet_since = clock_.steady();
    }
    if (clock_.steady() - quiet_since > quiet_for) return true;
    auto next = clock_.steady() + 1s;
    for (auto const& process : processes_) next = std::min(next, process->next_step());
    clock_.advance(std::max<Duration>(next - clock_.steady(), 1ms));
  }
  return false;
}

void World::run_once() {
  for (auto const& process : processes_) {
    process->start_if_due();
    process->step_relay();
    process->step_subscriber();
    while (process->run_job()) {}
    while (process->answer()) {}
    while (process->step_contributed()) {}
  }
}

std::string World::unrest() const {
  for (auto const& process : processes_) {
    if (auto state = process->state(); !state.empty()) return process->plan().name + ": " + state;
  }
  if (Delayer::count(*stores_[1].database) > 0) return "delayed messages wait";
  return "";
}

std::int64_t World::count_held() {
  std::int64_t count = 0;
  for (auto& store : stores_) {
    count += store.database->transact([](Transaction& tx) {
      return tx
          .execute("SELECT (SELECT count(*) FROM tram_held_message) + "
                   "(SELECT count(*) FROM tram_relay_held)")[0]
          .get<std::int64_t>(0);
    });
  }
  return count;
}

/// What can be repaired is repaired, what cannot is dropped, and all is tried again.
void World::retry_everything() {
  chaos_.trace().event("world", "retries everything");
  for (auto& store : stores_) {
    store.database->transact([&](Transaction& tx) {
      HeldMessages const held{store.database->dialect(), SchemaName::none()};
      drop_garbage(tx, held);
      held.request_retry(tx, {});
      tx.execute("DELETE FROM tram_relay_held WHERE row_id NOT IN "
                 "(SELECT message_id FROM written)");
      tx.execute("UPDATE tram_relay_held SET retry_requested = 1, payload = "
                 "(SELECT payload FROM written WHERE message_id = row_id)");
    });
  }
}

RunResult run(RunOptions const& options) {
  World world{options};
  return world.run();
}

}  // namespace tram::simulation
