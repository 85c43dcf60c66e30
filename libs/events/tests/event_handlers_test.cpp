#include "tram/events/event_handlers.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tram/base/error.hpp"
#include "tram/events/event_counters.hpp"
#include "tram/sql/connection.hpp"
#include "tram/sql/dialect.hpp"

namespace {

using tram::Error;
using tram::Event;
using tram::EventCounters;
using tram::Fault;
using tram::Headers;
using tram::IncomingMessage;
using tram::Message;
using tram::RawEvent;
using tram::Subscription;
using tram::Transaction;
using tram::WireType;

using OrderId = tram::Id<struct OrderTag, std::int64_t>;

struct OrderPlaced {
  static constexpr WireType wire_type{"orders.OrderPlaced"};
  static constexpr auto former_wire_types = tram::wire_types("orders.OrderMade");
  std::string customer;
  std::int64_t total{};
  std::optional<std::string> note{};
};
struct OrderApproved {
  static constexpr WireType wire_type{"orders.OrderApproved"};
};
struct Line {
  std::int32_t quantity{};
};
struct OrderChanged {
  static constexpr WireType wire_type{"orders.OrderChanged"};
  static constexpr int wire_version = 3;
  std::vector<Line> lines;
};
struct Order {
  static constexpr WireType wire_type{"orders.Order"};
  using Events = tram::EventsOf<OrderPlaced, OrderApproved, OrderChanged>;
};
struct CustomerMoved {
  static constexpr WireType wire_type{"customers.CustomerMoved"};
};
struct Customer {
  static constexpr WireType wire_type{"customers.Customer"};
  using Events = tram::EventsOf<CustomerMoved>;
};

// The handlers here run no SQL.
struct NoConnection final : tram::Connection {
  void begin(tram::Access, tram::Deadline) override {}
  tram::Rows execute(std::string_view, tram::Parameters, tram::Deadline) override { return {}; }
  void post(std::string_view, tram::Parameters, tram::Deadline) override {}
  void commit(tram::Deadline) override {}
  bool reset() noexcept override { return true; }
};

IncomingMessage event_message(std::string aggregate, std::string type, std::string payload) {
  Headers headers{{"ID", "17-4"},
                  {"event-aggregate-type", aggregate},
                  {"event-aggregate-id", "7"},
                  {"event-type", std::move(type)}};
  return {.message = {std::move(headers), std::move(payload)},
          .subscriber_id = "view",
          .source = {.channel = std::move(aggregate)},
          .key = "7"};
}

void give(Subscription const& subscription, IncomingMessage const& incoming) {
  NoConnection connection;
  tram::Dialect const dialect{};
  Transaction tx{connection, dialect, tram::Deadline::never(), {}};
  subscription.handler(tx, incoming);
}

std::string malformed(Subscription const& subscription, IncomingMessage const& incoming) {
  try {
    give(subscription, incoming);
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::malformed);
    return error.what();
  }
  ADD_FAILURE() << "nothing was raised";
  return {};
}

TEST(EventHandlers, gives_an_event_to_the_handler_that_names_it) {
  std::vector<std::string> seen;
  Subscription const subscription =
      tram::handle_events<Order>("view")
          .on([&](Transaction&, Event<OrderApproved> const&) { seen.emplace_back("approved"); })
          .on("note placed orders", [&](Transaction&, Event<OrderPlaced> const& event) {
            seen.push_back(event->customer + " " + std::to_string(event->total));
            EXPECT_EQ(event.aggregate_id(), "7");
            EXPECT_EQ(event.aggregate_id_as<OrderId>(), OrderId{7});
            EXPECT_EQ(event.aggregate_type(), "orders.Order");
            EXPECT_EQ(event.message_id(), "17-4");
            EXPECT_EQ(event.message().headers.size(), 4U);
          });
  EXPECT_EQ(subscription.subscriber_id, "view");
  EXPECT_EQ(subscription.channels, std::vector<std::string>{"orders.Order"});
  give(subscription, event_message("orders.Order", "orders.OrderPlaced",
                                   R"({"customer":"Ann","total":3,"new":[1]})"));
  give(subscription, event_message("orders.Order", "orders.OrderApproved", "{}"));
  EXPECT_EQ(seen, (std::vector<std::string>{"Ann 3", "approved"}));
}

