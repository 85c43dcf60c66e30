#include <gtest/gtest.h>

#include <variant>
#include <vector>

#include "java_catalogue.hpp"
#include "tram/events/event_handlers.hpp"
#include "tram/events/event_publisher.hpp"
#include "typed_world.hpp"

namespace {

using catalogue::Catalogue;
using catalogue::Customer;
using catalogue::CustomerCreated;
using catalogue::CustomerDeleted;
using tram::Decimal;
using tram::Event;
using tram::EventPublisher;
using tram::Headers;
using tram::Subscription;
using tram::Transaction;
using tram::testing::java_rows;
using tram::testing::SentMessage;
using tram::testing::vectors;

using CustomerId = tram::Id<struct CustomerTag, std::int64_t>;

struct Renumbered {
  static constexpr tram::WireType wire_type{"shop.Renumbered"};
  static constexpr int wire_version = 2;
};
struct Shop {
  static constexpr tram::WireType wire_type{"shop.Shop"};
  using Events = tram::EventsOf<Renumbered>;
};

struct Events : tram::testing::TypedWorld {
  EventPublisher events{outbox};

  void expect_rows_of_java(std::string const& what) {
    auto expected = java_rows(what);
    for (auto& row : expected) row = comparable(std::move(row));
    EXPECT_EQ(sent_comparably(), expected);
  }
};

TEST_F(Events, are_written_as_java_writes_them) {
  database.transact([&](Transaction& tx) {
    events.publish<Customer>(
        tx, CustomerId{1},
        CustomerCreated{.name = "Fred", .credit_limit = Decimal::parse("15.00")});
  });
  expect_rows_of_java("event");
}

TEST_F(Events, without_members_are_written_as_java_writes_them) {
  database.transact([&](Transaction& tx) { events.publish<Customer>(tx, 2, CustomerDeleted{}); });
  expect_rows_of_java("event without properties");
}

TEST_F(Events, of_a_java_class_are_written_as_java_writes_them) {
  database.transact(
      [&](Transaction& tx) { events.publish<Catalogue>(tx, "5", CustomerDeleted{}); });
  expect_rows_of_java("event of an aggregate class");
}

TEST_F(Events, keep_the_order_of_a_list) {
  std::vector<tram::AnyEventOf<Customer>> const happened{
      CustomerCreated{.name = "Zoë", .credit_limit = Decimal::parse("1")}, CustomerDeleted{}};
  auto const published =
      database.transact([&](Transaction& tx) { return events.publish<Customer>(tx, 4, happened); });
  expect_rows_of_java("two events at once");
  ASSERT_EQ(published.size(), 2U);
  EXPECT_EQ(published[0], sent()[0].id);
  EXPECT_EQ(published[1], sent()[1].id);
}

TEST_F(Events, carry_the_callers_headers_below_their_own) {
  Headers const headers{{"trace", "abc"}, {"event-type", "forged"}, {"PARTITION_ID", "forged"}};
  database.transact(
      [&](Transaction& tx) { events.publish<Customer>(tx, 3, CustomerDeleted{}, headers); });
  auto expected = comparable(java_rows("event with extra headers").front());
  expected.headers.set("event-type", std::string{CustomerDeleted::wire_type.name});
  expected.payload = "{}";
  EXPECT_EQ(sent_comparably(), std::vector<SentMessage>{expected});
}

TEST_F(Events, carry_their_version_where_they_declare_one) {
  database.transact([&](Transaction& tx) { events.publish<Shop>(tx, 1, Renumbered{}); });
  EXPECT_EQ(sent().front().headers.find("event-version"), "2");
}

TEST_F(Events, are_written_under_mapped_names) {
  EventPublisher const mapped{outbox,
                              {.outgoing =
                                   [](std::string_view aggregate, std::string_view type) {
                                     return std::string{aggregate} + '/' + std::string{type};
                                   },
                               .incoming = {}}};
  database.transact([&](Transaction& tx) { mapped.publish<Shop>(tx, 1, Renumbered{}); });
  EXPECT_EQ(sent().front().headers.find("event-type"), "shop.Shop/shop.Renumbered");
}

TEST_F(Events, are_gone_with_the_transaction) {
  EXPECT_THROW(database.transact([&](Transaction& tx) {
    events.publish<Shop>(tx, 1, Renumbered{});
    throw std::runtime_error{"no"};
  }),
               std::runtime_error);
  EXPECT_TRUE(sent().empty());
}

TEST_F(Events, of_java_are_handled_as_java_handles_them) {
  std::vector<std::string> handled;
  Subscription const subscription = tram::handle_events<Customer>("view").on(
      [&](Transaction&, Event<CustomerCreated> const& event) {
        handled.push_back(event.message_id() + ' ' + event.aggregate_id() + ' ' + event->name +
                          ' ' + event->credit_limit.text());
      });
  for (auto const* what : {"event", "event without properties", "two events at once"})
    for (auto const& row : java_rows(what)) give(subscription, row);

  std::vector<std::string> expected;
  for (auto const& line : vectors("handled.jsonl")) {
    if (line.at("handler") != "events" || line.at("event_class") != CustomerCreated::wire_type.name)
      continue;
    auto const payload = tram::testing::Json::parse(line.at("payload").get<std::string>());
    auto const limit = line.at("aggregate_id") == "1" ? "15.00" : "1";
    expected.push_back(line.at("event_id").get<std::string>() + ' ' +
                       line.at("aggregate_id").get<std::string>() + ' ' +
                       payload.at("name").get<std::string>() + ' ' + limit);
  }
  EXPECT_EQ(handled.size(), 2U);
  EXPECT_EQ(handled, expected);
}

}  // namespace
