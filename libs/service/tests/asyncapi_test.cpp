#include "tram/service/asyncapi.hpp"

#include <gtest/gtest.h>

#include "tram/json/json.hpp"
#include "tram/json/value.hpp"

namespace tram {
namespace {

using Direction = MessageDescription::Direction;

/// The part of a document at a path; its text, empty when there is none.
std::string at(std::string const& document, std::initializer_list<std::string_view> path) {
  auto const whole = json::decode<json::Value>(document);
  auto const* part = &whole;
  for (auto const name : path) {
    part = part->find(name);
    if (part == nullptr) return {};
  }
  return json::encode(*part);
}

MessageDescription order_placed(Direction direction, std::string operation = {}) {
  return {.direction = direction,
          .channel = "orders.Order",
          .payload = {.type = "orders.OrderPlaced", .schema = R"({"type":"object"})"},
          .operation = std::move(operation),
          .headers = {{.name = "event-type", .value = "orders.OrderPlaced"},
                      {.name = "event-aggregate-id", .value = {}}}};
}

TEST(AsyncApi, tells_of_a_service_that_does_nothing) {
  auto const document = asyncapi({.name = "shop \"7\"", .version = "1.0", .messages = {}});
  EXPECT_EQ(at(document, {"asyncapi"}), R"("3.0.0")");
  EXPECT_EQ(at(document, {"info", "title"}), R"("shop \"7\"")");
  EXPECT_EQ(at(document, {"channels"}), "{}");
  EXPECT_EQ(at(document, {"operations"}), "{}");
}

TEST(AsyncApi, has_a_channel_an_operation_and_a_message_for_a_handler) {
  auto const document = asyncapi({.name = "shop",
                                  .version = "1",
                                  .messages = {order_placed(Direction::receives, "whenPlaced")}});
  EXPECT_EQ(at(document, {"channels"}),
            R"({"orders.Order":{"address":"orders.Order","messages":{"orders.OrderPlaced":)"
            R"({"$ref":"#/components/messages/orders.OrderPlaced"}}}})");
  EXPECT_EQ(at(document, {"operations"}),
            R"({"whenPlaced":{"action":"receive","channel":{"$ref":"#/channels/orders.Order"},)"
            R"("messages":[{"$ref":"#/channels/orders.Order/messages/orders.OrderPlaced"}]}})");
  EXPECT_EQ(
      at(document, {"components", "messages", "orders.OrderPlaced"}),
      R"({"name":"orders.OrderPlaced","contentType":"application/json","headers":{"type":"object",)"
      R"("properties":{"ID":{"type":"string"},"event-type":{"type":"string",)"
      R"("const":"orders.OrderPlaced"},"event-aggregate-id":{"type":"string"}},)"
      R"("required":["ID","event-type","event-aggregate-id"]},"payload":{"type":"object"}})");
}

TEST(AsyncApi, names_operations_itself_where_nobody_did) {
  auto const document =
      asyncapi({.name = "shop",
                .version = "1",
                .messages = {order_placed(Direction::receives), order_placed(Direction::sends)}});
  EXPECT_EQ(at(document, {"operations", "receive-orders.Order-orders.OrderPlaced", "action"}),
            R"("receive")");
  EXPECT_EQ(at(document, {"operations", "send-orders.Order-orders.OrderPlaced", "action"}),
            R"("send")");
}

TEST(AsyncApi, keeps_apart_what_has_one_name_and_is_not_the_same) {
  auto other = order_placed(Direction::sends, "placed");
  other.payload.schema = R"({"type":"string"})";
  auto const document =
      asyncapi({.name = "shop",
                .version = "1",
                .messages = {order_placed(Direction::receives, "placed"), other}});
  EXPECT_EQ(at(document, {"operations", "placed", "action"}), R"("receive")");
  EXPECT_EQ(at(document, {"operations", "placed_2", "action"}), R"("send")");
  EXPECT_NE(at(document, {"components", "messages", "orders.OrderPlaced_2"}), "");
}

TEST(AsyncApi, gathers_messages_of_one_operation) {
  auto other = order_placed(Direction::receives, "orderEvents");
  other.payload.type = "orders.OrderRejected";
  auto const document =
      asyncapi({.name = "shop",
                .version = "1",
                .messages = {order_placed(Direction::receives, "orderEvents"), other}});
  EXPECT_EQ(at(document, {"operations", "orderEvents", "messages"}),
            R"([{"$ref":"#/channels/orders.Order/messages/orders.OrderPlaced"},)"
            R"({"$ref":"#/channels/orders.Order/messages/orders.OrderRejected"}])");
}

TEST(AsyncApi, spells_names_so_that_references_can_hold_them) {
  auto description = order_placed(Direction::receives, "a/b");
  description.channel = "events/orders$x";
  auto const document = asyncapi({.name = "shop", .version = "1", .messages = {description}});
  EXPECT_EQ(at(document, {"channels", "events_orders_x", "address"}), R"("events/orders$x")");
  EXPECT_NE(at(document, {"operations", "a_b"}), "");
}

TEST(AsyncApi, says_where_replies_go_and_what_they_are) {
  MessageDescription const command{.channel = "customers",
                                   .payload = {.type = "ReserveCredit", .schema = "{}"},
                                   .operation = "reserveCredit",
                                   .reply_to_header = "command_reply_to",
                                   .replies = {{.type = "CreditReserved", .schema = "{}"}}};
  auto const document = asyncapi({.name = "shop", .version = "1", .messages = {command}});
  EXPECT_EQ(at(document, {"operations", "reserveCredit", "reply"}),
            R"({"address":{"location":"$message.header#/command_reply_to"},)"
            R"("channel":{"$ref":"#/channels/reserveCredit.replies"},)"
            R"("messages":[{"$ref":"#/channels/reserveCredit.replies/messages/CreditReserved"}]})");
  EXPECT_EQ(at(document, {"channels", "reserveCredit.replies", "address"}), "null");
}

}  // namespace
}  // namespace tram
