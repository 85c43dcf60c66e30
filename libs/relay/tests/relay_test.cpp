#include "tram/relay/relay.hpp"

#include <gtest/gtest.h>

#include "relay_world.hpp"
#include "tram/wire/record.hpp"

namespace {
using namespace std::chrono_literals;
using tram::Error;
using tram::Fault;
using tram::LogPosition;
using tram::RecordView;
using tram::testing::RelayWorld;
using tram::testing::row;
using Texts = std::vector<std::string>;

TEST(Relay, publishes_rows_in_the_order_of_the_log_and_confirms_them) {
  RelayWorld world;
  world.source.commit({row("1", "a"), row("2", "b")});
  world.source.commit({row("3", "a")});
  auto const relay = world.relay();
  world.run_at_once(*relay);
  EXPECT_EQ(world.broker.landed_keys_and_ids(), (Texts{"a:1", "b:2", "a:3"}));
  EXPECT_EQ(world.source.confirmed, 3U);
  auto const status = relay->status();
  EXPECT_EQ(status.counters.rows_read, 3U);
  EXPECT_EQ(status.counters.rows_published, 3U);
  EXPECT_EQ(status.confirmed, LogPosition{3});
  EXPECT_EQ(status.in_flight, 0U);
  EXPECT_TRUE(status.caught_up);
}

TEST(Relay, sends_what_the_java_relay_would_send) {
  RelayWorld world;
  world.source.commit({row("1", "a")});
  auto const relay = world.relay();
  world.run_at_once(*relay);
  ASSERT_EQ(world.broker.landed.size(), 1U);
  EXPECT_EQ(world.broker.landed[0].channel, "orders");
  EXPECT_EQ(world.broker.landed[0].value,
            R"({"payload":"1","headers":{"ID":"1","PARTITION_ID":"a"}})");
}

TEST(Relay, gives_rows_without_an_id_the_one_of_the_database) {
  RelayWorld world;
  world.options.outbox_id = tram::OutboxId{1};
  world.options.outbox_table = 3;
  auto without_id = row("", "a");
  without_id.headers = "{}";
  without_id.database_id = 1'700'000'000'001;
  world.source.commit({without_id});
  auto const relay = world.relay();
  world.run_at_once(*relay);
  ASSERT_EQ(world.broker.landed.size(), 1U);
  EXPECT_EQ(world.broker.landed[0].key, "0000018bcfe56801-0000000000000004");
}

TEST(Relay, confirms_no_transaction_before_its_last_record_is_acknowledged) {
  RelayWorld world;
  world.broker.lands_at_once = false;
  world.source.commit({row("1", "a"), row("2", "b")});
  auto const relay = world.relay();
  world.run_at_once(*relay);
  world.broker.land(1);
  world.run_at_once(*relay);
  EXPECT_EQ(world.source.confirmed, 0U);
  world.broker.land(1);
  world.run_at_once(*relay);
  EXPECT_EQ(world.source.confirmed, 2U);
}

TEST(Relay, confirms_what_an_idle_outbox_has_seen) {
  RelayWorld world;
  world.source.seen = LogPosition{77};
  auto const relay = world.relay();
  world.run_at_once(*relay);
  EXPECT_EQ(world.source.confirmed, 77U);
}

TEST(Relay, reads_no_more_than_the_window_takes_and_then_only_looks_after_the_source) {
  RelayWorld world;
  world.options.window = 3;
  world.options.read_rows_max = 2;
  world.broker.lands_at_once = false;
  for (int i = 1; i <= 9; ++i) world.source.commit({row(std::to_string(i), "a")});
  auto const relay = world.relay();
  world.run_at_once(*relay);
  EXPECT_EQ(world.broker.in_flight(), 3U);
  EXPECT_EQ(relay->status().counters.rows_read, 4U);
  auto const reads = world.source.reads.size();
  relay->step();
  EXPECT_EQ(world.source.reads.size(), reads);
  EXPECT_EQ(relay->next_step(), world.clock.steady() + 100ms);
  world.clock.advance(100ms);
  relay->step();
  EXPECT_EQ(world.source.reads.size(), reads);
  EXPECT_EQ(world.source.kept_alive, 1U);
  world.broker.lands_at_once = true;
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.broker.landed.size(), 9U);
}

