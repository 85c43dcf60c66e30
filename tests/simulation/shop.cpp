#include "shop.hpp"

#include <utility>

#include "books.hpp"
#include "tram/commands/command_handlers.hpp"
#include "tram/commands/commands.hpp"
#include "tram/commands/reply_handlers.hpp"
#include "tram/events/event_handlers.hpp"
#include "tram/events/event_publisher.hpp"
#include "tram/json/json.hpp"

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
    tx.execute("CREATE TABLE answer (command_id TEXT, refused BOOLEAN, failed BOOLEAN)");
    tx.execute("CREATE TRIGGER write_down_answers AFTER INSERT ON message "
               "WHEN NEW.destination = 'credit-answers' BEGIN "
               "INSERT INTO written (number, meant_as, message_id, channel, message_key, payload) "
               "VALUES (json_extract(NEW.payload, '$.number'), 'answer', NEW.id, NEW.destination, "
               "json_extract(NEW.headers, '$.PARTITION_ID'), NEW.payload); END");
  });
}

void Shop::publish(Transaction& tx, Outbox const& outbox) {
  if (chaos_.chance(5'000)) publish_one<OrderPaid>(tx, outbox, "OrderPaid");
  else publish_one<OrderPlaced>(tx, outbox, "OrderPlaced");
}

template <class AnyEvent>
void Shop::publish_one(Transaction& tx, Outbox const& outbox, std::string const& as) {
  auto const order = fate_.draw_key();
  AnyEvent const event{fate_.next_number(), fate_.draw_temper()};
  auto const id = EventPublisher{outbox}.publish<Order>(tx, order, event);
  write_down(tx, {event.number, as + " of " + order, "shop.Order", order, json::encode(event)}, id);
  fate_.damage(tx, id);
}

void Shop::order_credit(Transaction& tx, Outbox const& outbox) {
  auto const key = fate_.draw_key();
  ReserveCredit const command{.number = fate_.next_number(),
                              .temper = fate_.draw_temper(),
                              .refused = chaos_.chance(4'000),
                              .later = chaos_.chance(3'000)};
  auto const id = Commands{outbox}
                      .send(tx, credit, command, {.reply_to = credit_answers, .partition_key = key})
                      .message_id;
  write_down(tx, {command.number, "ReserveCredit", "credit", key, json::encode(command)}, id);
  fate_.damage(tx, id);
}

bool Shop::answer_one(Database& database, Outbox const& outbox) {
  try {
    return database.transact([&](Transaction& tx) {
      auto const owed = tx.execute("SELECT seq, token, refused FROM deferred ORDER BY seq LIMIT 1");
      if (owed.empty()) return false;
      tx.execute("DELETE FROM deferred WHERE seq = ?", owed[0].get<std::int64_t>(0));
      auto const token = json::decode<ReplyToken>(owed[0].get<std::string>(1));
      bool const refused = owed[0].get<bool>(2);
      Commands{outbox}.reply(tx, token, outcome(refused, fate_.next_number(), fate_.draw_temper()));
      fate_.note(refused ? "refused later" : "granted later");
      return true;
    });
  } catch (Error const& error) {
    bear(chaos_, error);
    return false;
  }
}

Subscription Shop::view() {
  return handle_events<Order>("view")
      .on([this](Transaction& tx, Event<OrderPlaced> const& event) {
        see(tx, event, "OrderPlaced");
      })
      .on([this](Transaction& tx, Event<OrderPaid> const& event) { see(tx, event, "OrderPaid"); });
}

template <class AnyEvent>
void Shop::see(Transaction& tx, Event<AnyEvent> const& event, std::string const& as) {
  fate_.stumble(event->temper, event->number, event.incoming());
  leave_effect(tx, event.incoming(), event->number, as + " of " + event.aggregate_id());
  fate_.note("event seen");
}

Subscription Shop::grant_credit(Outbox const& outbox) {
  return handle_commands(credit, outbox)
      .on([this, &outbox](Transaction& tx,
                          Command<ReserveCredit> const& command) -> Outcome<ReserveCredit> {
        fate_.stumble(command->temper, command->number, command.incoming());
        leave_effect(tx, command.incoming(), command->number, "ReserveCredit");
        if (command->later) {
          tx.execute("INSERT INTO deferred (token, refused) VALUES (?, ?)",
                     json::encode(command.reply_token()), command->refused);
          return no_reply;
        }
        if (command->refused) outbox.send(tx, undone.name, *command);
        fate_.note(command->refused ? "refused at once" : "granted at once");
        return outcome(command->refused, fate_.next_number(), fate_.draw_temper());
      });
}

Subscription Shop::take_answers() {
  return handle_replies(credit_answers)
      .on([this](Transaction& tx, Reply<CreditReserved> const& reply) { take(tx, reply, false); })
      .on([this](Transaction& tx, Reply<CreditRefused> const& reply) { take(tx, reply, true); });
}

template <class Answer>
void Shop::take(Transaction& tx, Reply<Answer> const& reply, bool refused) {
  fate_.stumble(reply->temper, reply->number, reply.incoming());
  leave_effect(tx, reply.incoming(), reply->number, "answer");
  tx.execute("INSERT INTO answer (command_id, refused, failed) VALUES (?, ?, ?)",
             reply.in_reply_to(), refused, reply.outcome() == ReplyOutcome::failure);
}

}  // namespace tram::simulation
