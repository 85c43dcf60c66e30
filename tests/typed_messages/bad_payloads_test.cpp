#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "tram/commands/command_handlers.hpp"
#include "tram/commands/commands.hpp"
#include "tram/commands/reply_handlers.hpp"
#include "tram/events/event_handlers.hpp"
#include "typed_world.hpp"

namespace {

using tram::Command;
using tram::Event;
using tram::Fault;
using tram::Reply;
using tram::Subscription;
using tram::Transaction;
using tram::testing::SentMessage;

struct Line {
  std::string product;
  std::int32_t quantity{};
};
/// An event, a command and a reply at once: what is said about payloads is the same for all.
struct Placed {
  static constexpr tram::WireType wire_type{"shop.Placed"};
  std::int64_t number{};
  std::vector<Line> lines;
};
struct Order {
  static constexpr tram::WireType wire_type{"orders"};
  using Events = tram::EventsOf<Placed>;
};
constexpr tram::Endpoint<Placed> endpoint{{"orders"}};

struct BadPayload {
  char const* name;
  std::string payload;
  /// What stands behind channel, message and type.
  std::string complaint;
  friend std::ostream& operator<<(std::ostream& out, BadPayload const& bad) {
    return out << bad.name;
  }
};

std::string with_line(std::string const& product, std::string const& quantity) {
  return R"({"number":1,"lines":[{"product":"a","quantity":1},{"product":)" + product +
         R"(,"quantity":)" + quantity + "}]}";
}

std::vector<BadPayload> bad_payloads() {
  std::string const long_text(10U << 20U, 'x');
  return {{"a_wrong_type", R"({"number":"1","lines":[]})", "Placed.number: expected an integer"},
          {"a_missing_member", R"({"lines":[]})", "Placed.number: missing"},
          {"a_null", R"({"number":null,"lines":[]})", "Placed.number: "},
          {"two_to_the_63rd", R"({"number":9223372036854775808,"lines":[]})",
           "Placed.number: expected an integer in range"},
          {"a_fraction", R"({"number":1.9,"lines":[]})", "Placed.number: expected an integer"},
          {"too_much_within_a_list", with_line(R"("b")", "2147483648"),
           "Placed.lines[1].quantity: expected an integer in range"},
          {"a_lone_surrogate", with_line(R"("\udc00")", "1"), "Placed.lines[1].product: "},
          {"bytes_that_are_no_utf8", with_line("\"\xff\"", "1"), "Placed"},
          {"no_object", "[]", "Placed: "},
          {"nothing", "", "Placed"},
          {"half_of_it", R"({"number":1,"li)", "Placed"},
          {"10_megabytes_elsewhere", R"({"other":")" + long_text + R"("})",
           "Placed: expected at most 8388608 bytes, got 10485772"},
          {"10_megabytes_in_place_of_a_number", R"({"number":")" + long_text + R"(","lines":[]})",
           "Placed: expected at most 8388608 bytes, got 10485784"},
          {"8_megabytes_in_place_of_a_number",
           R"({"number":")" + long_text.substr(0, 8'000'000) + R"(","lines":[]})",
           "Placed.number: expected an integer"},
          {"10_000_levels", R"({"number":1,"lines":)" + std::string(10'000, '['), "Placed.lines"},
          {"10_000_levels_elsewhere",
           R"({"other":)" + std::string(10'000, '[') + std::string(10'000, ']') + "}", "Placed"}};
}

/// Gives a payload to handlers that must not be reached.
struct BadPayloads : tram::testing::TypedWorld, ::testing::WithParamInterface<BadPayload> {
  void expect_malformed(Subscription const& subscription, SentMessage message) {
    message.payload = GetParam().payload;
    auto const error = refusal(subscription, message);
    std::string const what = error.what();
    EXPECT_EQ(error.fault(), Fault::malformed);
    auto const place = "channel 'orders', message '17-4': shop.Placed: " + GetParam().complaint;
    EXPECT_EQ(what.substr(0, place.size()), place);
    // It goes into logs and into the table of held messages.
    EXPECT_LT(what.size(), 1000U);
    EXPECT_TRUE(sent().empty());
  }
  static SentMessage message(tram::Headers headers) {
    headers.set("ID", "17-4");
    return {.id = "17-4", .channel = "orders", .headers = std::move(headers), .payload = {}};
  }
};

TEST_P(BadPayloads, of_events_are_malformed) {
  expect_malformed(
      tram::handle_events<Order>("view").on([](Transaction&, Event<Placed> const&) { FAIL(); }),
      message({{"event-type", "shop.Placed"},
               {"event-aggregate-type", "orders"},
               {"event-aggregate-id", "7"}}));
}

TEST_P(BadPayloads, of_commands_are_malformed) {
  expect_malformed(tram::handle_commands(endpoint, outbox)
                       .on([](Transaction&, Command<Placed> const&) -> tram::Outcome<Placed> {
                         ADD_FAILURE();
                         return tram::no_reply;
                       }),
                   message({{"command_type", "shop.Placed"}, {"command_reply_to", "replies"}}));
}

TEST_P(BadPayloads, of_replies_are_malformed) {
  expect_malformed(
      tram::handle_replies({"orders"}).on([](Transaction&, Reply<Placed> const&) { FAIL(); }),
      message({{"reply_type", "shop.Placed"},
               {"reply_outcome-type", "SUCCESS"},
               {"reply_to_message_id", "1-1"}}));
}

INSTANTIATE_TEST_SUITE_P(With, BadPayloads, ::testing::ValuesIn(bad_payloads()),
                         [](auto const& each) { return std::string{each.param.name}; });

struct Tokens : tram::testing::TypedWorld {
  tram::Commands commands{outbox};

  tram::Error refusal_of(std::string const& stored) {
    try {
      database.transact([&](Transaction& tx) {
        commands.reply<Placed>(tx, tram::json::decode<tram::ReplyToken>(stored), tram::Success{});
      });
    } catch (tram::Error const& error) { return error; }
    ADD_FAILURE() << "nothing was raised";
    return tram::Error{Fault::transient, ""};
  }
};

TEST_F(Tokens, that_name_no_command_are_malformed) {
  auto const error = refusal_of(R"({"replyHeaders":{},"replyChannel":"replies"})");
  EXPECT_EQ(error.fault(), Fault::malformed);
  EXPECT_EQ(std::string{error.what()},
            "reply token for channel 'replies': header 'reply_to_message_id' is missing, so nobody "
            "could tell what is answered; store the token as the command gave it");
  EXPECT_EQ(std::string{refusal_of("{}").what()}, "ReplyToken.replyHeaders: missing");
  EXPECT_TRUE(sent().empty());
}

TEST_F(Tokens, of_requests_that_nobody_remembers_are_answered_and_the_answer_is_passed_over) {
  database.transact([&](Transaction& tx) {
    commands.reply<Placed>(tx,
                           tram::ReplyToken{.reply_headers = {{"reply_to_message_id", "long ago"}},
                                            .reply_channel = "orders"},
                           tram::Success{});
  });
  ASSERT_EQ(sent().size(), 1U);
  // A handler of replies finds no request of that id; one that has none for the type says which it
  // was.
  std::string asked;
  give(tram::handle_replies({"orders"}).on([&](Transaction&, Reply<tram::Success> const& reply) {
    asked = reply.in_reply_to();
  }),
       sent().front());
  EXPECT_EQ(asked, "long ago");
  auto const error = refusal(
      tram::handle_replies({"orders"}).on([](Transaction&, Reply<Placed> const&) { FAIL(); }),
      sent().front());
  EXPECT_EQ(std::string{error.what()},
            "channel 'orders', message '" + sent().front().id +
                "': no handler for reply 'io.eventuate.tram.commands.common.Success' to command "
                "'long ago'; add one, or ignore_others()");
}

}  // namespace
