#include "tram/base/retry_gate.hpp"
#include "tram/base/clock.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace {
using namespace std::chrono_literals;
using namespace tram;

struct Broker {
  void fail(Fault fault, std::string const& what) {
    counterpart.failed(Error{fault, what}, clock.steady());
  }
  [[nodiscard]] Duration pause() const { return counterpart.not_before() - clock.steady(); }

  ManualClock clock;
  SeededRandom random{1};
  std::vector<std::string> lines;
  RetryGate counterpart{
      {.events = "relay", .owner_field = "relay", .owner = "orders", .with = "broker"},
      {.first = 100ms, .longest = 1s},
      random,
      Logger{[this](LogLevel, std::string const& line) { lines.push_back(line); }, LogLevel::info}};
};

TEST(RetryGate, may_be_tried_until_it_fails_and_again_after_a_pause) {
  Broker broker;
  EXPECT_TRUE(broker.counterpart.may_be_tried(broker.clock.steady()));
  broker.fail(Fault::transient, "away");
  EXPECT_FALSE(broker.counterpart.may_be_tried(broker.clock.steady()));
  EXPECT_TRUE(broker.counterpart.may_be_tried(broker.clock.steady() + 100ms));
}

TEST(RetryGate, doubles_the_pause_up_to_the_longest_and_takes_off_a_half_at_most) {
  Broker broker;
  for (auto const whole : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
    broker.fail(Fault::transient, "away");
    EXPECT_GE(broker.pause(), whole / 2);
    EXPECT_LE(broker.pause(), whole);
  }
  EXPECT_EQ(broker.counterpart.failures(), 6);
}

TEST(RetryGate, waits_the_longest_pause_at_once_where_an_operator_is_needed) {
  Broker broker;
  broker.fail(Fault::rejected, "no such table");
  EXPECT_GE(broker.pause(), 500ms);
}

TEST(RetryGate, waits_no_longer_than_the_caller_allows) {
  Broker broker;
  broker.counterpart.failed(Error{Fault::rejected, "no"}, broker.clock.steady(), 20ms);
  EXPECT_LE(broker.pause(), 20ms);
}

TEST(RetryGate, logs_each_change_of_state_once) {
  Broker broker;
  broker.counterpart.succeeded();
  broker.fail(Fault::transient, "away");
  broker.fail(Fault::transient, "away");
  EXPECT_EQ(broker.counterpart.trouble(), "away");
  broker.counterpart.succeeded();
  broker.counterpart.succeeded();
  EXPECT_EQ(broker.counterpart.trouble(), "");
  EXPECT_EQ(broker.counterpart.failures(), 0);
  EXPECT_TRUE(broker.counterpart.may_be_tried(broker.clock.steady()));
  EXPECT_EQ(broker.lines,
            (std::vector<std::string>{
                "level=warning event=relay.trouble relay=orders with=broker fault=transient "
                "what=away",
                "level=info event=relay.recovered relay=orders with=broker"}));
}

}  // namespace
