#include "shop.hpp"

#include <utility>

#include "tram/base/json.hpp"
#include "tram/commands/command_handlers.hpp"
#include "tram/commands/commands.hpp"
#include "tram/commands/reply_handlers.hpp"
#include "tram/events/event_handlers.hpp"
#include "tram/events/event_publisher.hpp"

namespace tram::simulation {
namespace {

Outcome<ReserveCredit> outcome(bool refused, std::int64_t number, Temper const& temper) {
  if (refused) return CreditRefused{number, temper};
  return CreditReserved{number, temper};
}

}  // namespace

void Shop::create_tables(Database& database) {
  database.transact([](Transaction& tx) {
    tx.execute("CREATE TABLE deferred (seq INTEGER PRIMARY KEY, token TEXT, refused BOOLEAN)");
    tx.execute("CREATE TABLE answer (command_id TEXT, refused BOOLEAN)");
  });
}

std::string Shop::publish(Transaction& tx, Outbox const& outbox) {
  EventPublisher const events{outbox};
  auto const id = fate_.draw_key();
  auto const number = fate_.next_number();
  auto const temper = fate_.draw_temper();
  if (chaos_.chance(5'000)) return events.publish<Order>(tx, id, OrderPaid{number, temper});
  return events.publish<Order>(tx, id, OrderPlaced{number, temper});
}

std::string Shop::order_credit(Transaction& tx, Outbox const& outbox) {
  ReserveCredit const command{.number = fate_.next_number(),
                              .temper = fate_.draw_temper(),
                              .refused = chaos_.chance(4'000),
                              .later = chaos_.chance(3'000)};
  return Commands{outbox}
      .send(tx, credit, command, {.reply_to = credit_answers, .partition_key = fate_.draw_key()})
      .message_id;
}

bool Shop::answer_one(Database& database, Outbox const& outbox) {
  try {
    return database.transact([&](Transaction& tx) {
      auto const owed = tx.execute("SELECT seq, token, refused FROM deferred ORDER BY seq LIMIT 1");
      if (owed.empty()) return false;
      tx.execute("DELETE FROM deferred WHERE seq = ?", owed[0].get<std::int64_t>(0));
      auto const token = json::decode<ReplyToken>(owed[0].get<std::string>(1));
      Commands{outbox}.reply(
          tx, token, outcome(owed[0].get<bool>(2), fate_.next_number(), fate_.draw_temper()));
      return true;
    });
  } catch (Error const& error) {
    chaos_.trace().event("shop", to_string(error.fault()));
    return false;
  }
}

Subscription Shop::view() {
  return handle_events<Order>("view")
      .on([this](Transaction& tx, Event<OrderPlaced> const& event) {
        fate_.stumble(event->temper, event->number, event.incoming());
        leave_effect(tx, event.incoming(), event->number);
      })
      .on([this](Transaction& tx, Event<OrderPaid> const& event) {
        fate_.stumble(event->temper, event->number, event.incoming());
        leave_effect(tx, event.incoming(), event->number);
      });
}

Subscription Shop::grant_credit(Outbox const& outbox) {
  return handle_commands(credit, outbox)
      .on([this](Transaction& tx, Command<ReserveCredit> const& command) -> Outcome<ReserveCredit> {
        fate_.stumble(command->temper, command->number, command.incoming());
        leave_effect(tx, command.incoming(), command->number);
        if (!command->later) {
          return outcome(command->refused, fate_.next_number(), fate_.draw_temper());
        }
        tx.execute("INSERT INTO deferred (token, refused) VALUES (?, ?)",
                   json::encode(command.reply_token()), command->refused);
        return no_reply;
      });
}

Subscription Shop::take_answers() {
  return handle_replies(credit_answers)
      .on([this](Transaction& tx, Reply<CreditReserved> const& reply) {
        take(tx, reply, reply->number, reply->temper);
      })
      .on([this](Transaction& tx, Reply<CreditRefused> const& reply) {
        take(tx, reply, reply->number, reply->temper);
      });
}

void Shop::take(Transaction& tx, RawReply const& reply, std::int64_t number, Temper const& temper) {
  fate_.stumble(temper, number, reply.incoming());
  leave_effect(tx, reply.incoming(), number);
  tx.execute("INSERT INTO answer (command_id, refused) VALUES (?, ?)", reply.in_reply_to(),
             reply.outcome() == ReplyOutcome::failure);
}

}  // namespace tram::simulation
