#include "tram/wire/multi_message.hpp"

#include <gtest/gtest.h>

#include <map>

#include "tram/base/error.hpp"
#include "tram/base/random.hpp"
#include "vectors.hpp"

namespace tram {
namespace {

using testing::from_base64;
using testing::from_hex;

constexpr auto prefix =
    "61386337396462363735653134633463626631656237376430643664306630300000010001000000";

MultiMessage batch_of(std::vector<MultiMessageEntry> messages) {
  return {.headers = {}, .messages = std::move(messages)};
}

MultiMessageEntry entry(std::string key, std::string value) {
  return {.headers = {}, .key = std::move(key), .value = std::move(value)};
}

MultiMessage with_headers() {
  return {.headers = {{"commonheader1key", "commonheader1value"},
                      {"commonheader2key", "commonheader2value"}},
          .messages = {{.headers = {{"header1key", "header1value"}, {"header2key", "header2value"}},
                        .key = "key1",
                        .value = "value1"},
                       {.headers = {{"header3key", "header3value"}, {"header4key", "header4value"}},
                        .key = "key2",
                        .value = "value2"}}};
}

/// What the Java converter was given for each captured case.
std::map<std::string, MultiMessage> captured_inputs() {
  return {{"one empty message", batch_of({entry("", "")})},
          {"one message of nulls", batch_of({entry("", "")})},
          {"k and v", batch_of({entry("k", "v")})},
          {"two messages", batch_of({entry("key1", "value1"), entry("key2", "value2")})},
          {"no keys", batch_of({entry("", "a"), entry("", "b"), entry("", "c")})},
          {"not ASCII", batch_of({entry("ключ", "значение"), entry("😀", "罗杰")})},
          {"headers", with_headers()},
          {"no messages", batch_of({})}};
}

TEST(MultiMessage, has_the_bytes_and_the_estimate_that_java_gives) {
  auto const inputs = captured_inputs();
  std::size_t checked = 0;
  for (auto const& line : testing::vectors("multi_message.jsonl")) {
    auto const name = line["case"].get<std::string>();
    if (name == "limit") continue;
    auto const bytes = from_base64(line["bytes_base64"].get<std::string>());
    ASSERT_EQ(bytes.size(), line["length"].get<std::size_t>()) << name;
    auto const decoded = decode_multi_message(bytes);
    EXPECT_EQ(decoded, inputs.at(name)) << name;
    EXPECT_EQ(encode_multi_message(decoded), bytes) << name;
    EXPECT_EQ(multi_message_size(decoded), line["estimated_size"].get<std::size_t>()) << name;
    ++checked;
  }
  EXPECT_EQ(checked, inputs.size());
}

TEST(MultiMessage, admits_as_many_messages_into_a_limit_as_java) {
  for (auto const& line : testing::vectors("multi_message.jsonl")) {
    if (line["case"] != "limit") continue;
    auto const limit = line["max_size"].get<std::size_t>();
    std::size_t size = multi_message_size_start;
    std::size_t admitted = 0;
    for (auto const& message : {entry("key1", "value1"), entry("key2", "value2")}) {
      if (size + multi_message_size(message) > limit) break;
      size += multi_message_size(message);
      ++admitted;
    }
    EXPECT_EQ(admitted, line["admitted"].get<std::size_t>()) << limit;
  }
}

TEST(MultiMessage, has_the_bytes_of_the_format) {
  EXPECT_EQ(encode_multi_message(batch_of({entry("", "")})),
            from_hex(std::string{prefix} + "0000000000000100000000000000000000000000"));
  EXPECT_EQ(encode_multi_message(batch_of({entry("key1", "value1"), entry("key2", "value2")})),
            from_hex(std::string{prefix} + "0000000000000200"
                                           "00000000"
                                           "040000006b657931"
                                           "0600000076616c756531"
                                           "00000000"
                                           "040000006b657932"
                                           "0600000076616c756532"));
  EXPECT_EQ(encode_multi_message(batch_of({entry("ключ", "значение")})),
            from_hex(std::string{prefix} + "0000000000000100"
                                           "00000000"
                                           "08000000d0bad0bbd18ed187"
                                           "10000000d0b7d0bdd0b0d187d0b5d0bdd0b8d0b5"));
  EXPECT_EQ(encode_multi_message(batch_of({entry("罗杰·费德勒真棒!", "德约科维奇摇滚！")})).size(),
            108U);
  EXPECT_EQ(encode_multi_message(with_headers()).size(), 296U);
  EXPECT_EQ(decode_multi_message(encode_multi_message(with_headers())), with_headers());
}

TEST(MultiMessage, is_read_from_every_captured_batch) {
  int read = 0;
  for (auto const& line : testing::vectors("kafka_records.jsonl")) {
    if (line["run"] != "pg-batch") continue;
    auto const bytes = from_base64(line["value_base64"].get<std::string>());
    ASSERT_TRUE(is_multi_message(bytes));
    auto const batch = decode_multi_message(bytes);
    auto const& expected = line["multi_message"]["messages"];
    ASSERT_EQ(batch.messages.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(batch.messages[i].key, expected[i]["key"].get<std::string>());
      EXPECT_EQ(batch.messages[i].value, expected[i]["value"].get<std::string>());
    }
    EXPECT_EQ(encode_multi_message(batch), bytes);
    ++read;
  }
  EXPECT_EQ(read, 4);
}

TEST(MultiMessage, skips_the_blocks_that_a_later_version_may_add) {
  auto const later =
      from_hex(std::string{"6138633739646236373565313463346362663165623737643064366430663030"
                           "0300010001000100"
                           "ffffff"}  // three bytes in the root block
               + "01000100"
                 "ee"
                 "0100000061"
                 "0100000062"  // one in each batch header
               + "02000100"
                 "dddd"
                 "01000100"
                 "cc"
                 "0100000063"
                 "0100000064"
                 "010000006b"
                 "0100000076");
  auto const batch = decode_multi_message(later);
  EXPECT_EQ(batch.headers, (std::vector<Header>{{"a", "b"}}));
  ASSERT_EQ(batch.messages.size(), 1U);
  EXPECT_EQ(batch.messages[0],
            (MultiMessageEntry{.headers = {{"c", "d"}}, .key = "k", .value = "v"}));
}

TEST(MultiMessage, is_known_by_its_first_32_bytes) {
  auto const bytes = encode_multi_message(batch_of({}));
  EXPECT_TRUE(is_multi_message(bytes));
  EXPECT_TRUE(is_multi_message(std::string_view{bytes}.substr(0, 32)));
  EXPECT_FALSE(is_multi_message(std::string_view{bytes}.substr(0, 31)));
  EXPECT_FALSE(is_multi_message(R"({"payload":"","headers":{}})"));
  EXPECT_THROW(decode_multi_message("{}"), Error);
}

TEST(MultiMessage, that_was_cut_anywhere_is_malformed) {
  auto const bytes = encode_multi_message(with_headers());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    try {
      decode_multi_message(std::string_view{bytes}.substr(0, size));
      ADD_FAILURE() << "accepted the first " << size << " bytes";
    } catch (Error const& error) { EXPECT_EQ(error.fault(), Fault::malformed); }
  }
}

TEST(MultiMessage, of_random_bytes_is_a_value_or_malformed) {
  SeededRandom random{42};
  auto const good = encode_multi_message(with_headers());
  for (int round = 0; round < 20'000; ++round) {
    auto bytes = good;
    for (std::uint64_t changes = 1 + random.below(4); changes > 0; --changes) {
      bytes[32 + random.below(bytes.size() - 32)] = static_cast<char>(random.bits());
    }
    try {
      decode_multi_message(bytes);
    } catch (Error const& error) { ASSERT_EQ(error.fault(), Fault::malformed); }
  }
}

TEST(MultiMessage, with_more_entries_than_the_format_can_count_is_refused) {
  try {
    encode_multi_message(batch_of(std::vector<MultiMessageEntry>(65535)));
    FAIL();
  } catch (Error const& error) { EXPECT_EQ(error.fault(), Fault::rejected); }
  EXPECT_EQ(
      decode_multi_message(encode_multi_message(batch_of(std::vector<MultiMessageEntry>(65534))))
          .messages.size(),
      65534U);
}

}  // namespace
}  // namespace tram
