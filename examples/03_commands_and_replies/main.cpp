// A service asks another one to do something, and gets one of the answers that the command names. A
// refusal rolls back what the handler did, and is answered all the same.

#include <tram/commands/command_handlers.hpp>
#include <tram/commands/commands.hpp>
#include <tram/commands/reply_handlers.hpp>
#include <tram/commands/sends.hpp>

#include <iostream>

#include "platform.hpp"

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

int main(int argc, char** argv) {
  std::vector<std::string> const tables{"reservations (customer TEXT, amount BIGINT)",
                                        "orders (request TEXT, state TEXT)"};
  examples::Platform platform{argc, argv, "orders", tables};
  platform.service.add(tram::sends(customers::service))
      .add(customer_service(platform.service.outbox()))
      .add(order_service());
  tram::Commands const commands{platform.service.outbox()};
  auto const order = [&](std::int64_t amount) {
    auto const sent = platform.database.transact([&](Transaction& tx) {
      auto const command = commands.send(tx, customers::service, ReserveCredit{"Ann", amount},
                                         {.reply_to = order_replies});
      tx.execute("INSERT INTO orders VALUES (?, 'waiting')", command.message_id);
      return command;
    });
    std::string state;
    platform.eventually([&](Transaction& tx) {
      auto const rows = tx.execute("SELECT state FROM orders WHERE request = ?", sent.message_id);
      return (state = rows[0].get<std::string>(0)) != "waiting";
    });
    std::cout << "the order of " << amount << " is " << state << "\n";
    return state;
  };
  return platform.run([&] { return order(300) == "approved" && order(3000) == "rejected"; });
}
