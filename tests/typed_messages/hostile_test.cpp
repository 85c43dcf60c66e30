#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <map>
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
#include "tram/wire/http_date.hpp"
#include "tram/wire/int128.hpp"
#include "tram/wire/multi_message.hpp"
#include "tram/wire/record.hpp"
#include "tram/wire/storable_text.hpp"
#include "typed_world.hpp"

// What a database, a broker, a client or a cast holds may be anything. Nothing of it ends the
// process: every public entry answers with a value or an `Error`.

namespace {

using namespace std::string_literals;
using tram::Error;
using tram::Fault;
using tram::Transaction;

enum class Colour : std::int8_t { red, green };
constexpr auto enum_names(Colour /*colour*/) {
  return tram::json::names<Colour>({{Colour::red, "RED"}, {Colour::green, "GREEN"}});
}
struct Part {
  std::string name;
  Colour colour{};
  std::map<std::string, std::optional<Colour>> others;
};
struct Painted {
  static constexpr tram::WireType wire_type{"shop.Painted"};
  Colour colour{};
  std::vector<Part> parts;
  double size{};
};
struct Wall {
  static constexpr tram::WireType wire_type{"shop.Wall"};
  using Events = tram::EventsOf<Painted>;
};
struct Paint {
  static constexpr tram::WireType wire_type{"shop.Paint"};
  using Success = Painted;
  std::int32_t litres{};
  Colour colour{};
};
constexpr tram::Endpoint<Paint> painters{{"painters"}};

/// Values that nobody meant, from a seed.
class Hostile {
 public:
  explicit Hostile(std::uint64_t seed) : random_{seed} {}

  std::size_t below(std::size_t bound) { return random_.below(bound); }
  bool sometimes() { return below(4) == 0; }

  std::string text() {
    static std::vector<std::string> const texts{"",
                                                "a",
                                                "\0"s,
                                                "a\0b"s,
                                                "\n",
                                                "a\tb",
                                                "\x7f",
                                                "M\xfcller",
                                                "\xed\xa0\x80",
                                                "\xff\xfe",
                                                "M\xc3\xbc",
                                                "..",
                                                ".",
                                                "a/b",
                                                "a b",
                                                "{id",
                                                "{}",
                                                "/u/{id",
                                                "/",
                                                "//",
                                                "'; --",
                                                "null",
                                                "-1",
                                                "1e999",
                                                "NaN",
                                                "ID",
                                                "DATE",
                                                "SUCCESS",
                                                "shop.Painted",
                                                "shop.Paint",
                                                "shop.Wall",
                                                "painters",
                                                "17-4",
                                                "00000153812efe94-",
                                                "[1,2",
                                                R"({"colour":"BLUE"})",
                                                R"({"a":"\ud800"})",
                                                R"({"colour":7})",
                                                std::string(250, 'x'),
                                                std::string(300, 'x'),
                                                std::string(5000, 'x'),
                                                std::string(5000, '['),
                                                "\xf0\x9f\x98\x80"};
    return texts[below(texts.size())];
  }
  std::string bytes() {
    std::string text(below(40), ' ');
    for (auto& byte : text) byte = static_cast<char>(random_.bits());
    return sometimes() ? this->text() : text;
  }
  std::int64_t number() {
    using Limits = std::numeric_limits<std::int64_t>;
    std::int64_t const numbers[]{0,
                                 1,
                                 -1,
                                 7,
                                 127,
                                 -128,
                                 255,
                                 Limits::max(),
                                 Limits::min(),
                                 Limits::max() - 1,
                                 2147483648,
                                 -2147483649};
    return numbers[below(std::size(numbers))];
  }
  Colour colour() { return static_cast<Colour>(number()); }
  Part part() {
    return {.name = sometimes() ? text() : "a",
            .colour = sometimes() ? colour() : Colour::red,
            .others = {{sometimes() ? text() : "b",
                        sometimes() ? std::optional{colour()} : std::nullopt}}};
  }
  Painted painted() {
    Painted event{.colour = sometimes() ? colour() : Colour::green,
                  .parts = {},
                  .size = sometimes() ? std::numeric_limits<double>::quiet_NaN() : 1.5};
    for (auto left = below(4); left > 0; --left) event.parts.push_back(part());
    return event;
  }
  tram::Headers headers() {
    static std::vector<std::string> const names{
        "ID",           "PARTITION_ID",         "DESTINATION",         "DATE",
        "event-type",   "event-aggregate-type", "event-aggregate-id",  "event-version",
        "command_type", "command_reply_to",     "command_resource",    "command__destination",
        "reply_type",   "reply_outcome-type",   "reply_to_message_id", "traceparent"};
    tram::Headers headers;
    for (auto left = below(8); left > 0; --left)
      headers.set(sometimes() ? text() : names[below(names.size())], text());
    return headers;
  }
  /// Headers that get as far as a handler, but for one.
  tram::Headers nearly(tram::Headers headers) {
    if (sometimes()) return headers;
    auto const each = headers.begin() + static_cast<std::ptrdiff_t>(below(headers.size()));
    auto const name = each->name;
    if (sometimes()) headers.erase(name);
    else headers.set(name, text());
    return headers;
  }

