#include "business.hpp"

#include <array>
#include <optional>
#include <stdexcept>
#include <utility>

#include "books.hpp"
#include "tram/json/json.hpp"

namespace tram::simulation {
namespace {

struct RolledBack final : std::runtime_error {
  RolledBack() : std::runtime_error{"the application changed its mind"} {}
};

}  // namespace

void Business::write(Database& database, Outbox const& outbox) {
  try {
    database.transact([&](Transaction& tx) { write_some(tx, outbox); });
  } catch (RolledBack const&) {
    chaos_.trace().event("business", "rolled back");
  } catch (Error const& error) { bear(chaos_, error); }
}

void Business::write_some(Transaction& tx, Outbox const& outbox) {
  auto const count = 1 + chaos_.random().below(3);
  for (std::uint64_t i = 0; i < count; ++i) write_one(tx, outbox);
  if (chaos_.happens(Trouble::rolled_back)) throw RolledBack{};
}

void Business::write_one(Transaction& tx, Outbox const& outbox) {
  static std::array<std::string, 2> const channels{"orders", "shipments"};
  auto const kind = chaos_.random().below(4);
  if (kind < 2) {
    send(tx, outbox, channels[kind],
         {.temper = fate_.draw_temper(), .answered = chaos_.chance(3'000)});
  } else if (kind == 2) {
    shop_.publish(tx, outbox);
  } else {
    shop_.order_credit(tx, outbox);
  }
}

void Business::send(Transaction& tx, Outbox const& outbox, std::string const& channel,
                    Work const& work) {
  std::optional<std::string> key;
  if (!chaos_.chance(500)) key = fate_.draw_key();
  fate_.damage(tx, send(tx, outbox, channel, work, key));
}

std::string Business::send(Transaction& tx, Outbox const& outbox, std::string const& channel,
                           Work const& work, std::optional<std::string> const& key) {
  auto numbered = work;
  numbered.number = fate_.next_number();
  auto const id = outbox.send(tx, channel, numbered, {.partition_key = key});
  write_down(tx, {numbered.number, "Work", channel, key, json::encode(numbered)}, id);
  return id;
}

void Business::write_fit(Database& database, Outbox const& outbox, std::string const& key) {
  database.transact([&](Transaction& tx) { send(tx, outbox, "orders", {}, key); });
}

Subscription Business::subscription(std::string subscriber_id, std::vector<std::string> channels,
                                    Outbox const& outbox) {
  auto handler = [this, &outbox](Transaction& tx, IncomingMessage const& incoming) {
    auto const work = json::decode<Work>(incoming.message.payload);
    fate_.stumble(work.temper, work.number, incoming);
    leave_effect(tx, incoming, work.number, "Work");
    if (work.answered) send(tx, outbox, "replies", {});
  };
  return {.subscriber_id = std::move(subscriber_id),
          .channels = std::move(channels),
          .handler = std::move(handler)};
}

}  // namespace tram::simulation
