#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tram/base/clock.hpp"
#include "tram/base/decimal.hpp"
#include "tram/base/id.hpp"
#include "tram/base/random.hpp"
#include "tram/commands/command_handlers.hpp"
#include "tram/commands/reply_handlers.hpp"
#include "tram/commands/sends.hpp"
#include "tram/embedded/in_memory.hpp"
#include "tram/events/event_handlers.hpp"
#include "tram/events/publishes.hpp"
#include "tram/json/schema.hpp"
#include "tram/schema/schema.hpp"
#include "tram/service/asyncapi.hpp"
#include "tram/service/service.hpp"
#include "tram/sqlite/sqlite.hpp"

/// A service that has all there is to describe, and prints it.
namespace shop {

using OrderId = tram::Id<struct OrderTag>;

enum class Reason { no_credit, no_customer };
constexpr auto enum_names(Reason /*reason*/) {
  return tram::json::names<Reason>(
      {{Reason::no_credit, "NO_CREDIT"}, {Reason::no_customer, "NO_CUSTOMER"}});
}

struct Money {
  tram::Decimal amount;
};

struct Line {
  std::string product;
  int quantity{};
};

struct OrderPlaced {
  static constexpr tram::WireType wire_type{"shop.OrderPlaced"};
  OrderId order_id;
  Money total;
  std::vector<Line> lines;
  std::optional<std::string> note;
};
struct OrderRejected {
  static constexpr tram::WireType wire_type{"shop.Order$Rejected"};
  Reason reason{};
};
struct Order {
  static constexpr tram::WireType wire_type{"shop.Order"};
  using Events = tram::EventsOf<OrderPlaced, OrderRejected>;
};

struct CreditReserved {
  static constexpr tram::WireType wire_type{"credit.CreditReserved"};
};
struct CreditRefused {
  static constexpr tram::WireType wire_type{"credit.CreditRefused"};
  Money missing;
};
struct ReserveCredit {
  static constexpr tram::WireType wire_type{"credit.ReserveCredit"};
  using Success = CreditReserved;
  using Failure = CreditRefused;
  OrderId order_id;
  Money total;
};
struct ReleaseCredit {
  static constexpr tram::WireType wire_type{"credit.ReleaseCredit"};
  OrderId order_id;
};
inline constexpr tram::Endpoint<ReserveCredit, ReleaseCredit> credit{{"credit"}};

void add_everything(tram::Service& service) {
  using tram::Command;
  using tram::Event;
  using tram::Outcome;
  using tram::Transaction;
  service.add(tram::publishes<Order>())
      .add(tram::sends(credit))
      .add(tram::handle_events<Order>("view")
               .on("showOrder", [](Transaction&, Event<OrderPlaced> const&) {})
               .on([](Transaction&, Event<OrderRejected> const&) {}))
      .add(tram::handle_commands(credit, service.outbox())
               .on("reserveCredit",
                   [](Transaction&, Command<ReserveCredit> const&) -> Outcome<ReserveCredit> {
                     return CreditReserved{};
                   })
               .on([](Transaction&, Command<ReleaseCredit> const&) {}))
      .add(tram::handle_replies(tram::Channel{"shop-replies"})
               .on([](Transaction&, tram::Reply<CreditReserved> const&) {})
               .ignore_others())
      .add(tram::Subscription{.subscriber_id = "archive",
                              .channels = {"shop.Order"},
                              .handler = [](Transaction&, tram::IncomingMessage const&) {}});
}

}  // namespace shop

template <>
struct tram::JsonSchema<shop::Money> {
  static std::string schema() {
    return R"({"type":"object","properties":{"amount":{"type":"number","multipleOf":0.01}}})";
  }
};

int main(int argc, char** argv) {
  if (argc != 2 || std::string_view{argv[1]} != "--asyncapi") return 2;
  tram::SystemClock clock;
  tram::SystemRandom random;
  auto database =
      tram::sqlite::connect({.path = tram::sqlite::memory_path(random)}, {}, clock, random);
  tram::install_schema(database, tram::SchemaName{});
  auto const broker = tram::embedded::in_memory_broker({}, clock);
  tram::Service service{{database, *broker, {clock, random, {}}},
                        {.name = "shop", .version = "1.2.3"}};
  shop::add_everything(service);
  std::cout << tram::asyncapi(service.description());
}