TEST(Relay, bounds_the_bytes_in_flight_too) {
  RelayWorld world;
  world.options.window_bytes = 1000;
  world.broker.lands_at_once = false;
  for (int i = 1; i <= 4; ++i) {
    auto large = row(std::to_string(i), "a");
    large.payload = std::string(600, 'x');
    world.source.commit({large});
  }
  auto const relay = world.relay();
  world.run_at_once(*relay);
  EXPECT_EQ(world.broker.in_flight(), 2U);
  world.broker.land(1);
  world.run_at_once(*relay);
  EXPECT_EQ(world.broker.in_flight(), 2U);
}

TEST(Relay, waits_for_a_producer_whose_window_is_full) {
  RelayWorld world;
  world.broker.lands_at_once = false;
  world.broker.producer_window = 1;
  world.source.commit({row("1", "a"), row("2", "a"), row("3", "b")});
  auto const relay = world.relay();
  for (int i = 0; i < 3; ++i) {
    world.run_at_once(*relay);
    EXPECT_EQ(world.broker.in_flight(), 1U);
    world.broker.land(1);
  }
  world.run_at_once(*relay);
  EXPECT_EQ(world.broker.landed_keys_and_ids(), (Texts{"a:1", "a:2", "b:3"}));
}

TEST(Relay, paces_its_reads_while_rows_come) {
  RelayWorld world;
  world.options.read_pause = 500us;
  world.options.read_rows_max = 1;
  world.source.commit({row("1", "a"), row("2", "a")});
  auto const relay = world.relay();
  world.run_at_once(*relay);
  EXPECT_EQ(world.broker.landed.size(), 1U);
  EXPECT_EQ(relay->next_step(), world.clock.steady() + 500us);
  world.clock.advance(500us);
  world.run_at_once(*relay);
  EXPECT_EQ(world.broker.landed.size(), 2U);
}

// --- trouble

TEST(Relay, reads_again_from_the_first_unacknowledged_row_when_its_producer_is_finished) {
  RelayWorld world;
  world.broker.lands_at_once = false;
  world.source.commit({row("1", "a")});
  world.source.commit({row("2", "a")});
  world.source.commit({row("3", "a")});
  auto const relay = world.relay();
  world.run_at_once(*relay);
  world.broker.land(1);
  world.broker.break_producer(1);
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.source.confirmed, 1U);
  EXPECT_EQ(world.source.rewinds, 1);
  world.broker.lands_at_once = true;
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.broker.landed_keys_and_ids(), (Texts{"a:1", "a:2", "a:2", "a:3"}));
  EXPECT_EQ(world.source.confirmed, 3U);
  EXPECT_EQ(relay->status().counters.producers, 2U);
}

TEST(Relay, takes_a_new_producer_for_every_fault_but_rejected) {
  for (auto const fault :
       {Fault::transient, Fault::conflict, Fault::broken, Fault::in_doubt, Fault::malformed}) {
    RelayWorld world;
    world.broker.lands_at_once = false;
    world.source.commit({row("1", "a")});
    auto const relay = world.relay();
    world.run_at_once(*relay);
    world.broker.break_producer(0, fault);
    world.broker.lands_at_once = true;
    world.run_until_quiet(*relay);
    EXPECT_EQ(world.broker.landed_keys_and_ids(), Texts{"a:1"});
    EXPECT_EQ(relay->status().counters.producers, 2U);
  }
}

