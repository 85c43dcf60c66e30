#include <gtest/gtest.h>

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kafka_batches.hpp"
#include "kafka_harness.hpp"
#include "kafka_publisher.hpp"
#include "kafka_test.hpp"

namespace tram::testing {
namespace {

using testkit::ConsumerProbe;
using testkit::OwnedRecord;

constexpr int keys{10};
constexpr int partitions{4};

class KafkaBatching : public KafkaTest {
 protected:
  KafkaBatching() : KafkaTest{kafka_config(server())} {}
  static KafkaServer& server() {
    static KafkaServer one;
    return one;
  }
  static std::vector<OwnedRecord> numbered(std::string const& channel, int count) {
    std::vector<OwnedRecord> records;
    for (int i = 0; i < count; ++i)
      records.push_back({channel, "key-" + std::to_string(i % keys), std::to_string(i)});
    return records;
  }
};

/// As a relay does that is behind: records come faster than they are acknowledged, and each takes a
/// few microseconds to be read.
TEST_F(KafkaBatching, sends_hardly_a_record_of_a_backlog_alone) {
  constexpr std::size_t records{150'000};
  constexpr Duration pace{std::chrono::microseconds{5}};
  create("backlog", partitions);
  auto const producer = broker_->producer();
  std::size_t completed = 0;
  auto const take_completions = [&] { completed += producer->completions().size(); };
  for (std::size_t sent = 0; sent < records; ++sent) {
    auto const read_at = clock_.steady() + pace;
    auto const key = "key-" + std::to_string(sent % keys);
    while (!producer->submit({.channel = "backlog", .key = key, .value = "v"}, Sequence{sent + 1}))
      take_completions();
    // As behind a read of so many rows.
    if (sent % 500 == 0) take_completions();
    while (clock_.steady() < read_at) {}
  }
  EXPECT_TRUE(until([&] {
    take_completions();
    return completed == records;
  }));
  auto const batches = batches_of(server(), "backlog", partitions);
  EXPECT_EQ(batches.records, records);
  EXPECT_LT(batches.of_one_record, batches.all / 10) << batches.all;
}

TEST_F(KafkaBatching, keeps_the_order_of_a_key_between_single_records_and_backlogs) {
  constexpr int bursts{8};
  constexpr int burst{1'000};
  create("bursts", partitions);
  Publisher publisher{*broker_, numbered("bursts", bursts * burst)};
  auto const settled = [&](std::size_t count) {
    publisher.submit_only(count);
    return until([&] {
      publisher.step();
      return publisher.completed() == count;
    });
  };
  for (std::size_t begin = 0; begin < bursts * burst; begin += burst) {
    for (std::size_t alone = 1; alone <= 10; ++alone) ASSERT_TRUE(settled(begin + alone));
    ASSERT_TRUE(settled(begin + burst));
  }
  EXPECT_EQ(publisher.producers(), 1U);
  ConsumerProbe probe{broker_->subscribe({.kind = ConsumerMode::Kind::group, .group = "bursts"},
                                         std::array{std::string{"bursts"}})};
  ASSERT_TRUE(until([&] {
    probe.poll();
    return probe.deliveries().size() >= bursts * burst;
  }));
  for (int key = 0; key < keys; ++key) {
    int last = -1;
    for (auto const& value : probe.values_of("key-" + std::to_string(key))) {
      EXPECT_GT(std::stoi(value), last);
      last = std::stoi(value);
    }
  }
}

}  // namespace
}  // namespace tram::testing
