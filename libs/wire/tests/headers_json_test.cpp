#include "tram/wire/headers_json.hpp"

#include <gtest/gtest.h>

#include <string>

#include "java_number.hpp"
#include "tram/base/error.hpp"
#include "tram/base/random.hpp"
#include "tram/wire/header_names.hpp"
#include "vectors.hpp"

namespace tram {
namespace {

std::string refusal(std::string_view text) {
  try {
    headers_from_json(text);
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::malformed);
    return error.what();
  }
  return "accepted";
}

TEST(HeadersJson, has_no_white_space_and_keeps_the_order) {
  EXPECT_EQ(headers_to_json({}), "{}");
  EXPECT_EQ(headers_to_json({{"b", "2"}, {"a", ""}}), R"({"b":"2","a":""})");
}

TEST(HeadersJson, escapes_as_java_does) {
  using namespace std::string_literals;
  auto const text = "a\"b\\c/d\b\f\n\r\t\0\x1f é😀\x7f"s;
  EXPECT_EQ(headers_to_json({{"k\"", text}}),
            "{\"k\\\"\":\"a\\\"b\\\\c/d\\b\\f\\n\\r\\t\\u0000\\u001F é😀\x7f\"}");
  EXPECT_EQ(headers_from_json(headers_to_json({{"k\"", text}})).find("k\""), text);
}

TEST(HeadersJson, of_an_event_has_the_bytes_that_java_writes) {
  Headers const headers{{"PARTITION_ID", "1"},
                        {"event-aggregate-type", "Order"},
                        {"DATE", "Tue, 15 Nov 1994 08:12:31 GMT"},
                        {"event-aggregate-id", "1"},
                        {"event-type", "OrderCreated"},
                        {"DESTINATION", "Order"},
                        {"ID", "00000153812efe94-0242ac1100800000"}};
  EXPECT_EQ(
      headers_to_json(headers),
      R"({"PARTITION_ID":"1","event-aggregate-type":"Order","DATE":"Tue, 15 Nov 1994 08:12:31 GMT",)"
      R"("event-aggregate-id":"1","event-type":"OrderCreated","DESTINATION":"Order",)"
      R"("ID":"00000153812efe94-0242ac1100800000"})");
}

TEST(HeadersJson, of_a_command_and_its_reply_survive_with_their_names) {
  std::string const command =
      R"({"PARTITION_ID":"11111111-2222-3333-4444-555555555555","DATE":"Tue, 15 Nov 1994 08:12:31 GMT","command_type":"ReserveCreditCommand","command_reply_to":"orderService-reply","DESTINATION":"customerService","command_resource":"/customers/1","command__destination":"customerService","ID":"00000153812efe94-0242ac1100800000"})";
  auto const headers = headers_from_json(command);
  EXPECT_EQ(headers.size(), 8U);
  EXPECT_EQ(headers.require(header::command_destination), "customerService");
  EXPECT_EQ(headers.require(header::command_reply_to), "orderService-reply");
  EXPECT_EQ(headers_to_json(headers), command);
  std::string const reply =
      R"({"PARTITION_ID":"11111111-2222-3333-4444-555555555555","DATE":"Tue, 15 Nov 1994 08:12:31 GMT","reply_outcome-type":"SUCCESS","commandreply__destination":"customerService","commandreply_type":"ReserveCreditCommand","commandreply_reply_to":"orderService-reply","DESTINATION":"orderService-reply","reply_type":"io.eventuate.tram.commands.common.Success","reply_to_message_id":"00000153812efe94-0242ac1100800000","ID":"00000153812efe95-0242ac1100800000"})";
  auto const replied = headers_from_json(reply);
  EXPECT_EQ(replied.require(header::reply_outcome), reply_outcome::success);
  EXPECT_EQ(replied.require(header::reply_type), plain_reply_type::success);
  EXPECT_EQ(replied.require(header::reply_to_message_id), headers.require(header::id));
  EXPECT_EQ(replied.require(header::command_reply_destination), "customerService");
  EXPECT_EQ(headers_to_json(replied), reply);
}

TEST(HeadersJson, of_every_captured_row_are_written_as_java_wrote_them) {
  int checked = 0;
  for (auto const& line : testing::vectors("message_rows.jsonl")) {
    if (line["run"] == "pg-foreign") continue;
    auto const text = line["row"]["headers"].get<std::string>();
    if (line["run"] == "pg-batch") continue;  // written by hand, with white space
    EXPECT_EQ(headers_to_json(headers_from_json(text)), text);
    ++checked;
  }
  EXPECT_GT(checked, 250);
}

TEST(HeadersJson, are_read_leniently) {
  auto const headers = headers_from_json(
      " { \"n\" : 1.50 , \"i\":-7,\"t\":true,\"f\":false,\"nothing\":null,\"e\":\"\\u00e9\\/\" "
      "}\n");
  EXPECT_EQ(headers,
            (Headers{{"n", "1.50"}, {"i", "-7"}, {"t", "true"}, {"f", "false"}, {"e", "é/"}}));
}

TEST(HeadersJson, take_the_last_of_equal_names_even_when_it_is_null) {
  auto const headers = headers_from_json(R"({"a":"1","b":"2","a":"3","c":null,"c":"4","b":null})");
  EXPECT_EQ(headers_to_json(headers), R"({"a":"3","c":"4"})");
}

TEST(HeadersJson, that_are_no_object_of_texts_are_refused_with_the_reason_and_an_excerpt) {
  EXPECT_EQ(
      refusal("[]"),
      "headers: expected an object, got an array in '[]'; headers are one JSON object of strings");
  EXPECT_NE(refusal(R"({"a":{"b":"1"}})")
                .find(R"(headers.a: expected a string, got an object in '{"a":{"b":"1"}}')"),
            std::string::npos);
  for (auto const* text :
       {"", " ", "null", "1", "\"x\"", "{", "{}x", "{}{}", "{\"a\"}", "{\"a\":}", "{\"a\":[]}",
        "{a:1}", "{\"a\":\"1\",}", "{\"a\":\"\\ud800\"}", "{\"a\":\"\x80\"}", "{\"a\":\"\n\"}",
        "{\"a\":01}", "{\"a\":tru}", "\xEF\xBB\xBF{}"}) {
    EXPECT_NE(refusal(text), "accepted") << text;
  }
  EXPECT_LT(refusal("[" + std::string(1'000'000, '1')).size(), 300U);
}

TEST(HeadersJson, are_read_in_time_however_many_there_are) {
  std::string text{"{"};
  for (int i = 0; i < 20'000; ++i)
    text += "\"" + std::to_string(i % 10'000) + "\":" + (i % 3 == 0 ? "null" : "1") + ",";
  text.back() = '}';
  EXPECT_EQ(headers_from_json(text).size(), 6667U);
}

TEST(HeadersJson, of_random_bytes_are_a_value_or_malformed) {
  SeededRandom random{4};
  std::string const good =
      R"({"ID":"f-03","PARTITION_ID":"1","n":1.50,"t":true,"nothing":null,"a":"\u00e9\u001f\/\ud83d\ude00"})";
  for (int round = 0; round < 20'000; ++round) {
    auto text = good;
    for (std::uint64_t changes = random.below(4); changes > 0; --changes) {
      text[random.below(text.size())] = random.below(2) == 0 ? static_cast<char>(random.bits())
                                                             : R"({}[]",:\u0e)"[random.below(11)];
    }
    text.resize(random.below(8) == 0 ? random.below(text.size()) : text.size());
    static_cast<void>(refusal(text));
  }
}

TEST(JavaNumber, keeps_integers_and_turns_the_rest_into_the_text_of_a_double) {
  EXPECT_EQ(java_number("0"), "0");
  EXPECT_EQ(java_number("-0"), "0");
  EXPECT_EQ(java_number("123456789012345678901234567890"), "123456789012345678901234567890");
  EXPECT_EQ(java_number("1.50"), "1.5");
  EXPECT_EQ(java_number("1.0"), "1.0");
  EXPECT_EQ(java_number("-0.0"), "-0.0");
  EXPECT_EQ(java_number("1e2"), "100.0");
  EXPECT_EQ(java_number("0.001"), "0.001");
  EXPECT_EQ(java_number("0.0001"), "1.0E-4");
  EXPECT_EQ(java_number("9999999.0"), "9999999.0");
  EXPECT_EQ(java_number("10000000.0"), "1.0E7");
  EXPECT_EQ(java_number("1E10"), "1.0E10");
  EXPECT_EQ(java_number("-1.25e-300"), "-1.25E-300");
  EXPECT_EQ(java_number("1e400"), std::nullopt);
}

}  // namespace
}  // namespace tram
