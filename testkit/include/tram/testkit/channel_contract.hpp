#pragma once

#include <gtest/gtest.h>

#include <array>
#include <stop_token>
#include <string>

#include "tram/testkit/broker_fixture.hpp"

#pragma GCC visibility push(default)

namespace tram::testkit {

/// What a broker says of itself, and how channels are made.
///
/// `INSTANTIATE_TYPED_TEST_SUITE_P(Mine, ChannelContract, MyHarness);`
template <class Harness>
class ChannelContract : public BrokerFixture<Harness> {};

TYPED_TEST_SUITE_P(ChannelContract);

TYPED_TEST_P(ChannelContract, creates_channels_with_the_partitions_asked_for) {
  auto const channel = this->fresh_channel(3);
  auto const reader = this->member(this->fresh_name("group"), channel);
  ASSERT_TRUE(this->assigned(*reader, 3));
}

TYPED_TEST_P(ChannelContract, leaves_a_channel_that_exists_as_it_is) {
  auto const channel = this->fresh_channel(3);
  this->publish(channel, 10, 10);
  this->broker().create_channels(std::array{channel}, 5,
                                 Deadline::after(this->clock(), TypeParam::patience));
  auto const reader = this->member(this->fresh_name("group"), channel);
  ASSERT_TRUE(this->received(*reader, 10));
  EXPECT_EQ(reader->owned().size(), 3U);
}

TYPED_TEST_P(ChannelContract, refuses_to_create_an_illegal_channel) {
  try {
    this->broker().create_channels(std::array{std::string{"a/b"}}, 1,
                                   Deadline::after(this->clock(), TypeParam::patience));
    FAIL() << "it was created";
  } catch (Error const& error) { EXPECT_EQ(error.fault(), Fault::rejected) << error.what(); }
}

TYPED_TEST_P(ChannelContract, creates_missing_channels_for_a_consumer) {
  auto const channel = this->fresh_name("made-by-subscribe");
  auto const reader = this->member(this->fresh_name("group"), channel);
  ASSERT_TRUE(this->until({reader.get()}, [&] { return !reader->owned().empty(); }));
  this->publish(channel, 1, 1);
  EXPECT_TRUE(this->received(*reader, 1));
}

TYPED_TEST_P(ChannelContract, tells_which_channels_it_created) {
  auto const deadline = Deadline::after(this->clock(), TypeParam::patience);
  auto const there = this->fresh_channel(1);
  auto const missing = this->fresh_name("missing");
  using Channels = std::vector<std::string>;
  auto const create = [&](Channels const& channels) {
    return this->broker().create_channels(channels, 1, deadline);
  };
  EXPECT_EQ(create({there, missing}), Channels{missing});
  EXPECT_EQ(create({there, missing}), Channels{});
  auto const further = this->fresh_name("further");
  Channels const channels{missing, further};
  auto const reader = this->broker().subscribe({.group = this->fresh_name("group")}, channels);
  EXPECT_EQ(reader->created_channels(), Channels{further});
}

TYPED_TEST_P(ChannelContract, refuses_missing_channels_to_a_group_that_may_create_none) {
  auto const there = this->fresh_channel(1);
  auto const missing = this->fresh_name("missing");
  ConsumerMode const mode{.group = this->fresh_name("group"), .create_channels = false};
  for (int time = 0; time < 2; ++time) {
    try {
      (void)this->broker().subscribe(mode, std::array{there, missing});
      ADD_FAILURE() << "it was created";
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::rejected) << error.what();
      EXPECT_NE(std::string{error.what()}.find("'" + missing + "'"), std::string::npos);
      EXPECT_EQ(std::string{error.what()}.find("'" + there + "'"), std::string::npos);
    }
  }
  EXPECT_NO_THROW((void)this->broker().subscribe(mode, std::array{there}));
}

TYPED_TEST_P(ChannelContract, says_what_it_is) {
  auto const traits = this->broker().traits();
  EXPECT_FALSE(traits.name.empty());
  if (traits.record_bytes_max > 0 && TypeParam::refused_bytes > 0) {
    EXPECT_LT(traits.record_bytes_max, TypeParam::refused_bytes);
  }
}

TYPED_TEST_P(ChannelContract, answers_a_ping) {
  EXPECT_NO_THROW(this->broker().ping(Deadline::after(this->clock(), TypeParam::patience)));
}

TYPED_TEST_P(ChannelContract, waits_no_longer_than_until_a_stop) {
  std::stop_source stop;
  stop.request_stop();
  auto const began = this->clock().steady();
  std::array const channels{this->fresh_name("channel")};
  for (auto const kind : {ConsumerMode::Kind::group, ConsumerMode::Kind::broadcast}) {
    try {
      (void)this->broker().subscribe({.kind = kind, .group = this->fresh_name("group")}, channels,
                                     stop.get_token());
      this->broker().create_channels(channels, 1, Deadline::never(), stop.get_token());
      this->broker().ping(Deadline::never(), stop.get_token());
    } catch (Error const& error) { EXPECT_EQ(error.fault(), Fault::transient); }
  }
  EXPECT_LT(this->clock().steady() - began, TypeParam::patience);
}

REGISTER_TYPED_TEST_SUITE_P(ChannelContract, creates_channels_with_the_partitions_asked_for,
                            leaves_a_channel_that_exists_as_it_is,
                            refuses_to_create_an_illegal_channel,
                            creates_missing_channels_for_a_consumer,
                            tells_which_channels_it_created,
                            refuses_missing_channels_to_a_group_that_may_create_none,
                            says_what_it_is, answers_a_ping, waits_no_longer_than_until_a_stop);

}  // namespace tram::testkit

#pragma GCC visibility pop
