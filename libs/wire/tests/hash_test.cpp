#include <gtest/gtest.h>

#include <vector>

#include "tram/wire/java_hash.hpp"
#include "tram/wire/murmur2.hpp"
#include "tram/wire/outbox_partitioning.hpp"
#include "vectors.hpp"

namespace tram {
namespace {

TEST(JavaHash, equals_that_of_java_strings) {
  EXPECT_EQ(java_hash(""), 0);
  EXPECT_EQ(java_hash("1"), 49);
  EXPECT_EQ(java_hash("Order"), 76453678);
  EXPECT_EQ(java_hash("key"), 106079);
  EXPECT_EQ(java_hash("é"), 233);
  EXPECT_EQ(java_hash("😀"), 1772899);
  EXPECT_EQ(java_hash("customer-123"), 899126211);
  EXPECT_EQ(java_hash("polygenelubricants"), INT32_MIN);
}

TEST(JavaHash, counts_each_byte_that_is_no_utf8_as_a_replacement_character) {
  auto const replaced = java_hash("\xEF\xBF\xBD");
  EXPECT_EQ(replaced, 0xFFFD);
  EXPECT_EQ(java_hash("\x80"), replaced);
  EXPECT_EQ(java_hash("\xC3"), replaced);
  EXPECT_EQ(java_hash("\xF0"), replaced);
  EXPECT_EQ(java_hash("\xED\xA0\x80"), java_hash("\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"));
  EXPECT_EQ(java_hash("\xC0\xAF"), java_hash("\xEF\xBF\xBD\xEF\xBF\xBD"));
}

TEST(Murmur2, equals_that_of_kafka) {
  EXPECT_EQ(murmur2("21"), -973932308);
  EXPECT_EQ(murmur2("foobar"), -790332482);
  EXPECT_EQ(murmur2("1"), -1993445489);
  EXPECT_EQ(murmur2("key1"), 28543940);
  EXPECT_EQ(murmur2("customer-123"), 593099448);
}

TEST(KafkaPartition, is_the_one_that_the_java_client_chose) {
  auto const lines = testing::vectors("partition.jsonl");
  ASSERT_EQ(lines.size(), 800U);
  for (auto const& line : lines) {
    EXPECT_EQ(kafka_partition(line["key"].get<std::string>(), line["partitions"]),
              line["partition"])
        << line;
  }
}

TEST(KafkaPartition, is_the_one_that_every_captured_record_lies_in) {
  for (auto const& line : testing::vectors("kafka_records.jsonl")) {
    auto const key = testing::from_base64(line["key_base64"].get<std::string>());
    EXPECT_EQ(kafka_partition(key, line["partitions"]), line["partition"]) << key;
  }
}

TEST(OutboxPartitioning, chooses_the_tables_and_partitions_that_java_chose) {
  auto const lines = testing::vectors("outbox_tables.jsonl");
  ASSERT_EQ(lines.size(), 54U);
  for (auto const& line : lines) {
    OutboxPartitioning const partitioning{
        .tables = line["outbox_tables"].is_null() ? 0 : line["outbox_tables"].get<std::uint32_t>(),
        .message_partitions = line["message_partitions"].is_null()
                                  ? 0
                                  : line["message_partitions"].get<std::uint32_t>()};
    auto const place = partitioning.place(line["destination"].get<std::string>(),
                                          testing::text_or_null(line["key"]));
    EXPECT_EQ(place.table_suffix(), line["table_suffix"].get<std::string>()) << line;
    std::optional<std::uint32_t> partition;
    if (!line["message_partition"].is_null()) partition = line["message_partition"];
    EXPECT_EQ(place.message_partition, partition) << line;
  }
}

TEST(OutboxPartitioning, of_one_table_or_partition_is_none) {
  for (std::uint32_t const tables : {0U, 1U}) {
    for (std::uint32_t const partitions : {0U, 1U}) {
      OutboxPartitioning const partitioning{.tables = tables, .message_partitions = partitions};
      EXPECT_EQ(partitioning.place("Order", "1"), OutboxPlace{});
    }
  }
}

// Java takes the absolute value, which the smallest number does not have, and asks for a table
// "message-2".
TEST(OutboxPartitioning, gives_the_one_hash_without_an_absolute_value_a_real_place) {
  // Objects.hash("\u0001", key) is 31 * 32 + hash(key): the key is made so that the sum is INT_MIN.
  std::uint32_t const wanted = 0x80000000U - 31U * 32U;
  std::string key;
  for (std::uint32_t rest = wanted; rest > 0; rest /= 31U) {
    key.insert(key.begin(), static_cast<char>(rest % 31U));
  }
  ASSERT_EQ(static_cast<std::uint32_t>(java_hash(key)), wanted);
  for (std::uint32_t const count : {2U, 3U, 5U, 8U}) {
    OutboxPartitioning const partitioning{.tables = count, .message_partitions = count};
    auto const place = partitioning.place("\x01", key);
    EXPECT_EQ(place.table, 0x80000000U % count);
    EXPECT_EQ(place.message_partition, 0x80000000U % count);
  }
}

}  // namespace
}  // namespace tram