 private:
  tram::SeededRandom random_;
};

struct HostileValues : tram::testing::TypedWorld {
  tram::EventPublisher events{outbox};
  tram::Commands commands{outbox};

  /// Calls the entry with many values; what it throws must be an Error that can be written down.
  static void attack(std::string const& entry, std::function<void(Hostile&)> const& call) {
    constexpr std::uint64_t seeds = 400;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      SCOPED_TRACE(entry + ", seed " + std::to_string(seed));
      Hostile hostile{seed};
      try {
        call(hostile);
      } catch (Error const& error) {
        EXPECT_EQ(tram::find_unstorable(error.what()), std::string_view::npos) << error.what();
        EXPECT_LT(std::string_view{error.what()}.size(), 4100U);
      } catch (std::exception const& other) { ADD_FAILURE() << "no Error but: " << other.what(); }
    }
  }
  void attack_handlers(std::string const& entry, tram::Subscription const& subscription,
                       tram::Headers const& good) {
    attack(entry, [&](Hostile& hostile) {
      auto message = incoming({.id = "17-4",
                               .channel = "shop.Wall",
                               .headers = hostile.nearly(good),
                               .payload = hostile.bytes()});
      if (hostile.sometimes()) message.message.headers = hostile.headers();
      if (hostile.sometimes()) message.message.payload = R"({"litres":1,"colour":"RED"})";
      give(subscription, message);
    });
  }
};

TEST_F(HostileValues, of_casts_and_names_are_refused_when_they_are_sent) {
  attack("send", [&](Hostile& hostile) {
    database.transact([&](Transaction& tx) {
      tram::SendOptions options{.headers = hostile.headers()};
      if (hostile.sometimes()) options.partition_key = hostile.text();
      outbox.send(tx, hostile.sometimes() ? hostile.text() : "walls",
                  tram::Message{.headers = {}, .payload = hostile.bytes()}, options);
      outbox.send(tx, "walls", hostile.painted());
    });
  });
  attack("publish", [&](Hostile& hostile) {
    database.transact([&](Transaction& tx) {
      events.publish<Wall>(tx, hostile.sometimes() ? hostile.text() : "7", hostile.painted(),
                           hostile.sometimes() ? hostile.headers() : tram::Headers{});
    });
  });
  attack("commands", [&](Hostile& hostile) {
    database.transact([&](Transaction& tx) {
      Paint const command{.litres = 1, .colour = hostile.colour()};
      tram::CommandOptions const options{.reply_to = {hostile.text()},
                                         .resource = hostile.sometimes() ? hostile.text() : "",
                                         .partition_key = {},
                                         .headers = hostile.headers()};
      if (hostile.sometimes()) commands.notify(tx, painters, command, options);
      else commands.send(tx, painters, command, options);
    });
  });
  attack("reply", [&](Hostile& hostile) {
    database.transact([&](Transaction& tx) {
      tram::ReplyToken token{.reply_headers = {{hostile.text(), hostile.text()},
                                               {"reply_to_message_id", hostile.text()}},
                             .reply_channel = hostile.text()};
      commands.reply<Paint>(tx, token, hostile.painted());
    });
  });
  for (auto const& message : sent()) {
    EXPECT_EQ(tram::find_unstorable(message.payload), std::string_view::npos);
    for (auto const& header : message.headers) {
      EXPECT_FALSE(header.name.empty());
      EXPECT_EQ(tram::find_unstorable(header.name), std::string_view::npos);
      // A NUL may stand in a value that names nothing, as in Java's rows: JSON escapes it.
      EXPECT_EQ(tram::find_no_utf8(header.value), std::string_view::npos);
    }
  }
}