TEST(Relay, backs_off_from_a_broker_that_is_down_and_says_so_once) {
  RelayWorld world;
  world.options.back_off_first = 100ms;
  world.options.back_off_longest = 10s;
  for (int i = 0; i < 6; ++i)
    world.broker.producer_errors.emplace_back(Fault::transient, "broker: refused");
  world.source.commit({row("1", "a")});
  auto const relay = world.relay();
  auto const begin = world.clock.steady();
  world.run_at_once(*relay);
  EXPECT_EQ(relay->status().trouble, "broker: broker: refused");
  EXPECT_FALSE(relay->readiness().ready);
  while (!world.broker.producer_errors.empty()) {
    relay->step();
    world.clock.advance(1ms);
  }
  // 100 + 200 + … + 1600 ms, each at least half of it with jitter.
  EXPECT_GE(world.clock.steady() - begin, 1550ms);
  EXPECT_LE(world.clock.steady() - begin, 3200ms);
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.broker.landed.size(), 1U);
  EXPECT_EQ(relay->status().trouble, "");
  EXPECT_EQ(world.logged("relay.trouble"), 1U);
  EXPECT_EQ(world.logged("relay.recovered"), 1U);
}

TEST(Relay, goes_on_behind_the_confirmed_position_after_the_source_failed) {
  for (auto const fault : {Fault::transient, Fault::broken}) {
    RelayWorld world;
    world.broker.lands_at_once = false;
    world.options.read_rows_max = 1;
    world.source.commit({row("1", "a")});
    world.source.commit({row("2", "a")});
    auto const relay = world.relay();
    relay->step();
    world.source.errors.emplace_back(fault, "source: connection reset");
    world.run_at_once(*relay);
    EXPECT_EQ(relay->status().trouble, "source: source: connection reset");
    // Reading goes on only when all that is in flight is confirmed: else it would come twice.
    world.run_until_quiet(*relay);
    EXPECT_EQ(world.broker.in_flight(), 1U);
    world.broker.lands_at_once = true;
    world.run_until_quiet(*relay);
    EXPECT_EQ(world.broker.landed_keys_and_ids(), (Texts{"a:1", "a:2"}));
    EXPECT_EQ(relay->status().trouble, "");
  }
}

TEST(Relay, stands_still_only_since_it_was_started) {
  RelayWorld world;
  world.clock.advance(1h);
  world.source.busy = true;
  auto const relay = world.relay();
  relay->step();
  EXPECT_EQ(relay->readiness().reason, "nothing has been published yet");
  world.source.busy = false;
  relay->step();
  EXPECT_TRUE(relay->readiness().ready);
  world.source.busy = true;
  world.clock.advance(world.options.stall_after + 1s);
  relay->step();
  EXPECT_EQ(relay->readiness().reason, "nothing has moved for 11 s, with 0 rows in flight");
}

TEST(Relay, tries_slowly_what_needs_an_operator) {
  RelayWorld world;
  world.options.back_off_longest = 8s;
  world.source.errors.emplace_back(Fault::rejected, "source: no such slot; create it");
  auto const relay = world.relay();
  world.run_at_once(*relay);
  EXPECT_FALSE(relay->readiness().ready);
  EXPECT_EQ(relay->readiness().reason, "source: source: no such slot; create it");
  EXPECT_GE(relay->next_step() - world.clock.steady(), 0s);
  auto const reads = world.source.reads.size();
  world.clock.advance(3900ms);
  world.run_at_once(*relay);
  EXPECT_EQ(world.source.reads.size(), reads);
  world.clock.advance(4100ms);
  world.run_at_once(*relay);
  EXPECT_TRUE(relay->readiness().ready);
}

TEST(Relay, loses_no_row_when_it_dies_and_another_one_starts_at_the_confirmed_position) {
  for (std::size_t landing = 0; landing <= 4; ++landing) {
    RelayWorld world;
    world.broker.lands_at_once = false;
    world.source.commit({row("1", "a"), row("2", "b")});
    world.source.commit({row("3", "a"), row("4", "a")});
    auto relay = world.relay();
    world.run_at_once(*relay);
    world.broker.land(landing);
    world.run_at_once(*relay);
    EXPECT_EQ(world.source.confirmed, landing / 2 * 2);
    relay.reset();
    world.broker.crash();
    world.source.reopen();
    world.broker.lands_at_once = true;
    relay = world.relay();
    world.run_at_once(*relay);
    Texts expected{"a:1", "b:2", "a:3", "a:4"};
    expected.resize(landing);
    for (std::size_t again = landing / 2 * 2; again < 4; ++again) {
      expected.push_back(Texts{"a:1", "b:2", "a:3", "a:4"}[again]);
    }
    EXPECT_EQ(world.broker.landed_keys_and_ids(), expected);
    EXPECT_EQ(world.source.confirmed, 4U);
  }
}

