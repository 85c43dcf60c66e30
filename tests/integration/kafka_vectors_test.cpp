#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "kafka_harness.hpp"
#include "tram/testkit/broker_probe.hpp"
#include "tram/wire/multi_message.hpp"
#include "tram/wire/murmur2.hpp"
#include "tram/wire/record.hpp"
#include "vectors.hpp"

namespace tram::testing {
namespace {

using testkit::ConsumerProbe;
using testkit::ProducerProbe;

constexpr Duration patience{std::chrono::seconds{20}};

class KafkaVectors : public ::testing::Test {
 protected:
  static kafka::Config config() {
    static KafkaServer const server;
    return kafka_config(server);
  }
  std::unique_ptr<ConsumerProbe> reader(std::string const& group, std::string const& channel) {
    return std::make_unique<ConsumerProbe>(broker_->subscribe(
        {.kind = ConsumerMode::Kind::group, .group = group}, std::array{channel}));
  }

  SystemClock clock_;
  std::unique_ptr<Broker> broker_{kafka::connect(config(), clock_)};
};

TEST_F(KafkaVectors, every_key_reaches_the_partition_that_java_chooses) {
  std::map<std::int32_t, std::map<std::string, std::int32_t>> expected;
  for (auto const& line : vectors("partition.jsonl")) {
    expected[line["partitions"]][line["key"]] = line["partition"];
  }
  ASSERT_FALSE(expected.empty());
  for (auto const& [count, partitions] : expected) {
    auto const channel = "keys-" + std::to_string(count);
    broker_->create_channels(std::array{channel}, count, Deadline::after(clock_, patience));
    ProducerProbe producer{broker_->producer(), clock_, patience};
    std::vector<testkit::OwnedRecord> records;
    for (auto const& [key, partition] : partitions) records.push_back({channel, key, "v"});
    ASSERT_TRUE(producer.publish(records));
    auto const probe = reader(channel + "-readers", channel);
    ASSERT_TRUE(testkit::poll_until(clock_, patience, {probe.get()}, [&] {
      return probe->deliveries().size() == partitions.size();
    }));
    for (auto const& delivery : probe->deliveries()) {
      EXPECT_EQ(delivery.source.partition, partitions.at(delivery.key))
          << "'" << delivery.key << "' of " << count;
    }
  }
}

TEST_F(KafkaVectors, messages_that_java_batched_make_the_records_that_it_published) {
  auto batching = config();
  batching.multi_messages = true;
  auto const broker = kafka::connect(batching, clock_);
  std::array const channel{std::string{"batches"}};
  broker->create_channels(channel, 2, Deadline::after(clock_, patience));
  ProducerProbe producer{broker->producer(), clock_, patience};
  // The first records tell the client how many partitions there are.
  ASSERT_TRUE(producer.publish({{channel[0], "key-1", "x"}}));
  auto const probe = reader("batch-readers", channel[0]);
  ASSERT_TRUE(testkit::poll_until(clock_, patience, {probe.get()},
                                  [&] { return probe->deliveries().size() == 1; }));
  std::size_t records = 1;
  for (auto const& line : vectors("kafka_records.jsonl")) {
    if (line["run"] != "pg-batch") continue;
    std::vector<testkit::OwnedRecord> messages;
    for (auto const& message : line["multi_message"]["messages"])
      messages.push_back({channel[0], message["key"], message["value"]});
    ASSERT_TRUE(producer.publish(messages));
    ++records;
    ASSERT_TRUE(testkit::poll_until(clock_, patience, {probe.get()},
                                    [&] { return probe->deliveries().size() == records; }));
    auto const& delivery = probe->deliveries().back();
    EXPECT_EQ(delivery.key, line["key"].get<std::string>());
    EXPECT_EQ(delivery.source.partition, line["partition"].get<std::int32_t>());
    EXPECT_EQ(delivery.value, from_base64(line["value_base64"].get<std::string>()));
  }
  EXPECT_EQ(records, 5U);
}

/// Some three hundred a second: the Java relay gathers for half a second, and makes two records.
TEST_F(KafkaVectors, messages_that_come_one_by_one_share_records_as_javas_do) {
  constexpr std::size_t count = 1000;
  constexpr auto pause = std::chrono::milliseconds{3};
  auto batching = config();
  batching.multi_messages = true;
  auto const broker = kafka::connect(batching, clock_);
  std::array const channel{std::string{"live-batches"}};
  broker->create_channels(channel, 2, Deadline::after(clock_, patience));
  auto const producer = broker->producer();
  std::size_t submitted = 0;
  std::size_t acknowledged = 0;
  auto next = clock_.steady();
  while (acknowledged < count && !HasFailure()) {
    if (submitted < count && clock_.steady() >= next) {
      auto const key = "key-" + std::to_string(submitted % 20);
      RecordView const record{.channel = channel[0], .key = key, .value = "{}"};
      if (producer->submit(record, Sequence{submitted + 1})) ++submitted;
      next += pause;
    }
    for (auto const& completion : producer->completions()) {
      EXPECT_FALSE(completion.error) << completion.error->what();
      ++acknowledged;
    }
    pollfd watched{.fd = producer->descriptor(), .events = POLLIN, .revents = 0};
    ::poll(&watched, 1, 1);
  }
  auto const probe = reader("live-readers", channel[0]);
  std::size_t read = 0;
  std::size_t messages = 0;
  ASSERT_TRUE(testkit::poll_until(clock_, patience, {probe.get()}, [&] {
    for (; read < probe->deliveries().size(); ++read) {
      auto const& value = probe->deliveries()[read].value;
      messages += is_multi_message(value) ? decode_multi_message(value).messages.size() : 1;
    }
    return messages == count;
  }));
  EXPECT_LT(read, count / 8);
}

TEST_F(KafkaVectors, batched_messages_keep_their_order_per_key_in_fewer_records) {
  constexpr std::size_t count = 2000;
  constexpr std::size_t keys = 20;
  auto batching = config();
  batching.multi_messages = true;
  batching.multi_message_bytes_max = 4096;
  auto const broker = kafka::connect(batching, clock_);
  std::array const channel{std::string{"many-batches"}};
  broker->create_channels(channel, 4, Deadline::after(clock_, patience));
  ProducerProbe producer{broker->producer(), clock_, patience};
  std::vector<testkit::OwnedRecord> sent;
  for (std::size_t i = 0; i < count; ++i) {
    auto const key = "key-" + std::to_string(i % keys);
    sent.push_back({channel[0], key,
                    R"({"payload":"","headers":{"ID":")" + std::to_string(i) +
                        R"(","PARTITION_ID":")" + key + R"("}})"});
  }
  ASSERT_TRUE(producer.publish(sent));
  auto const probe = reader("many-readers", channel[0]);
  std::map<std::string, std::vector<std::size_t>> seen;
  std::size_t read = 0;
  std::size_t total = 0;
  ASSERT_TRUE(testkit::poll_until(clock_, patience, {probe.get()}, [&] {
    for (; read < probe->deliveries().size(); ++read) {
      auto const& delivery = probe->deliveries()[read];
      for (auto const& message : decode_record_value(delivery.value)) {
        auto const key = std::string{message.partition_key().value()};
        EXPECT_EQ(delivery.source.partition, kafka_partition(key, 4));
        seen[key].push_back(std::stoul(std::string{message.headers.find("ID").value()}));
        ++total;
      }
    }
    return total == count;
  }));
  EXPECT_LT(read, count / 4);
  for (auto const& [key, ids] : seen) {
    EXPECT_EQ(ids.size(), count / keys) << key;
    EXPECT_TRUE(std::ranges::is_sorted(ids)) << key;
  }
}