TEST_F(HostileValues, of_brokers_reach_handlers_as_errors) {
  attack_handlers("events",
                  tram::handle_events<Wall>("view")
                      .on([](Transaction&, tram::Event<Painted> const& event) {
                        static_cast<void>(event.aggregate_id_as<std::int32_t>());
                      })
                      .otherwise([](Transaction&, tram::RawEvent const& event) {
                        static_cast<void>(event.aggregate_id_as<std::uint8_t>());
                      }),
                  {{"ID", "17-4"},
                   {"event-type", "shop.Painted"},
                   {"event-aggregate-type", "shop.Wall"},
                   {"event-aggregate-id", "7"},
                   {"event-version", "1"}});
  attack_handlers(
      "commands",
      tram::handle_commands(painters, outbox)
          .on_resource(
              "/walls/{id}",
              [](Transaction&, tram::Command<Paint> const& command) -> tram::Outcome<Paint> {
                static_cast<void>(command.path_variable_as<std::int64_t>("id"));
                static_cast<void>(command.path_variable("other"));
                return tram::no_reply;
              })
          .on([](Transaction&, tram::Command<Paint> const& command) -> tram::Outcome<Paint> {
            return Painted{.colour = static_cast<Colour>(command->litres), .parts = {}};
          })
          .answer_failure_when_exhausted(),
      {{"ID", "17-4"},
       {"command_type", "shop.Paint"},
       {"command_reply_to", "replies"},
       {"command_resource", "/walls/7"}});
  attack_handlers(
      "replies",
      tram::handle_replies({"replies"}).on([](Transaction&, tram::Reply<Painted> const&) {}),
      {{"ID", "17-4"},
       {"reply_type", "shop.Painted"},
       {"reply_outcome-type", "SUCCESS"},
       {"reply_to_message_id", "1-1"}});
}

TEST_F(HostileValues, are_no_bytes_that_a_decoder_cannot_answer) {
  attack("record",
         [](Hostile& hostile) { static_cast<void>(tram::decode_record_value(hostile.bytes())); });
  attack("headers",
         [](Hostile& hostile) { static_cast<void>(tram::headers_from_json(hostile.bytes())); });
  attack("batch",
         [](Hostile& hostile) { static_cast<void>(tram::decode_multi_message(hostile.bytes())); });
  attack("id", [](Hostile& hostile) { static_cast<void>(tram::Int128::parse(hostile.bytes())); });
  attack("date", [](Hostile& hostile) {
    static_cast<void>(tram::http_date(tram::WallTime{tram::WallTime::duration{hostile.number()}}));
    static_cast<void>(tram::parse_http_date(hostile.bytes()));
  });
  attack("json",
         [](Hostile& hostile) { static_cast<void>(tram::json::decode<Painted>(hostile.bytes())); });
  attack("json of a list", [](Hostile& hostile) {
    static_cast<void>(tram::json::decode<std::vector<Part>>("[" + hostile.text() + "]"));
  });
}

TEST_F(HostileValues, in_a_database_are_errors_of_the_reader) {
  attack("columns", [&](Hostile& hostile) {
    database.transact([&](Transaction& tx) {
      auto const rows =
          tx.execute("SELECT CAST(? AS TEXT), ?, NULL", hostile.text(), hostile.number());
      auto const row = rows[hostile.below(2)];
      auto const column = hostile.below(4);
      if (hostile.sometimes()) static_cast<void>(row.get<std::int8_t>(column));
      if (hostile.sometimes()) static_cast<void>(row.get<bool>(column));
      if (hostile.sometimes()) static_cast<void>(row.get<double>(column));
      auto const colour = static_cast<Colour>(row.get<std::int64_t>(column));
      events.publish<Wall>(tx, 7, Painted{.colour = colour, .parts = {}});
    });
  });
  attack("savepoints", [&](Hostile& hostile) {
    database.transact([&](Transaction& tx) {
      tram::Savepoint outer{tx};
      tram::Savepoint inner{tx};
      tram::Savepoint* const both[]{&outer, &inner};
      for (int step = 0; step < 3; ++step) {
        auto* const one = both[hostile.below(2)];
        if (hostile.sometimes()) one->roll_back();
        else one->release();
      }
    });
  });
}