// --- channels

TEST(Relay, creates_a_channel_before_the_first_record_goes_there) {
  RelayWorld world;
  world.broker.channel_errors.emplace_back(Fault::transient, "broker: not yet");
  world.source.commit({row("1", "a")});
  auto const relay = world.relay();
  world.run_at_once(*relay);
  EXPECT_EQ(world.broker.landed.size(), 0U);
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.broker.channels, std::set<std::string>{"orders"});
  EXPECT_EQ(world.broker.landed.size(), 1U);
}

TEST(Relay, forgets_trouble_with_channels_once_they_are_made_though_nothing_lands) {
  RelayWorld world;
  world.broker.channel_errors.emplace_back(Fault::transient, "broker: not yet");
  auto unpublishable = row("1", "a");
  unpublishable.payload.reset();
  world.source.commit({unpublishable});
  auto const relay = world.relay();
  world.run_at_once(*relay);
  EXPECT_NE(relay->status().trouble, "");
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.held.ids(), std::vector<std::string>{"1"});
  EXPECT_EQ(relay->status().trouble, "");
}

TEST(Relay, forgets_trouble_with_a_producer_once_nothing_is_left_to_publish) {
  RelayWorld world;
  world.broker.lands_at_once = false;
  world.source.commit({row("1", "a")});
  auto const relay = world.relay();
  world.run_at_once(*relay);
  world.broker.break_producer(0, Fault::broken);
  // What it reads again is for the operator, not for the broker.
  world.source.log.front().payload.reset();
  relay->step();
  EXPECT_NE(relay->status().trouble, "");
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.held.ids(), std::vector<std::string>{"1"});
  EXPECT_EQ(relay->status().trouble, "");
}

TEST(Relay, publishes_to_a_channel_that_it_may_not_create_but_that_is_there) {
  RelayWorld world;
  world.broker.channel_errors.emplace_back(Fault::rejected, "broker: not authorised to create");
  world.source.commit({row("1", "a")});
  auto const relay = world.relay();
  world.run_at_once(*relay);
  EXPECT_EQ(world.broker.landed.size(), 1U);
  EXPECT_EQ(world.logged("relay.channel_not_created"), 1U);
}

TEST(Relay, makes_a_channel_again_that_somebody_deleted) {
  RelayWorld world;
  world.broker.knows_only_its_channels = true;
  world.source.commit({row("1", "a")});
  auto const relay = world.relay();
  world.run_until_quiet(*relay);
  world.broker.channels.clear();
  world.source.commit({row("2", "a"), row("3", "b")});
  world.run_at_once(*relay);
  EXPECT_FALSE(relay->readiness().ready);
  EXPECT_NE(relay->status().trouble.find("'orders' is gone"), std::string::npos)
      << relay->status().trouble;
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.broker.channels, std::set<std::string>{"orders"});
  EXPECT_EQ(world.broker.landed_keys_and_ids(), (std::vector<std::string>{"a:1", "a:2", "b:3"}));
  EXPECT_TRUE(world.held.ids().empty());
  EXPECT_TRUE(relay->readiness().ready) << relay->readiness().reason;
}

TEST(Relay, makes_a_channel_again_for_a_held_row_that_is_tried_again) {
  RelayWorld world;
  world.broker.refuses = [](RecordView const&) { return std::optional<std::string>{"too large"}; };
  world.source.commit({row("1", "a")});
  auto const relay = world.relay();
  world.run_until_quiet(*relay);
  world.broker.refuses = [](RecordView const&) { return std::nullopt; };
  world.broker.knows_only_its_channels = true;
  world.broker.channels.clear();
  world.held.rows.at(0).retry_requested = true;
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.broker.landed_keys_and_ids(), std::vector<std::string>{"a:1"});
  EXPECT_TRUE(world.held.ids().empty());
}

