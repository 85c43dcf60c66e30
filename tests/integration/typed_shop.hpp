#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tram/base/clock.hpp"
#include "tram/commands/command_handlers.hpp"
#include "tram/commands/commands.hpp"
#include "tram/events/event_handlers.hpp"
#include "tram/events/event_publisher.hpp"
#include "tram/kafka/kafka.hpp"
#include "tram/postgres/postgres.hpp"
#include "tram/relay/outbox_source.hpp"
#include "tram/schema/schema.hpp"
#include "tram/service/service.hpp"

/// What the tests of typed messages on servers talk about: a shop has orders, a bank gives credit.
namespace tram::testing::shop {

struct OrderPlaced {
  static constexpr WireType wire_type{"shop.OrderPlaced"};
  std::int64_t number{};
};
struct Order {
  static constexpr WireType wire_type{"shop.Order"};
  using Events = EventsOf<OrderPlaced>;
};

struct CreditReserved {
  static constexpr WireType wire_type{"bank.CreditReserved"};
  std::int64_t amount{};
};
struct CreditRefused {
  static constexpr WireType wire_type{"bank.CreditRefused"};
  std::int64_t shortfall{};
};
struct ReserveCredit {
  static constexpr WireType wire_type{"bank.ReserveCredit"};
  using Success = CreditReserved;
  using Failure = CreditRefused;
  std::string order;
  std::int64_t amount{};
};
inline constexpr Endpoint<ReserveCredit> bank{{"bank"}};
inline constexpr std::int64_t limit{1000};

inline constexpr Channel order_replies{"order-replies"};
inline constexpr Channel call_replies{"call-replies"};

/// Where an instance of a service runs.
struct Place {
  /// Of PostgreSQL, as an URL; each service has a database of its own, its instances share it.
  std::string database;
  /// The name of the database, and so of its replication slot.
  std::string name;
  kafka::Config kafka;
  /// Before all channels and groups, so that tests do not meet.
  std::string prefix;
  Interceptors interceptors{};
};

/// An instance of a service, with a relay of its own: one of the instances relays, the others stand
/// by.
struct Instance {
  explicit Instance(Place its_place, Logger its_logger = {})
      : place{std::move(its_place)}, logger{std::move(its_logger)} {
    service.relay_outbox({.outbox = outbox_of(database, {.slot = place.name})});
  }

  [[nodiscard]] NameMapping mapping() const {
    return [prefix = place.prefix](std::string_view name) { return prefix + std::string{name}; };
  }
  ServiceOptions options() {
    ServiceOptions options{.name = place.name};
    options.workers = 4;
    options.outbox.channel_mapping = mapping();
    options.subscriber.channel_mapping = mapping();
    options.subscriber.group_mapping = mapping();
    options.subscriber.interceptors = place.interceptors;
    options.subscriber.held_check_interval = std::chrono::milliseconds{50};
    options.http = http::ServerOptions{.address = "127.0.0.1"};
    return options;
  }
  Database connect() {
    auto connected =
        postgres::connect({.connection = place.database}, {.connections_max = 16}, clock, random);
    install_schema(connected, SchemaName{});
    return connected;
  }

  Place place;
  Logger logger;
  SystemClock clock;
  SystemRandom random;
  Database database{connect()};
  std::unique_ptr<Broker> broker{kafka::connect(place.kafka, clock, logger)};
  Service service{{database, *broker, {clock, random, logger}}, options()};
};

/// Reserves credit up to the limit: notes the reservation first, which a refusal takes back.
inline Subscription bank_handlers(Outbox const& outbox) {
  return handle_commands(bank, outbox)
      .on([](Transaction& tx, Command<ReserveCredit> const& command) -> Outcome<ReserveCredit> {
        tx.execute("INSERT INTO reservations (order_id, amount) VALUES (?, ?)", command->order,
                   command->amount);
        if (command->amount > limit) return CreditRefused{command->amount - limit};
        return CreditReserved{command->amount};
      });
}

/// Notes the orders that were placed.
inline Subscription view_handlers(SubscriptionOptions const& options = {}) {
  return handle_events<Order>("view")
      .on([](Transaction& tx, Event<OrderPlaced> const& event) {
        tx.execute("INSERT INTO orders_seen (order_id, number) VALUES (?, ?)", event.aggregate_id(),
                   event->number);
      })
      .options(options);
}

}  // namespace tram::testing::shop