/// The big-endian numbers and strings of a stored position, as brokers keep them.
class StoredBytes {
 public:
  explicit StoredBytes(std::string_view bytes) : bytes_{bytes} {}
  std::int64_t number(std::size_t size) {
    std::uint64_t value = 0;
    for (auto const byte : take(size)) value = value << 8U | static_cast<unsigned char>(byte);
    return static_cast<std::int64_t>(value);
  }
  std::string text() { return std::string{take(static_cast<std::size_t>(number(2)))}; }

 private:
  std::string_view take(std::size_t size) {
    auto const taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  std::string_view bytes_;
};

struct StoredPosition {
  std::int64_t position;
  std::uint32_t leader_epoch;
  std::string metadata;
};

TEST_F(KafkaVectors, a_stored_position_has_what_java_stores_and_a_note) {
  std::string const channel{"positions"};
  std::string const group{"position-keepers"};
  broker_->create_channels(std::array{channel}, 1, Deadline::after(clock_, patience));
  ProducerProbe producer{broker_->producer(), clock_, patience};
  ASSERT_TRUE(producer.publish({{channel, "k", "1"}, {channel, "k", "2"}}));
  auto const probe = reader(group, channel);
  ASSERT_TRUE(testkit::poll_until(clock_, patience, {probe.get()},
                                  [&] { return probe->deliveries().size() == 2; }));
  probe->acknowledge_all();
  probe->consumer()->close(patience);

  auto const witness = reader("witnesses", "__consumer_offsets");
  std::map<std::string, StoredPosition> stored;
  std::size_t looked_at = 0;
  ASSERT_TRUE(testkit::poll_until(clock_, patience, {witness.get()}, [&] {
    for (; looked_at < witness->deliveries().size(); ++looked_at) {
      auto const& record = witness->deliveries()[looked_at];
      StoredBytes key{record.key};
      if (key.number(2) > 1 || key.text() != group) continue;
      auto const topic = key.text();
      StoredBytes value{record.value};
      EXPECT_EQ(value.number(2), 3);
      auto const position = value.number(8);
      auto const epoch = static_cast<std::uint32_t>(value.number(4));
      stored[topic] = {position, epoch, value.text()};
    }
    return stored.contains(channel);
  }));
  EXPECT_EQ(stored.at(channel).position, 2);
  // The epoch is given by clients newer than the Java framework's commits.
  EXPECT_EQ(stored.at(channel).leader_epoch, 0xFFFFFFFFU);
  // Java stores none, and reads none.
  for (auto const& line : vectors("consumer_offsets.jsonl")) {
    EXPECT_EQ(line["metadata"].get<std::string>(), "");
  }
  EXPECT_TRUE(stored.at(channel).metadata.starts_with("record=1/")) << stored.at(channel).metadata;
}

}  // namespace
}  // namespace tram::testing