void handle_moves(Transaction& /*tx*/, Event<CustomerMoved> const& /*event*/) {}

TEST(EventHandlers, takes_several_aggregates_in_one_subscriber) {
  int placed = 0;
  EventCounters counters;
  Subscription const subscription =
      tram::handle_events<Order>("view")
          .on([&](Transaction&, Event<OrderPlaced> const&) { ++placed; })
          .count_in(counters)
          .and_events<Customer>()
          .on(handle_moves);
  EXPECT_EQ(subscription.channels,
            (std::vector<std::string>{"orders.Order", "customers.Customer"}));
  give(subscription, event_message("customers.Customer", "customers.CustomerMoved", "{}"));
  give(subscription,
       event_message("orders.Order", "orders.OrderPlaced", R"({"customer":"","total":1})"));
  EXPECT_EQ(placed, 1);
  EXPECT_EQ(counters.handled, 2U);
}

TEST(EventHandlers, counts_and_passes_over_events_that_nobody_handles) {
  EventCounters counters;
  Subscription const subscription =
      tram::handle_events<Order>("view")
          .on([](Transaction&, Event<OrderApproved> const&) { FAIL(); })
          .count_in(counters);
  give(subscription, event_message("orders.Order", "orders.Unknown", "no JSON"));
  // The same event of another aggregate is another event.
  give(subscription, event_message("orders.Basket", "orders.OrderApproved", "{}"));
  EXPECT_EQ(counters.ignored, 2U);
  EXPECT_EQ(counters.handled, 0U);
}

TEST(EventHandlers, show_what_they_passed_over_as_a_metric) {
  Subscription const subscription =
      tram::handle_events<Order>("view").on([](Transaction&, Event<OrderApproved> const&) {});
  ASSERT_EQ(subscription.metrics.size(), 1U);
  auto const& metric = subscription.metrics.front();
  EXPECT_EQ(metric.name, "tram_events_ignored_total");
  EXPECT_EQ(metric.labels.front(), (std::pair<std::string, std::string>{"subscriber", "view"}));
  EXPECT_EQ(metric.value(), 0U);
  give(subscription, event_message("orders.Order", "orders.Unknown", "no JSON"));
  EXPECT_EQ(metric.value(), 1U);
}

TEST(EventHandlers, gives_what_is_left_to_the_handler_for_the_rest) {
  std::vector<std::string> seen;
  Subscription const subscription =
      tram::handle_events<Order>("audit")
          .on([&](Transaction&, Event<OrderApproved> const&) { seen.emplace_back("typed"); })
          .on_raw(WireType{"orders.OrderPlaced"},
                  [&](Transaction&, RawEvent const& event) { seen.push_back(event.payload()); })
          .otherwise([&](Transaction&, RawEvent const& event) { seen.emplace_back(event.type()); });
  give(subscription, event_message("orders.Order", "orders.OrderPlaced", "as it is"));
  give(subscription, event_message("orders.Order", "orders.Unknown", "{}"));
  give(subscription, event_message("orders.Order", "orders.OrderApproved", "{}"));
  EXPECT_EQ(seen, (std::vector<std::string>{"as it is", "orders.Unknown", "typed"}));
}

TEST(EventHandlers, reads_a_renamed_event_under_its_former_name) {
  std::string customer;
  Subscription const subscription = tram::handle_events<Order>("view").on(
      [&](Transaction&, Event<OrderPlaced> const& event) { customer = event->customer; });
  give(subscription,
       event_message("orders.Order", "orders.OrderMade", R"({"customer":"Bob","total":1})"));
  EXPECT_EQ(customer, "Bob");
}

TEST(EventHandlers, looks_handlers_up_by_mapped_names) {
  int approved = 0;
  auto const java_name = [](std::string_view aggregate, std::string_view type) {
    return aggregate == "orders.Order" && type == "com.example.OrderApprovedEvent"
               ? std::string{"orders.OrderApproved"}
               : std::string{type};
  };
  Subscription const subscription = tram::handle_events<Order>("view")
                                        .on([&](Transaction&, Event<OrderApproved> const& event) {
                                          ++approved;
                                          EXPECT_EQ(event.type(), "orders.OrderApproved");
                                        })
                                        .names({.outgoing = {}, .incoming = java_name});
  give(subscription, event_message("orders.Order", "com.example.OrderApprovedEvent", "{}"));
  EXPECT_EQ(approved, 1);
}

