#include "business.hpp"

#include <array>
#include <optional>
#include <stdexcept>

#include "tram/base/json.hpp"

namespace tram::simulation {
namespace {

struct RolledBack final : std::runtime_error {
  RolledBack() : std::runtime_error{"the application changed its mind"} {}
};

}  // namespace

void Business::create_tables(Database& database) {
  database.transact([](Transaction& tx) {
    tx.execute("CREATE TABLE written (seq INTEGER PRIMARY KEY AUTOINCREMENT, number INTEGER, "
               "message_id TEXT, channel TEXT, message_key TEXT, payload TEXT)");
    tx.execute("CREATE TABLE effect (seq INTEGER PRIMARY KEY AUTOINCREMENT, subscriber_id TEXT, "
               "channel TEXT, number INTEGER, message_id TEXT)");
  });
}

void Business::write(Database& database, Outbox const& outbox) {
  try {
    database.transact([&](Transaction& tx) { write_some(tx, outbox); });
  } catch (RolledBack const&) {
    chaos_.trace().event("business", "rolled back");
  } catch (Error const& error) { chaos_.trace().event("business", to_string(error.fault())); }
}

void Business::write_some(Transaction& tx, Outbox const& outbox) {
  static std::array<std::string, 2> const channels{"orders", "shipments"};
  auto const count = 1 + chaos_.random().below(3);
  for (std::uint64_t i = 0; i < count; ++i) {
    send(tx, outbox, channels[chaos_.random().below(channels.size())], new_work());
  }
  if (chaos_.happens(Trouble::rolled_back)) throw RolledBack{};
}

Work Business::new_work() {
  return {.number = 0,
          .poison = chaos_.chance(600),
          .failures = chaos_.chance(1'500) ? static_cast<int>(1 + chaos_.random().below(4)) : 0,
          .answered = chaos_.chance(3'000)};
}

void Business::send(Transaction& tx, Outbox const& outbox, std::string const& channel,
                    Work const& work) {
  auto numbered = work;
  numbered.number = ++last_number_;
  std::optional<std::string> key;
  if (!chaos_.chance(500)) key = "key-" + std::to_string(chaos_.random().below(4));
  auto const id = outbox.send(tx, channel, numbered, {.partition_key = key});
  tx.execute("INSERT INTO written (number, message_id, channel, message_key, payload) "
             "VALUES (?, ?, ?, ?, ?)",
             numbered.number, id, channel, key, json::encode(numbered));
  damage(tx, id);
}

/// Some rows are damaged so that they can be repaired, some for good.
void Business::damage(Transaction& tx, std::string const& message_id) {
  if (!chaos_.chance(200)) return;
  if (chaos_.chance(6'000)) {
    tx.execute("UPDATE message SET payload = CAST(X'FF' AS TEXT) WHERE id = ?", message_id);
    return;
  }
  tx.execute(chaos_.chance(5'000) ? "UPDATE message SET headers = 'broken' WHERE id = ?"
                                  : "UPDATE message SET destination = 'no/channel' WHERE id = ?",
             message_id);
  tx.execute("DELETE FROM written WHERE message_id = ?", message_id);
}

void Business::handle(Transaction& tx, IncomingMessage const& incoming, Outbox const& outbox) {
  auto const work = json::decode<Work>(incoming.message.payload);
  chaos_.trace().event(incoming.subscriber_id, "handles", work.number);
  ++handled_;
  if (chaos_.happens(Trouble::slow_handler)) {
    clock_.advance(std::chrono::seconds{chaos_.random().below(40)});
  }
  stumble(work, incoming);
  tx.execute("INSERT INTO effect (subscriber_id, channel, number, message_id) VALUES (?, ?, ?, ?)",
             incoming.subscriber_id, incoming.source.channel, work.number, incoming.id());
  if (work.answered) send(tx, outbox, "replies", {});
  if (!chaos_.happens(Trouble::handler_trouble)) return;
  static std::array<Fault, 4> const faults{Fault::transient, Fault::conflict, Fault::broken,
                                           Fault::rejected};
  auto const fault = faults[chaos_.random().below(faults.size())];
  chaos_.trace().event("handler", to_string(fault), work.number);
  bool const counts = fault == Fault::rejected;
  throw Error{fault, counts ? "simulation: refused" : "simulation: in trouble (no attempt)"};
}

void Business::stumble(Work const& work, IncomingMessage const& incoming) {
  if (away_)
    throw Error{Fault::transient, "simulation: what the handler needs is away (no attempt)"};
  if (work.poison && !cured_) throw std::runtime_error{"poison"};
  auto& attempts = attempts_[{incoming.subscriber_id, work.number}];
  if (attempts >= work.failures || cured_) return;
  ++attempts;
  throw std::runtime_error{"not yet"};
}

}  // namespace tram::simulation
