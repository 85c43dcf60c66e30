#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "kafka_harness.hpp"
#include "kafka_publisher.hpp"
#include "kafka_test.hpp"
#include "kafka_topics.hpp"
#include "tram/base/random.hpp"

namespace tram::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testkit::ConsumerProbe;
using testkit::OwnedRecord;

constexpr int keys{10};

KafkaServer& server() {
  static KafkaServer one;
  return one;
}

class KafkaFailures : public KafkaTest {
 protected:
  KafkaFailures() : KafkaTest{kafka_config(server())} {}
  std::unique_ptr<ConsumerProbe> reader(std::string const& group, std::string const& channel) {
    return std::make_unique<ConsumerProbe>(broker_->subscribe(
        {.kind = ConsumerMode::Kind::group, .group = group}, std::array{channel}));
  }
  static std::vector<OwnedRecord> numbered(std::string const& channel, int count) {
    std::vector<OwnedRecord> records;
    for (int i = 0; i < count; ++i) {
      records.push_back({channel, "key-" + std::to_string(i % keys), std::to_string(i)});
    }
    return records;
  }
  static bool has_seen(ConsumerProbe const& probe, std::size_t count) {
    if (probe.deliveries().size() < count) return false;
    auto const values = probe.values();
    return std::set<std::string>{values.begin(), values.end()}.size() == count;
  }
  /// Of each key the first occurrences, which must ascend whatever was sent twice.
  static void expect_first_occurrences_in_order(ConsumerProbe const& probe) {
    for (int key = 0; key < keys; ++key) {
      std::set<int> seen;
      for (auto const& value : probe.values_of("key-" + std::to_string(key))) {
        int const number = std::stoi(value);
        if (seen.contains(number)) continue;
        if (!seen.empty()) { EXPECT_GT(number, *seen.rbegin()); }
        seen.insert(number);
      }
    }
  }
};