TEST(EventHandlers, call_messages_without_the_headers_of_an_event_malformed) {
  Subscription const subscription = tram::handle_events<Order>("view").on(
      [](Transaction&, Event<OrderApproved> const&) { FAIL(); });
  for (auto const* name : {"event-type", "event-aggregate-type", "event-aggregate-id", "ID"}) {
    auto incoming = event_message("orders.Order", "orders.OrderApproved", "{}");
    incoming.message.headers.erase(name);
    auto const what = malformed(subscription, incoming);
    EXPECT_NE(what.find("channel 'orders.Order', message '"), std::string::npos) << what;
    EXPECT_NE(what.find('\'' + std::string{name} + '\''), std::string::npos) << what;
  }
}

TEST(EventHandlers, tell_channel_message_type_and_path_of_a_payload_they_cannot_read) {
  Subscription const subscription =
      tram::handle_events<Order>("view")
          .on([](Transaction&, Event<OrderChanged> const&) { FAIL(); })
          .on([](Transaction&, Event<OrderPlaced> const&) { FAIL(); });
  auto changed = event_message("orders.Order", "orders.OrderChanged",
                               R"({"lines":[{"quantity":1},{"quantity":1.9}]})");
  changed.message.headers.set("event-version", "3");
  EXPECT_EQ(malformed(subscription, changed),
            "channel 'orders.Order', message '17-4': orders.OrderChanged: "
            "OrderChanged.lines[1].quantity: expected an integer, got 1.9");

  std::string const deep(10'000, '[');
  for (std::string const payload :
       {R"({"customer":1,"total":1})", R"({"customer":"Ann"})",
        R"({"customer":"Ann","total":9223372036854775808})", R"({"customer":"\ud800","total":1})",
        R"({"customer":"Ann","total":"1"})", R"([])", "", "{", "\xff"}) {
    auto const what =
        malformed(subscription, event_message("orders.Order", "orders.OrderPlaced", payload));
    EXPECT_TRUE(
        what.starts_with("channel 'orders.Order', message '17-4': orders.OrderPlaced: OrderPlaced"))
        << what;
  }
  for (std::string const& payload :
       {R"({"customer":")" + std::string(10U << 20U, 'x') + R"(","total":1})",
        R"({"unknown":)" + deep + std::string(10'000, ']') + R"(,"customer":"","total":1})"}) {
    auto const what =
        malformed(subscription, event_message("orders.Order", "orders.OrderPlaced", payload));
    EXPECT_LT(what.size(), 1000U);
  }
}

TEST(EventHandlers, bring_old_payloads_up_to_the_current_version_step_by_step) {
  std::vector<std::int32_t> quantities;
  Subscription const subscription =
      tram::handle_events<Order>("view")
          .on([&](Transaction&, Event<OrderChanged> const& event) {
            for (auto const& line : event->lines) quantities.push_back(line.quantity);
          })
          .upcast<OrderChanged>(tram::FromVersion{1},
                                [](std::string_view quantity) {
                                  return R"({"quantity":)" + std::string{quantity} + "}";
                                })
          .upcast<OrderChanged>(
              tram::FromVersion{2},
              [](std::string_view line) { return R"({"lines":[)" + std::string{line} + "]}"; })
          .upcast<OrderChanged>(WireType{"orders.LinesChanged"}, [](std::string_view lines) {
            return R"({"lines":)" + std::string{lines} + "}";
          });
  auto change = [&](std::string const& version, std::string const& payload) {
    auto incoming = event_message("orders.Order", "orders.OrderChanged", payload);
    if (!version.empty()) incoming.message.headers.set("event-version", version);
    return incoming;
  };
  give(subscription, change("", "1"));
  give(subscription, change("1", "2"));
  give(subscription, change("2", R"({"quantity":3})"));
  give(subscription, change("3", R"({"lines":[{"quantity":4}]})"));
  give(subscription,
       event_message("orders.Order", "orders.LinesChanged", R"([{"quantity":5},{"quantity":6}])"));
  EXPECT_EQ(quantities, (std::vector<std::int32_t>{1, 2, 3, 4, 5, 6}));

  EXPECT_NE(malformed(subscription, change("4", "{}")).find("version 4 is not understood"),
            std::string::npos);
  EXPECT_NE(malformed(subscription, change("new", "{}")).find("'event-version' is 'new'"),
            std::string::npos);
}

TEST(EventHandlers, let_what_a_handler_throws_pass) {
  Subscription const subscription =
      tram::handle_events<Order>("view").on([](Transaction&, Event<OrderApproved> const&) {
        throw Error{Fault::transient, "the printer is out of paper"};
      });
  try {
    give(subscription, event_message("orders.Order", "orders.OrderApproved", "{}"));
    FAIL();
  } catch (Error const& error) {
    EXPECT_STREQ(error.what(), "the printer is out of paper");
    EXPECT_EQ(error.fault(), Fault::transient);
  }
}

template <class Register>
std::string rejection(Register const& add) {
  try {
    auto handlers = tram::handle_events<Order>("view");
    add(handlers);
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::rejected);
    return error.what();
  }
  return "";
}

TEST(EventHandlers, have_one_handler_for_each_event) {
  auto const approve = [](Transaction&, Event<OrderApproved> const&) {};
  auto const second = std::string{"subscriber 'view': the handler of 'orders.OrderApproved' of "
                                  "'orders.Order' is the second one; a subscriber has one handler "
                                  "for each event of an aggregate"};
  EXPECT_EQ(rejection([&](auto& handlers) { handlers.on(approve).on(approve); }), second);
  EXPECT_EQ(rejection([&](auto& handlers) {
              handlers.on(approve).on_raw(OrderApproved::wire_type,
                                          [](Transaction&, tram::RawEvent const&) {});
            }),
            second);
}

TEST(EventHandlers, have_one_handler_for_all_other_events) {
  auto const pass = [](Transaction&, tram::RawEvent const&) {};
  EXPECT_NE(rejection([&](auto& handlers) {
              handlers.otherwise(pass).otherwise(pass);
            }).find("is the second one"),
            std::string::npos);
  EXPECT_NE(rejection([&](auto& handlers) { handlers.otherwise(nullptr); }).find("is empty"),
            std::string::npos);
}

void approve_nothing(Transaction&, Event<OrderApproved> const&) {}

TEST(EventHandlers, refuse_functions_that_are_none) {
  std::function<void(Transaction&, Event<OrderApproved> const&)> const empty;
  auto* pointer = &approve_nothing;
  EXPECT_EQ(rejection([&](auto& handlers) { handlers.on(pointer); }), "");
  pointer = nullptr;
  for (auto const& refused : {rejection([&](auto& handlers) { handlers.on(empty); }),
                              rejection([&](auto& handlers) { handlers.on(pointer); })}) {
    EXPECT_NE(refused.find("is empty; give it a function"), std::string::npos) << refused;
  }
}

TEST(EventHandlers, refuse_what_could_never_run_when_it_is_added) {
  EXPECT_EQ(
      rejection([](auto& handlers) { handlers.on_raw({"orders.Other"}, nullptr); }),
      "subscriber 'view': the handler of 'orders.Other' of 'orders.Order' is empty; give it a "
      "function");
  EXPECT_NE(rejection([](auto& handlers) {
              handlers.on_raw({""}, [](Transaction&, tram::RawEvent const&) {});
            }),
            "");
  auto const keep = [](std::string_view payload) { return std::string{payload}; };
  EXPECT_EQ(rejection([&](auto& handlers) {
              handlers.template upcast<OrderApproved>(tram::FromVersion{1}, keep);
            }),
            "subscriber 'view': an upcast of 'orders.OrderApproved' begins at version 1; it begins "
            "at a version from 1 below the event's `wire_version`, which is 1");
  EXPECT_NE(rejection([&](auto& handlers) {
              handlers.template upcast<OrderApproved>(tram::WireType{"orders.Old"}, keep)
                  .template upcast<OrderApproved>(tram::WireType{"orders.Old"}, keep);
            }),
            "");
}

}  // namespace
