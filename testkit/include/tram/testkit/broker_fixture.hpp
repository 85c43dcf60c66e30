#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tram/base/random.hpp"
#include "tram/testkit/broker_probe.hpp"

#pragma GCC visibility push(default)

namespace tram::testkit {

/// What the suites of `broker_contract.hpp` share.
///
///     class ProducerContract : public BrokerFixture<Harness> {};
template <class Harness>
class BrokerFixture : public ::testing::Test {
 protected:
  using Mode = ConsumerMode;

  static constexpr std::int32_t partitions{4};

  Broker& broker() { return harness_.broker(); }
  Clock& clock() { return harness_.clock(); }

  std::string fresh_name(std::string const& what) {
    return what + "-" + random_uuid(random_).substr(0, 13);
  }
  std::string fresh_channel(std::int32_t count = partitions) {
    std::string const channel = fresh_name("channel");
    broker().create_channels(std::array{channel}, count,
                             Deadline::after(clock(), Harness::patience));
    return channel;
  }
  ProducerProbe producer() {
    return ProducerProbe{broker().producer(), clock(), Harness::patience};
  }
  std::unique_ptr<ConsumerProbe> subscribe(Mode const& mode, std::vector<std::string> channels) {
    return std::make_unique<ConsumerProbe>(broker().subscribe(mode, channels));
  }
  std::unique_ptr<ConsumerProbe> member(std::string const& group, std::string const& channel) {
    return subscribe({.kind = Mode::Kind::group, .group = group}, {channel});
  }
  bool until(std::initializer_list<ConsumerProbe*> probes, std::function<bool()> const& condition) {
    return poll_until(clock(), Harness::patience, probes, condition);
  }
  bool assigned(ConsumerProbe& probe, std::size_t count) {
    return until({&probe}, [&] { return probe.owned().size() == count; });
  }
  bool received(ConsumerProbe& probe, std::size_t count) {
    return until({&probe}, [&] { return probe.deliveries().size() >= count; });
  }
  /// `count` records with values `0`, `1`, … and `keys` keys in turn.
  static std::vector<OwnedRecord> numbered(std::string const& channel, int count, int keys) {
    std::vector<OwnedRecord> records;
    for (int i = 0; i < count; ++i) {
      records.push_back({channel, "key-" + std::to_string(i % keys), std::to_string(i)});
    }
    return records;
  }
  void publish(std::string const& channel, int count, int keys) {
    auto probe = producer();
    ASSERT_TRUE(probe.publish(numbered(channel, count, keys)));
  }
  static std::vector<std::string> sorted(std::vector<std::string> values) {
    std::ranges::sort(values);
    return values;
  }
  static std::vector<std::string> sorted_values(std::vector<OwnedRecord> const& records) {
    std::vector<std::string> values;
    for (auto const& record : records) values.push_back(record.value);
    return sorted(values);
  }
  static void expect_ascending(std::vector<std::string> const& numbers) {
    for (std::size_t i = 1; i < numbers.size(); ++i) {
      EXPECT_LT(std::stoi(numbers[i - 1]), std::stoi(numbers[i]));
    }
  }
  static void expect_no_breach(ConsumerProbe const& probe) {
    EXPECT_EQ(probe.breaches(), std::vector<std::string>{});
  }
  /// One poison record between two good ones.
  void expect_refused_alone(OwnedRecord const& poison) {
    auto const channel = fresh_channel();
    auto probe = producer();
    auto const before = probe.submit({channel, "k", "before"}).value();
    auto const refused = probe.submit(poison).value();
    auto const after = probe.submit({channel, "k", "after"}).value();
    ASSERT_TRUE(probe.settle());
    EXPECT_TRUE(probe.landed(before));
    EXPECT_EQ(probe.fault(refused), Fault::rejected);
    EXPECT_TRUE(probe.landed(after));
    auto const reader = member(fresh_name("group"), channel);
    ASSERT_TRUE(received(*reader, 2));
    EXPECT_EQ(reader->values(), (std::vector<std::string>{"before", "after"}));
  }

  static int patience_milliseconds() {
    return static_cast<int>(
        std::chrono::duration_cast<std::chrono::milliseconds>(Harness::patience).count());
  }

  Harness harness_;
  SystemRandom random_;
};

}  // namespace tram::testkit

#pragma GCC visibility pop
