// A service asks another one to do something, and gets one of the answers that the command names. A
// refusal rolls back what the handler did, and is answered all the same. Arguments, if any: the URL
// of a database, and that of a broker.

#include <iostream>
#include <tram/all_drivers.hpp>
#include <tram/tram.hpp>

using tram::Command, tram::Outcome, tram::Reply, tram::Transaction;

namespace customers {  // what the customer service shows to others
struct CreditReserved {
  static constexpr tram::WireType wire_type{"customers.CreditReserved"};
};
struct CreditLimitExceeded {
  static constexpr tram::WireType wire_type{"customers.CreditLimitExceeded"};
  std::int64_t shortfall{};
};
struct ReserveCredit {
  static constexpr tram::WireType wire_type{"customers.ReserveCredit"};
  using Success = CreditReserved;
  using Failure = CreditLimitExceeded;
  std::string customer;
  std::int64_t amount{};
};
inline constexpr tram::Endpoint<ReserveCredit> service{{"customers"}};
}  // namespace customers

using namespace customers;
tram::Subscription customer_service(tram::Outbox const& outbox) {
  return tram::handle_commands(customers::service, outbox)
      .on([](Transaction& tx, Command<ReserveCredit> const& command) -> Outcome<ReserveCredit> {
        tx.execute("INSERT INTO reservations VALUES (?, ?)", command->customer, command->amount);
        if (command->amount > 1000) return CreditLimitExceeded{command->amount - 1000};
        return CreditReserved{};
      });
}

inline constexpr tram::Channel order_replies{"order-replies"};
tram::Subscription order_service() {
  return tram::handle_replies(order_replies)
      .on([](Transaction& tx, Reply<CreditReserved> const& reply) {
        tx.execute("UPDATE orders SET state = 'approved' WHERE request = ?", reply.in_reply_to());
      })
      .on([](Transaction& tx, Reply<CreditLimitExceeded> const& reply) {
        tx.execute("UPDATE orders SET state = 'rejected' WHERE request = ?", reply.in_reply_to());
        std::cout << "Ann's credit is " << reply->shortfall << " too small\n";
      });
}

void order(tram::Database& database, tram::Commands const& commands, std::int64_t amount) {
  database.transact([&](Transaction& tx) {
    auto const command = commands.send(tx, customers::service, ReserveCredit{"Ann", amount},
                                       {.reply_to = order_replies});
    tx.execute("INSERT INTO orders VALUES (?, 'waiting')", command.message_id);
  });
}

std::int64_t count(tram::Database& database, std::string const& state) {
  return database.transact({.access = tram::Access::read_only}, [&](Transaction& tx) {
    auto const question = "SELECT count(*) FROM orders WHERE state = ?";
    return tx.execute(question, state)[0].get<std::int64_t>(0);
  });
}

int main(int argc, char** argv) try {
  tram::StopSignals const signals;
  tram::Runtime const runtime;
  auto database = tram::connect::database(argc > 1 ? argv[1] : "sqlite:credit.db",
                                          tram::all_drivers(), runtime);
  auto const broker = tram::connect::broker(argc > 2 ? argv[2] : "embedded:channels.db",
                                            tram::all_drivers(), runtime);
  tram::Service orders{{database, *broker, runtime}, {.name = "orders", .install_schema = true}};
  orders.prepare([](Transaction& tx) {
    tx.execute("CREATE TABLE IF NOT EXISTS reservations (customer TEXT, amount BIGINT)");
    tx.execute("CREATE TABLE IF NOT EXISTS orders (request TEXT, state TEXT)");
  });
  orders.relay_outbox();
  orders.add(tram::sends(customers::service))
      .add(customer_service(orders.outbox()))
      .add(order_service());
  orders.add(tram::Component{"desk", [&](std::stop_token const& stop) {
                               tram::Commands const commands{orders.outbox()};
                               for (auto const amount : {300, 3000})
                                 order(database, commands, amount);
                               while (count(database, "waiting") > 0 && !stop.stop_requested())
                                 runtime.clock.pause(std::chrono::milliseconds{10}, stop);
                               std::cout << count(database, "approved") << " approved, "
                                         << count(database, "rejected") << " rejected\n";
                               signals.request_stop();
                             }});
  return orders.run(signals.stop());
} catch (tram::Error const& error) {
  std::cerr << "error: " << error.what() << "\n";
  return tram::exit_cannot_start;
}
