#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tram/commands/command_handlers.hpp"
#include "tram/commands/commands.hpp"
#include "tram/commands/reply_handlers.hpp"
#include "tram/events/event_handlers.hpp"
#include "tram/events/event_publisher.hpp"
#include "tram/sql/database.hpp"
#include "tram/subscriber/held_messages.hpp"
#include "tram/testkit/in_memory_world.hpp"

namespace {

using tram::Command;
using tram::Event;
using tram::Outcome;
using tram::Reply;
using tram::Transaction;

struct OrderPlaced {
  static constexpr tram::WireType wire_type{"shop.OrderPlaced"};
  std::int64_t total{};
};
struct Order {
  static constexpr tram::WireType wire_type{"shop.Order"};
  using Events = tram::EventsOf<OrderPlaced>;
};
struct CreditRefused {
  static constexpr tram::WireType wire_type{"bank.CreditRefused"};
  std::int64_t shortfall{};
};
struct ReserveCredit {
  static constexpr tram::WireType wire_type{"bank.ReserveCredit"};
  using Failure = CreditRefused;
  std::int64_t amount{};
};
constexpr tram::Endpoint<ReserveCredit> bank{{"bank"}};
constexpr tram::Channel replies{"replies"};

/// An event asks for credit, a bank grants or refuses it, and its replies are noted: all that is
/// typed, in one world of one thread.
struct TypedInOneWorld : ::testing::Test {
  tram::testkit::InMemoryWorld world;
  tram::Commands commands{world.outbox()};

  TypedInOneWorld() {
    world.database().transact([](Transaction& tx) {
      tx.execute("CREATE TABLE reserved (amount INTEGER)");
      tx.execute("CREATE TABLE answers (text TEXT)");
    });
    world.add(tram::handle_events<Order>("credit").on(
        [this](Transaction& tx, Event<OrderPlaced> const& event) {
          commands.send(tx, bank, ReserveCredit{event->total},
                        {.reply_to = replies, .partition_key = event.aggregate_id()});
        }));
    world.add(tram::handle_commands(bank, world.outbox())
                  .on([](Transaction& tx,
                         Command<ReserveCredit> const& command) -> Outcome<ReserveCredit> {
                    tx.execute("INSERT INTO reserved VALUES (?)", command->amount);
                    if (command->amount > 1000) return CreditRefused{command->amount - 1000};
                    return tram::Success{};
                  }));
    world.add(tram::handle_replies(replies)
                  .on([](Transaction& tx, Reply<tram::Success> const&) {
                    tx.execute("INSERT INTO answers VALUES ('reserved')");
                  })
                  .on([](Transaction& tx, Reply<CreditRefused> const& reply) {
                    tx.execute("INSERT INTO answers VALUES (?)",
                               std::to_string(reply->shortfall) + " too much");
                  }));
  }
  void place(std::int64_t id, std::int64_t total) {
    world.database().transact([&](Transaction& tx) {
      tram::EventPublisher{world.outbox()}.publish<Order>(tx, id, OrderPlaced{total});
    });
  }
  std::vector<std::string> all(std::string const& sql) {
    std::vector<std::string> texts;
    world.database().transact([&](Transaction& tx) {
      for (auto const& row : tx.execute(sql)) texts.push_back(row.get<std::string>(0));
    });
    return texts;
  }
};

TEST_F(TypedInOneWorld, has_one_effect_whatever_happens_on_the_way) {
  world.disturb({.duplicates = true, .shuffled = true});
  place(1, 300);
  place(2, 3000);
  world.crash();
  world.run_until_quiet();
  EXPECT_EQ(all("SELECT CAST(amount AS TEXT) FROM reserved"), (std::vector<std::string>{"300"}));
  EXPECT_EQ(all("SELECT text FROM answers ORDER BY text"),
            (std::vector<std::string>{"2000 too much", "reserved"}));
  EXPECT_EQ(world.published("bank").size(), 2U);
  EXPECT_EQ(world.published("replies").size(), 2U);
  EXPECT_TRUE(world.held().empty());
}

}  // namespace
