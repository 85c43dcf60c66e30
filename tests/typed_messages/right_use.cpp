// Compiled like the wrong uses, to show that it is not the way of compiling that fails.
#include "customers.hpp"
#include "orders.hpp"
#include "records.hpp"
#include "shipments.hpp"
#include "tram/sql/function_executor.hpp"

void publish(tram::Transaction& tx, tram::EventPublisher const& events) {
  events.publish<Order>(tx, "1", OrderPlaced{});
}

tram::Subscription event_handlers() {
  return tram::handle_events<Order>("view").on(
      [](tram::Transaction&, tram::Event<OrderPlaced> const&) {});
}

void send(tram::Transaction& tx, tram::Commands const& commands, tram::ReplyToken const& token) {
  commands.send(tx, service, ReserveCredit{}, {.reply_to = {"orders-replies"}});
  commands.reply<ReserveCredit>(tx, token, CustomerNotFound{});
}

// In a transaction adopted on the spot.
void adopted(tram::FunctionExecutor const& tx, tram::EventPublisher const& events,
             tram::Commands const& commands, tram::ReplyToken const& token) {
  auto const adopt = [&] { return tx; };
  events.publish<Order>(adopt(), "1", OrderPlaced{});
  commands.send(adopt(), service, ReserveCredit{}, {.reply_to = {"orders-replies"}});
  commands.notify(adopt(), service, ReserveCredit{});
  commands.reply<ReserveCredit>(adopt(), token, CustomerNotFound{});
}

tram::Subscription command_handlers(tram::Outbox const& outbox) {
  return tram::handle_commands(service, outbox)
      .on([](tram::Transaction&,
             tram::Command<ReserveCredit> const&) -> tram::Outcome<ReserveCredit> {
        return CreditReserved{};
      });
}

// Names that are put together at run time are owned.
tram::Channel replies_of(std::string const& host) { return tram::Channel{"calls-" + host}; }
tram::WireType type_of(std::string const& name) { return {"customers." + name}; }
static_assert(tram::Channel{"orders-replies"}.name == "orders-replies");

tram::Subscription reply_handlers() {
  return tram::handle_replies({"orders-replies"})
      .on([](tram::Transaction&, tram::Reply<CreditReserved> const&) {});
}

void on_booked(tram::Transaction&, ShipmentBooked const&);

// Decoded, decoded beside the message as it came, and not decoded.
tram::Subscription message_handlers() {
  arrivals(on_booked);
  arrivals([](tram::Transaction&, ShipmentBooked) noexcept {});
  arrivals([](tram::Transaction&, ShipmentBooked const&, tram::IncomingMessage const&) {});
  return arrivals([](tram::Transaction&, tram::IncomingMessage const&) {});
}

// Positions and numbers go where they came from.
void pass_on(tram::Producer& producer, tram::Consumer& consumer, tram::Delivery const& record) {
  tram::Sequence last;
  while (producer.submit({record.source.channel, record.key, record.value}, ++last)) {}
  consumer.acknowledge(record.source, record.position);
}
void confirm(tram::ChangeSource& source, tram::OutboxRow const& row, tram::LogPosition reached) {
  if (row.ends_at > reached) reached = *row.ends_at;
  source.confirm(reached);
}