TEST_F(HostileValues, are_refused_where_parts_are_registered) {
  auto const handler = [](Transaction&, tram::IncomingMessage const&) {};
  attack("subscription", [&](Hostile& hostile) {
    tram::Subscription subscription{
        .subscriber_id = hostile.text(),
        .channels = {hostile.text()},
        .handler = hostile.sometimes() ? nullptr : tram::MessageHandler{handler}};
    tram::require_runnable(subscription, {}, {});
  });
  attack("handlers", [&](Hostile& hostile) {
    tram::handle_events<Wall>(hostile.text())
        .on_raw({hostile.text()}, [](Transaction&, tram::RawEvent const&) {})
        .on_raw({hostile.text()},
                hostile.sometimes()
                    ? nullptr
                    : tram::detail::RawEventHandler{[](Transaction&, tram::RawEvent const&) {}})
        .upcast<Painted>(tram::FromVersion{static_cast<int>(hostile.number())},
                         [](std::string_view) { return ""s; });
  });
  attack("paths", [&](Hostile& hostile) {
    tram::handle_commands(painters, outbox)
        .on_resource(hostile.text(), [](Transaction&, tram::Command<Paint> const&) {})
        .on_resource("/a", [](Transaction&, tram::Command<Paint> const&) {});
    static_cast<void>(tram::resource_path("/walls/{id}/" + hostile.text(), hostile.text()));
  });
  attack("schema", [](Hostile& hostile) { tram::SchemaName{hostile.text()}; });
  attack("machine", [&](Hostile& hostile) {
    static_cast<void>(tram::MachineNumber::choose(hostile.text(), random));
    tram::OutboxId{hostile.number()};
  });
}

/// A number in the database becomes an enum by a cast; a handler publishes it.
TEST(HandlersOfHostileValues, have_their_message_held_and_the_others_go_on) {
  tram::testkit::InMemoryWorld world;
  tram::EventPublisher const events{world.outbox()};
  std::vector<std::string> handled;
  world.database().transact([](Transaction& tx) {
    tx.execute("CREATE TABLE walls (id INTEGER, colour INTEGER, painter TEXT)");
    tx.execute("INSERT INTO walls VALUES (1, 0, 'Ada'), (2, 7, 'Ada'), (3, 1, CAST(x'4DFC6C' AS "
               "TEXT))");
  });
  world.add(tram::handle_commands(painters, world.outbox())
                .on([&](Transaction& tx, tram::Command<Paint> const& command) {
                  auto const row = tx.execute("SELECT colour, painter FROM walls WHERE id = ?",
                                              command->litres)[0];
                  Painted const event{
                      .colour = static_cast<Colour>(row.get<int>(0)),
                      .parts = {{.name = row.get<std::string>(1), .colour = {}, .others = {}}}};
                  events.publish<Wall>(tx, command->litres, event);
                  handled.push_back(std::to_string(command->litres));
                }));
  world.database().transact([&](Transaction& tx) {
    for (int const wall : {2, 3, 1}) {
      tram::Commands{world.outbox()}.notify(tx, painters, Paint{.litres = wall, .colour = {}},
                                            {.partition_key = std::to_string(wall)});
    }
  });
  world.run_until_quiet();
  EXPECT_EQ(handled, std::vector<std::string>{"1"});
  ASSERT_EQ(world.published("shop.Wall").size(), 1U);
  std::string reasons;
  for (auto const& held : world.held()) reasons += held.reason + "\n";
  EXPECT_EQ(world.held().size(), 2U);
  EXPECT_NE(reasons.find("Painted.colour: 7 is no value of this enum (RED or GREEN)"),
            std::string::npos)
      << reasons;
  EXPECT_NE(reasons.find("Painted.parts[0].name: the text 'M?l' is no UTF-8 at byte 2"),
            std::string::npos)
      << reasons;
}

}  // namespace