TEST(Relay, holds_rows_of_a_channel_that_cannot_be_made_with_the_reason_of_that) {
  RelayWorld world;
  world.broker.knows_only_its_channels = true;
  world.broker.channel_errors.emplace_back(Fault::rejected, "broker: 'orders' collides");
  world.source.commit({row("1", "a")});
  auto const relay = world.relay();
  world.run_until_quiet(*relay);
  ASSERT_EQ(world.held.ids(), std::vector<std::string>{"1"});
  EXPECT_EQ(world.held.rows.at(0).held.reason, "broker: 'orders' collides");
}

TEST(Relay, tries_again_to_make_a_channel_when_a_held_row_is_tried_again) {
  RelayWorld world;
  world.broker.knows_only_its_channels = true;
  world.broker.channel_errors.emplace_back(Fault::rejected, "broker: not authorised to create");
  world.source.commit({row("1", "a")});
  auto const relay = world.relay();
  world.run_until_quiet(*relay);
  ASSERT_EQ(world.held.ids(), std::vector<std::string>{"1"});
  world.clock.advance(61s);
  world.held.rows.at(0).retry_requested = true;
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.broker.landed_keys_and_ids(), std::vector<std::string>{"a:1"});
}

TEST(Relay, publishes_by_itself_what_is_held_for_a_channel_that_could_not_be_made) {
  RelayWorld world;
  world.broker.knows_only_its_channels = true;
  for (int i = 0; i < 2; ++i)
    world.broker.channel_errors.emplace_back(Fault::rejected, "broker: not authorised to create");
  world.source.commit({row("1", "a"), row("2", "a"), row("3", "b")});
  auto const relay = world.relay();
  world.run_until_quiet(*relay);
  EXPECT_FALSE(relay->readiness().ready);
  EXPECT_NE(relay->readiness().reason.find("not authorised to create"), std::string::npos)
      << relay->readiness().reason;
  for (int i = 0; i < 50; ++i) {
    world.clock.advance(3s);
    world.run_until_quiet(*relay);
  }
  EXPECT_EQ(world.held.ids(), std::vector<std::string>{});
  EXPECT_EQ(world.broker.landed_keys_and_ids(), (std::vector<std::string>{"a:1", "b:3", "a:2"}));
  EXPECT_TRUE(relay->readiness().ready) << relay->readiness().reason;
  EXPECT_EQ(world.logged("relay.channel_not_created"), 2U);
}

TEST(Relay, says_which_channel_is_not_there_where_it_makes_none) {
  RelayWorld world;
  world.options.create_channels = false;
  world.broker.knows_only_its_channels = true;
  world.source.commit({row("1", "a")});
  auto const relay = world.relay();
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.held.ids(), std::vector<std::string>{"1"});
  EXPECT_FALSE(relay->readiness().ready);
  EXPECT_NE(relay->readiness().reason.find("no channel 'orders'"), std::string::npos)
      << relay->readiness().reason;
  world.broker.channels.insert("orders");
  world.source.commit({row("2", "b")});
  world.run_until_quiet(*relay);
  EXPECT_TRUE(relay->readiness().ready) << relay->readiness().reason;
  world.clock.advance(3s);
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.broker.landed_keys_and_ids(), (std::vector<std::string>{"b:2", "a:1"}))
      << "what was held for it follows by itself";
}

class ForbiddenChannels : public ::testing::Test {
 protected:
  ForbiddenChannels() {
    world_.broker.forbidden.insert("orders");
    world_.source.commit({row("1", "a"), row("2", "a"), row("3", "b")});
    world_.run_until_quiet(*relay_);
  }
  RelayWorld world_;
  std::unique_ptr<tram::Relay> relay_{world_.relay()};
};