TEST_F(KafkaFailures, killed_in_the_middle_it_loses_nothing_and_keeps_the_order) {
  create("killed", 3);
  Publisher publisher{*broker_, numbered("killed", 20'000)};
  auto const probe = reader("killed-readers", "killed");
  ASSERT_TRUE(until([&] {
    publisher.step();
    probe->poll();
    return publisher.completed() >= 3'000;
  }));
  server().kill();
  // With the server away the window fills, and the member goes on polling.
  for (int i = 0; i < 50; ++i) {
    publisher.step();
    probe->poll();
  }
  server().start();
  ASSERT_TRUE(until([&] {
    publisher.step();
    probe->poll();
    return publisher.done() && has_seen(*probe, publisher.records().size());
  }));
  EXPECT_TRUE(publisher.refused().empty());
  expect_first_occurrences_in_order(*probe);
  EXPECT_EQ(probe->breaches(), std::vector<std::string>{});
}

TEST_F(KafkaFailures,
       frozen_for_longer_than_requests_may_take_it_loses_nothing_and_keeps_the_order) {
  create("frozen", 3);
  Publisher publisher{*broker_, numbered("frozen", 20'000)};
  auto const probe = reader("frozen-readers", "frozen");
  auto const step = [&] {
    publisher.step();
    probe->poll();
    probe->acknowledge_all();
  };
  publisher.submit_only(3'000);
  ASSERT_TRUE(until([&] {
    step();
    return publisher.completed() >= 3'000 && !probe->deliveries().empty();
  }));
  publisher.submit_all();
  server().freeze();
  auto const thaw_at = Deadline::after(clock_, seconds{5});
  ASSERT_TRUE(until([&] {
    step();
    return thaw_at.reached(clock_);
  }));
  EXPECT_FALSE(publisher.done());
  server().thaw();
  ASSERT_TRUE(until([&] {
    step();
    return publisher.done() && has_seen(*probe, publisher.records().size());
  }));
  expect_first_occurrences_in_order(*probe);
  EXPECT_EQ(probe->breaches(), std::vector<std::string>{});
}

TEST_F(KafkaFailures, a_producer_made_while_the_server_is_away_goes_on_by_itself) {
  create("away", 1);
  server().kill();
  auto impatient = kafka_config(server());
  impatient.request_timeout = milliseconds{1'000};
  auto const broker = kafka::connect(impatient, clock_);
  Publisher publisher{*broker, numbered("away", 100)};
  publisher.step();
  try {
    (void)broker->subscribe({.kind = ConsumerMode::Kind::group, .group = "away-readers"},
                            std::array{std::string{"away"}});
    ADD_FAILURE() << "nobody is there";
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::transient);
    EXPECT_NE(std::string{error.what()}.find("is the broker running"), std::string::npos)
        << error.what();
  }
  EXPECT_EQ(publisher.completed(), 0U);
  server().start();
  EXPECT_TRUE(until([&] {
    publisher.step();
    return publisher.done();
  }));
  EXPECT_EQ(publisher.producers(), 1U);
}

class ReadersAtRest : public KafkaFailures,
                      public ::testing::WithParamInterface<ConsumerMode::Kind> {};

/// Nothing comes and nothing is to be stored: silence is no evidence that all is well.
TEST_P(ReadersAtRest, say_that_the_server_is_away_until_it_answers_again) {
  create("at-rest", 1);
  auto const consumer = broker_->subscribe({.kind = GetParam(), .group = "at-rest-readers"},
                                           std::array{std::string{"at-rest"}});
  auto const is_well = [&] {
    try {
      auto const events = consumer->poll();
      // A member that is not heard of gives its partitions up by itself.
      return std::ranges::none_of(
          events, [](auto const& event) { return std::holds_alternative<Revoked>(event); });
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::transient) << error.what();
      return false;
    }
  };
  auto const for_a_while = [&](Duration time, bool well) {
    auto const end = Deadline::after(clock_, time);
    return until([&] { return is_well() != well || end.reached(clock_); }) && end.reached(clock_);
  };
  ASSERT_TRUE(for_a_while(seconds{7}, true)) << "and it is asked meanwhile";
  for (auto const& [leave, come_back] :
       std::vector<std::pair<std::function<void()>, std::function<void()>>>{
           {[] { server().kill(); }, [] { server().start(); }},
           {[] { server().freeze(); }, [] { server().thaw(); }}}) {
    leave();
    EXPECT_TRUE(until([&] { return !is_well(); }, seconds{20}));
    EXPECT_TRUE(for_a_while(seconds{4}, false)) << "nothing was seen to work";
    come_back();
    EXPECT_TRUE(until(is_well));
    EXPECT_TRUE(for_a_while(seconds{2}, true));
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, ReadersAtRest,
                         ::testing::Values(ConsumerMode::Kind::group,
                                           ConsumerMode::Kind::broadcast),
                         [](auto const& kind) {
                           return kind.param == ConsumerMode::Kind::group ? "group" : "broadcast";
                         });

/// The proof that the topic is still the same takes its part of the time, and no more.
TEST_F(KafkaFailures, a_reader_is_closed_in_time_though_nobody_proves_what_it_would_store) {
  create("unproved", 1);
  Publisher publisher{*broker_, numbered("unproved", 20)};
  ASSERT_TRUE(until([&] {
    publisher.step();
    return publisher.done();
  }));
  auto const probe = reader("unproved-readers", "unproved");
  ASSERT_TRUE(until([&] {
    probe->poll();
    return probe->deliveries().size() == 20;
  }));
  // A first position is stored before the first record is given to anybody.
  probe->acknowledge_all();
  server().freeze();
  auto const began = clock_.steady();
  probe->consumer()->close(milliseconds{100});
  auto const took = clock_.steady() - began;
  server().thaw();
  EXPECT_LT(took, milliseconds{900});
}

/// What a batch of the topic may have is asked before a second record is on its way, so none is
/// refused with later ones behind it.
class SmallTopics : public KafkaFailures, public ::testing::WithParamInterface<std::string> {
 protected:
  kafka::Config config() {
    auto config = kafka_config(server());
    if (!GetParam().empty()) config.properties["compression.codec"] = GetParam();
    return config;
  }
  /// Nothing that could be compressed.
  std::string noise() {
    std::string text;
    for (int i = 0; i < 5'000; ++i) text.push_back(static_cast<char>(random_.bits() & 0x7f));
    return text;
  }

 private:
  SeededRandom random_{1};
};

TEST_P(SmallTopics, refuse_only_the_records_that_are_too_large_and_keep_the_order) {
  auto const channel = "prepared-" + GetParam();
  create_small_topic(server().servers(), channel, 2'000);
  auto const broker = kafka::connect(config(), clock_);
  broker->create_channels(std::array{channel}, 0, Deadline::after(clock_, seconds{20}));
  auto records = numbered(channel, 3'000);
  std::set<std::size_t> const poison{0, 1'500, 1'501, 2'999};
  for (auto const index : poison) records[index].value = noise();
  Publisher publisher{*broker, records};
  ASSERT_TRUE(until([&] {
    publisher.step();
    return publisher.done();
  }));
  std::set<std::size_t> refused;
  for (auto const& [index, reason] : publisher.refused()) {
    refused.insert(index);
    EXPECT_NE(reason.find("max.message.bytes"), std::string::npos) << reason;
  }
  EXPECT_EQ(refused, poison);
  EXPECT_EQ(publisher.producers(), 1U) << publisher.troubles().size();
  auto const probe = reader(channel + "-readers", channel);
  EXPECT_TRUE(until([&] {
    probe->poll();
    return has_seen(*probe, records.size() - poison.size());
  }));
  expect_first_occurrences_in_order(*probe);
  EXPECT_EQ(probe->deliveries().size(), records.size() - poison.size());
}

INSTANTIATE_TEST_SUITE_P(Codecs, SmallTopics, ::testing::Values("", "gzip"));

/// The client's batches are small enough, and only single records are not.
TEST_F(KafkaFailures, a_record_above_the_limit_of_the_topic_goes_alone) {
  auto config = kafka_config(server());
  config.record_bytes_max = 3'000'000;
  auto const broker = kafka::connect(config, clock_);
  std::string const channel{"single"};
  broker->create_channels(std::array{channel}, 1, Deadline::after(clock_, seconds{20}));
  auto records = numbered(channel, 3'000);
  for (std::size_t const index : {1'000U, 2'000U}) records[index].value.resize(2'000'000, 'x');
  Publisher publisher{*broker, records};
  ASSERT_TRUE(until([&] {
    publisher.step();
    return publisher.done();
  }));
  EXPECT_EQ(publisher.refused().size(), 2U);
  EXPECT_EQ(publisher.producers(), 1U);
  auto const probe = reader("single-readers", channel);
  EXPECT_TRUE(until([&] {
    probe->poll();
    return has_seen(*probe, records.size() - 2);
  }));
  expect_first_occurrences_in_order(*probe);
}

TEST_F(KafkaFailures, a_record_that_the_server_finds_too_large_is_singled_out_among_good_ones) {
  create_small_topic(server().servers(), "small", 2'000);
  auto records = numbered("small", 3'000);
  std::set<std::size_t> const poison{0, 1'500, 1'501, 2'999};
  for (auto const index : poison) records[index].value.resize(5'000, 'x');
  Publisher publisher{*broker_, records};
  ASSERT_TRUE(until([&] {
    publisher.step();
    return publisher.done();
  }));
  std::set<std::size_t> refused;
  for (auto const& [index, reason] : publisher.refused()) {
    refused.insert(index);
    EXPECT_NE(reason.find("max.message.bytes"), std::string::npos) << reason;
  }
  EXPECT_EQ(refused, poison);
  auto const probe = reader("small-readers", "small");
  EXPECT_TRUE(until([&] {
    probe->poll();
    return has_seen(*probe, records.size() - poison.size());
  }));
  expect_first_occurrences_in_order(*probe);
  for (auto const& trouble : publisher.troubles()) std::cout << trouble << '\n';
}

TEST_F(KafkaFailures, a_name_that_nobody_knows_is_said_to_be_wrong) {
  auto const broker = kafka::connect(
      {.servers = "nowhere.invalid:9092", .request_timeout = milliseconds{1'000}}, clock_);
  try {
    broker->create_channels(std::array{std::string{"any"}}, 1, Deadline::after(clock_, seconds{1}));
    ADD_FAILURE() << "it was found";
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::transient);
    EXPECT_NE(std::string{error.what()}.find("nowhere.invalid"), std::string::npos) << error.what();
    EXPECT_NE(std::string{error.what()}.find("correct the host's name"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace tram::testing
