#pragma once

#include <cstdint>
#include <string>

#include "chaos.hpp"
#include "fate.hpp"
#include "tram/commands/endpoint.hpp"
#include "tram/commands/reply.hpp"
#include "tram/events/aggregate.hpp"
#include "tram/events/event.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/sql/database.hpp"
#include "tram/subscriber/subscription.hpp"

namespace tram::simulation {

// What the simulated services tell each other in typed messages.

struct OrderPlaced {
  static constexpr WireType wire_type{"shop.OrderPlaced"};
  std::int64_t number{};
  Temper temper{};
};
struct OrderPaid {
  static constexpr WireType wire_type{"shop.OrderPaid"};
  std::int64_t number{};
  Temper temper{};
};
struct Order {
  static constexpr WireType wire_type{"shop.Order"};
  using Events = EventsOf<OrderPlaced, OrderPaid>;
};

struct CreditReserved {
  static constexpr WireType wire_type{"shop.CreditReserved"};
  std::int64_t number{};
  Temper temper{};
};
struct CreditRefused {
  static constexpr WireType wire_type{"shop.CreditRefused"};
  std::int64_t number{};
  Temper temper{};
};
struct ReserveCredit {
  static constexpr WireType wire_type{"shop.ReserveCredit"};
  using Success = CreditReserved;
  using Failure = CreditRefused;
  std::int64_t number{};
  Temper temper{};
  bool refused{};
  /// Answered in another transaction, with a token that was stored.
  bool later{};
  /// A refusal at once rolls back what the handler did.
  [[nodiscard]] bool leaves_effect() const { return later || !refused; }
};
inline constexpr Endpoint<ReserveCredit> credit{{"credit"}};
inline constexpr Channel credit_answers{"credit-answers"};
/// What the handler sends before it refuses: nothing of it may ever get there.
inline constexpr Channel undone{"undone"};

/// The typed half of the business: an aggregate whose events a view follows, and a command that is
/// granted or refused, at once or later.
class Shop {
 public:
  Shop(Chaos& chaos, Fate& fate) : chaos_{chaos}, fate_{fate} {}

  /// `deferred`, tokens of answers that are owed; `answer`, what came of each command. A trigger
  /// writes down the answers, which are sent behind the handlers' backs.
  static void create_tables(Database& database);

  void publish(Transaction& tx, Outbox const& outbox);
  void order_credit(Transaction& tx, Outbox const& outbox);

  /// Answers one command whose answer is owed. False when there is none, and where that failed.
  bool answer_one(Database& database, Outbox const& outbox);

  Subscription view();
  Subscription grant_credit(Outbox const& outbox);
  Subscription take_answers();

 private:
  template <class AnyEvent>
  void publish_one(Transaction& tx, Outbox const& outbox, std::string const& as);
  template <class AnyEvent>
  void see(Transaction& tx, Event<AnyEvent> const& event, std::string const& as);
  template <class Answer>
  void take(Transaction& tx, Reply<Answer> const& reply, bool refused);

  Chaos& chaos_;
  Fate& fate_;
};

}  // namespace tram::simulation