TEST_F(ForbiddenChannels, have_their_rows_held_and_are_told) {
  EXPECT_EQ(world_.held.ids(), (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_FALSE(relay_->readiness().ready);
  EXPECT_NE(relay_->readiness().reason.find("may not write to channel 'orders'"), std::string::npos)
      << relay_->readiness().reason;
}

TEST_F(ForbiddenChannels, stay_so_however_often_they_are_tried) {
  for (int i = 0; i < 5; ++i) {
    world_.clock.advance(11s);
    world_.run_until_quiet(*relay_);
  }
  EXPECT_EQ(world_.held.ids(), (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_FALSE(relay_->readiness().ready);
}

TEST_F(ForbiddenChannels, get_their_rows_in_order_when_they_may_be_written_to) {
  world_.broker.forbidden.clear();
  for (int i = 0; i < 10; ++i) {
    world_.clock.advance(3s);
    world_.run_until_quiet(*relay_);
  }
  EXPECT_EQ(world_.held.ids(), std::vector<std::string>{});
  EXPECT_EQ(world_.broker.landed_keys_and_ids(), (std::vector<std::string>{"a:1", "b:3", "a:2"}));
  EXPECT_TRUE(relay_->readiness().ready) << relay_->readiness().reason;
}

/// Nothing comes that could be refused.
TEST_F(ForbiddenChannels, are_known_to_a_relay_that_is_started_again) {
  relay_.reset();
  relay_ = world_.relay();
  world_.run_until_quiet(*relay_);
  EXPECT_FALSE(relay_->readiness().ready);
  EXPECT_NE(relay_->readiness().reason.find("channel 'orders'"), std::string::npos)
      << relay_->readiness().reason;
  world_.broker.forbidden.clear();
  for (int i = 0; i < 10; ++i) {
    world_.clock.advance(3s);
    world_.run_until_quiet(*relay_);
  }
  EXPECT_EQ(world_.held.ids(), std::vector<std::string>{});
  EXPECT_TRUE(relay_->readiness().ready) << relay_->readiness().reason;
}

TEST_F(ForbiddenChannels, get_their_rows_when_they_may_be_written_to_by_the_next_relay) {
  relay_.reset();
  world_.broker.forbidden.clear();
  relay_ = world_.relay();
  for (int i = 0; i < 10; ++i) {
    world_.run_until_quiet(*relay_);
    world_.clock.advance(3s);
  }
  EXPECT_EQ(world_.held.ids(), std::vector<std::string>{});
  EXPECT_TRUE(relay_->readiness().ready) << relay_->readiness().reason;
}

// --- readiness

TEST(Relay, is_ready_only_while_rows_move_or_there_are_none) {
  RelayWorld world;
  world.options.stall_after = 10s;
  world.broker.lands_at_once = false;
  auto const relay = world.relay();
  EXPECT_EQ(relay->readiness().reason, "the relay has not started");
  world.run_at_once(*relay);
  EXPECT_TRUE(relay->readiness().ready);
  world.clock.advance(9s);
  world.run_at_once(*relay);
  world.source.commit({row("1", "a"), row("2", "a")});
  world.run_at_once(*relay);
  world.clock.advance(9s);
  world.run_at_once(*relay);
  EXPECT_TRUE(relay->readiness().ready);
  world.broker.land(1);
  world.run_at_once(*relay);
  world.clock.advance(9s);
  world.run_at_once(*relay);
  EXPECT_TRUE(relay->readiness().ready);
  world.clock.advance(2s);
  world.run_at_once(*relay);
  EXPECT_FALSE(relay->readiness().ready);
  EXPECT_EQ(relay->readiness().reason, "nothing has moved for 11 s, with 1 rows in flight");
  world.broker.land(1);
  world.run_at_once(*relay);
  EXPECT_TRUE(relay->readiness().ready);
  world.clock.advance(11s);
  EXPECT_EQ(relay->readiness().reason, "the relay's loop has not run for 11 s");
}

TEST(Relay, is_not_ready_before_its_source_is_connected) {
  RelayWorld world;
  world.source.connected = false;
  auto const relay = world.relay();
  world.run_at_once(*relay);
  EXPECT_EQ(relay->readiness().reason, "not connected to the database yet");
}

TEST(Relay, says_that_it_stands_by) {
  RelayWorld world;
  world.source.in_standby = true;
  world.source.trouble = "the slot is being read by another relay";
  auto const relay = world.relay();
  world.run_at_once(*relay);
  EXPECT_TRUE(relay->status().standby);
  EXPECT_TRUE(relay->readiness().ready);
  EXPECT_EQ(relay->status().trouble, "source: the slot is being read by another relay");
  EXPECT_EQ(relay->readiness().reason, "standby: another process publishes");
}

// --- stopping

TEST(Relay, lets_finish_what_is_in_flight_and_stores_the_position_when_it_is_stopped) {
  RelayWorld world;
  tram::SystemClock clock;
  tram::Relay relay{{.source = world.source,
                     .broker = world.broker,
                     .held = world.held,
                     .clock = clock,
                     .random = world.random},
                    world.options};
  world.source.commit({row("1", "a"), row("2", "a")});
  relay.step();
  std::stop_source stop;
  stop.request_stop();
  relay.run(stop.get_token());
  EXPECT_EQ(world.broker.landed.size(), 2U);
  EXPECT_EQ(world.source.flushed, 2U);
}

TEST(Relay, stops_within_its_deadline_though_the_broker_is_silent) {
  RelayWorld world;
  world.options.drain_timeout = 1ms;
  world.broker.lands_at_once = false;
  tram::SystemClock clock;
  tram::Relay relay{{.source = world.source,
                     .broker = world.broker,
                     .held = world.held,
                     .clock = clock,
                     .random = world.random},
                    world.options};
  world.source.commit({row("1", "a")});
  relay.step();
  std::stop_source stop;
  stop.request_stop();
  relay.run(stop.get_token());
  EXPECT_EQ(relay.status().in_flight, 1U);
  EXPECT_EQ(world.source.flushed, 0U);
}

void run_and_stop(RelayWorld& world) {
  tram::SystemClock clock;
  tram::Relay relay{{.source = world.source,
                     .broker = world.broker,
                     .held = world.held,
                     .clock = clock,
                     .random = world.random},
                    world.options};
  std::stop_source stop;
  stop.request_stop();
  relay.run(stop.get_token());
}

TEST(Relay, is_not_caught_up_while_the_source_cannot_look) {
  RelayWorld world;
  auto const relay = world.relay();
  world.run_at_once(*relay);
  EXPECT_TRUE(relay->status().caught_up);
  world.source.busy = true;
  world.source.commit({row("1", "a")});
  world.clock.advance(100ms);
  world.run_at_once(*relay);
  EXPECT_FALSE(relay->status().caught_up);
  EXPECT_GT(relay->next_step(), world.clock.steady()) << "the loop would spin";
  world.source.busy = false;
  world.run_until_quiet(*relay);
  EXPECT_TRUE(relay->status().caught_up);
  EXPECT_EQ(world.broker.landed_keys_and_ids(), Texts{"a:1"});
}

TEST(Relay, confirms_from_the_beginning_where_the_source_shows_another_log) {
  RelayWorld world;
  world.source.commit({row("1", "a")});
  world.source.commit({row("2", "a")});
  auto const relay = world.relay();
  world.run_at_once(*relay);
  EXPECT_EQ(relay->status().confirmed, LogPosition{2});

  world.source.log.clear();
  world.source.confirmed = 0;
  world.source.errors.emplace_back(Fault::transient, "scripted source: replaced");
  world.source.starts_over = true;
  world.source.commit({row("new", "a")});
  world.clock.advance(100ms);
  relay->step();
  EXPECT_NE(relay->status().trouble.find("replaced"), std::string::npos);
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.broker.landed_keys_and_ids(), (Texts{"a:1", "a:2", "a:new"}));
  EXPECT_EQ(world.source.confirmed, 1U);
  EXPECT_EQ(relay->status().confirmed, LogPosition{1});
  EXPECT_EQ(world.logged("relay.starts_over"), 1U);
}

TEST(Relay, publishes_what_is_committed_before_it_stops_when_it_is_told_to) {
  RelayWorld world;
  world.options.drain = tram::RelayDrain::committed;
  world.options.read_rows_max = 1;
  world.source.commit({row("1", "a")});
  world.source.commit({row("2", "a")});
  run_and_stop(world);
  EXPECT_EQ(world.broker.landed.size(), 2U);
  EXPECT_EQ(world.source.flushed, 2U);
}

TEST(Relay, does_not_wait_for_what_is_away_before_it_stops) {
  RelayWorld world;
  world.options.drain = tram::RelayDrain::committed;
  world.options.drain_timeout = std::chrono::hours{1};
  world.source.commit({row("1", "a")});
  world.source.errors.emplace_back(tram::Fault::transient, "away");
  run_and_stop(world);
  EXPECT_TRUE(world.broker.landed.empty());
}

std::vector<tram::OutboxRow> rows_of_one_transaction(std::size_t count) {
  std::vector<tram::OutboxRow> rows;
  for (std::size_t i = 1; i <= count; ++i) rows.push_back(row(std::to_string(i), "k"));
  return rows;
}

TEST(Relay, ends_a_transaction_larger_than_its_window_however_often_producers_break) {
  RelayWorld world;
  world.options.window = 50;
  world.broker.lands_at_once = false;
  world.source.commit(rows_of_one_transaction(1000));
  auto const relay = world.relay();
  std::size_t breaks = 0;
  while (world.source.confirmed == 0 && breaks < 1000) {
    world.run_at_once(*relay);
    world.broker.land(30);
    relay->step();
    world.broker.break_producer(10);
    ++breaks;
    relay->step();
    world.clock.advance(10s);
  }
  EXPECT_EQ(world.source.confirmed, 1000U);
  EXPECT_LE(world.broker.landed.size(), 1000 + 10 * breaks) << "only what nobody could know";
}

TEST(Relay, ends_a_transaction_larger_than_its_window_however_often_the_log_breaks) {
  RelayWorld world;
  world.options.window = 50;
  world.options.read_rows_max = 50;
  world.source.commit(rows_of_one_transaction(1000));
  auto const relay = world.relay();
  for (int breaks = 0; world.source.confirmed == 0 && breaks < 1000; ++breaks) {
    relay->step();
    world.source.errors.push_back(Error{Fault::broken, "the session is gone"});
    world.clock.advance(10s);
    relay->step();
    world.clock.advance(10s);
  }
  EXPECT_EQ(world.source.confirmed, 1000U);
  EXPECT_EQ(world.broker.landed.size(), 1000U);
}

TEST(Relay, keeps_its_place_in_a_transaction_past_rows_that_are_held) {
  RelayWorld world;
  world.options.window = 2;
  auto rows = rows_of_one_transaction(6);
  rows[0].payload = std::nullopt;
  world.options.hold_key = false;
  world.source.commit(std::move(rows));
  auto const relay = world.relay();
  relay->step();
  world.broker.break_producer(0);
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.held.ids(), Texts{"1"});
  EXPECT_EQ(world.source.confirmed, 6U);
}

TEST(Relay, keeps_the_session_with_the_server_while_it_drains) {
  RelayWorld world;
  tram::SystemClock clock;
  world.broker.lands_at_once = false;
  world.options.drain_timeout = 400ms;
  world.source.commit({row("1", "a")});
  tram::Relay relay{{.source = world.source,
                     .broker = world.broker,
                     .held = world.held,
                     .clock = clock,
                     .random = world.random},
                    world.options};
  while (relay.step()) {}
  auto const kept_alive = world.source.kept_alive;
  std::stop_source stop;
  stop.request_stop();
  relay.run(stop.get_token());
  EXPECT_GT(world.source.kept_alive, kept_alive);
}

}  // namespace
