#include "tram/wire/record.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tram/base/error.hpp"
#include "tram/base/random.hpp"
#include "tram/wire/multi_message.hpp"
#include "vectors.hpp"

namespace tram {
namespace {

using testing::from_base64;
using testing::Json;

std::string refusal(std::string_view value) {
  try {
    decode_record_value(value);
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::malformed);
    return error.what();
  }
  return "accepted";
}

TEST(Record, is_read_as_the_java_consumer_read_it) {
  std::map<std::string, Json> consumed;
  for (auto const& line : testing::vectors("consumed.jsonl")) consumed[line["id"]] = line;
  std::map<std::string, int> read;
  for (auto const& line : testing::vectors("kafka_records.jsonl")) {
    if (line["run"] != "pg-wal" || !consumed.contains(line["id"])) continue;
    auto const& expected = consumed.at(line["id"]);
    auto const message = parse_record(from_base64(line["value_base64"].get<std::string>()));
    EXPECT_EQ(message.id(), expected["id"].get<std::string>());
    EXPECT_EQ(message.payload, expected["payload"].get<std::string>());
    ASSERT_EQ(message.headers.size(), expected["headers"].size());
    for (auto const& [name, value] : message.headers)
      EXPECT_EQ(value, expected["headers"][name].get<std::string>());
    ++read[message.id()];
  }
  EXPECT_EQ(read.size(), consumed.size());
}

TEST(Record, of_every_run_is_written_again_as_java_wrote_it) {
  int checked = 0;
  for (auto const& line : testing::vectors("kafka_records.jsonl")) {
    if (line["id"].is_null() || line["run"] == "pg-foreign") continue;
    auto const value = from_base64(line["value_base64"].get<std::string>());
    auto const message = parse_record(value);
    EXPECT_EQ(message.id(), line["id"].get<std::string>());
    EXPECT_EQ(record_value(message), value);
    ++checked;
  }
  EXPECT_EQ(checked, 461);
}

TEST(Record, has_the_bytes_of_the_golden_event) {
  std::string const headers =
      R"({"PARTITION_ID":"1","event-aggregate-type":"Order","DATE":"Tue, 15 Nov 1994 08:12:31 GMT","event-aggregate-id":"1","event-type":"OrderCreated","DESTINATION":"Order","ID":"00000153812efe94-0242ac1100800000"})";
  auto const relayed = R"({"payload":"{\"name\":\"Fred\"}","headers":)" + headers + "}";
  auto const direct = R"({"payload":"{\"name\":\"Fred\"}","headers":)" + headers +
                      R"(,"id":"00000153812efe94-0242ac1100800000"})";
  EXPECT_EQ(relay_record({.headers_json = headers, .payload = R"({"name":"Fred"})"}),
            (RelayRecord{"1", relayed}));
  EXPECT_EQ(parse_record(relayed).payload, R"({"name":"Fred"})");
  EXPECT_EQ(parse_record(direct), parse_record(relayed));
  EXPECT_EQ(record_value(parse_record(direct)), relayed);
}

TEST(Record, is_read_in_any_order_with_unknown_members_ignored) {
  auto const message = parse_record(
      R"( { "id":7, "headers" : { "ID":"x", "n":1.50, "t":true, "no":null } , "more":{"payload":["no"]}, "payload" : "" } )");
  EXPECT_EQ(message,
            (Message{.headers = {{"ID", "x"}, {"n", "1.50"}, {"t", "true"}}, .payload = ""}));
}

TEST(Record, needs_no_header_to_be_read) {
  auto const message = parse_record(R"({"payload":"p","headers":{}})");
  EXPECT_TRUE(message.headers.empty());
  EXPECT_EQ(message.partition_key(), std::nullopt);
  EXPECT_THROW(static_cast<void>(message.id()), Error);
}

TEST(Record, that_is_none_is_refused_with_the_reason_and_an_excerpt) {
  EXPECT_NE(refusal("hello").find("'hello'"), std::string::npos);
  EXPECT_NE(refusal(R"({"headers":{}})").find("'payload'"), std::string::npos);
  EXPECT_NE(refusal(R"({"payload":""})").find("'headers'"), std::string::npos);
  EXPECT_NE(refusal(R"({"payload":null,"headers":{}})").find("'payload'"), std::string::npos);
  EXPECT_NE(
      refusal(R"({"payload":"","headers":{"a":[]}})").find("record.headers.a: expected a string"),
      std::string::npos);
  for (auto const* value : {"", "null", "[]", "{}", R"({"payload":{},"headers":{}})",
                            R"({"payload":"","headers":null})", R"({"payload":"","headers":[]})",
                            R"({"payload":"","headers":{}} x)", R"({"payload":"","headers":{})",
                            "\x00\x01\x02", R"({"payload":"\ud800","headers":{}})"}) {
    EXPECT_NE(refusal(value), "accepted") << value;
  }
}

TEST(RecordValue, is_one_message_or_the_messages_of_a_batch) {
  Message const first{.headers = {{"ID", "1"}}, .payload = "a"};
  Message const second{.headers = {{"ID", "2"}}, .payload = "b"};
  MultiMessage const batch{
      .headers = {},
      .messages = {{.headers = {}, .key = "k", .value = record_value(first)},
                   {.headers = {}, .key = "l", .value = record_value(second)}}};
  EXPECT_EQ(decode_record_value(record_value(first)), (std::vector<Message>{first}));
  EXPECT_EQ(decode_record_value(encode_multi_message(batch)),
            (std::vector<Message>{first, second}));
  EXPECT_TRUE(decode_record_value(encode_multi_message({})).empty());
}

TEST(RecordValue, of_a_batch_names_the_bad_message_in_it) {
  MultiMessage const batch{
      .headers = {},
      .messages = {{.headers = {}, .key = "", .value = R"({"payload":"","headers":{}})"},
                   {.headers = {}, .key = "", .value = "oops"}}};
  EXPECT_NE(refusal(encode_multi_message(batch)).find("message 2: record: "), std::string::npos);
}

TEST(RecordValue, of_every_captured_batch_is_read) {
  std::size_t messages = 0;
  for (auto const& line : testing::vectors("kafka_records.jsonl")) {
    if (line["run"] != "pg-batch") continue;
    auto const decoded = decode_record_value(from_base64(line["value_base64"].get<std::string>()));
    ASSERT_EQ(decoded.size(), line["multi_message"]["messages"].size());
    messages += decoded.size();
  }
  EXPECT_EQ(messages, 40U);
}

TEST(RecordValue, of_random_bytes_is_messages_or_malformed) {
  SeededRandom random{6};
  std::string const plain =
      R"({"payload":"{\"name\":\"Fred\"}","headers":{"ID":"x","n":1.50,"t":true,"no":null}})";
  auto const batch =
      encode_multi_message({.headers = {{"a", "b"}},
                            .messages = {{.headers = {{"c", "d"}}, .key = "k", .value = plain}}});
  for (int round = 0; round < 30'000; ++round) {
    auto value = random.below(2) == 0 ? plain : batch;
    for (std::uint64_t changes = random.below(4); changes > 0; --changes) {
      value[random.below(value.size())] = random.below(2) == 0 ? static_cast<char>(random.bits())
                                                               : R"({}[]",:\u0e)"[random.below(11)];
    }
    if (random.below(8) == 0) value.resize(random.below(value.size()));
    static_cast<void>(refusal(value));
  }
  for (int round = 0; round < 10'000; ++round) {
    std::string value(random.below(64), '\0');
    for (auto& c : value) c = static_cast<char>(random.bits());
    static_cast<void>(refusal(value));
  }
}

}  // namespace
}  // namespace tram
