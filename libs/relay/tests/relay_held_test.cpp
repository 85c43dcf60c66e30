#include <gtest/gtest.h>

#include "relay_world.hpp"

namespace {
using namespace std::chrono_literals;
using tram::Error;
using tram::Fault;
using tram::OutboxRow;
using tram::RecordView;
using tram::testing::RelayWorld;
using tram::testing::row;
using Texts = std::vector<std::string>;

OutboxRow without_payload(OutboxRow bad) {
  bad.payload = std::nullopt;
  return bad;
}

/// Refuses the records with these payloads, as a broker does with records that are too large for
/// it.
auto refusing(Texts payloads) {
  return [payloads = std::move(payloads)](RecordView const& record) -> std::optional<std::string> {
    for (auto const& payload : payloads) {
      if (record.value.find(R"({"payload":")" + payload + "\"") == 0) return "broker: too large";
    }
    return std::nullopt;
  };
}

TEST(RelayHeld, stores_a_row_that_is_no_record_with_its_reason_and_goes_on) {
  struct Case {
    OutboxRow bad;
    std::string reason;
  };
  auto with = [](auto change) {
    auto bad = row("bad", "k");
    change(bad);
    return bad;
  };
  std::vector<Case> const cases{
      {with([](OutboxRow& bad) { bad.payload = std::nullopt; }), "column 'payload' is NULL"},
      {with([](OutboxRow& bad) { bad.headers = std::nullopt; }), "column 'headers' is NULL"},
      {with([](OutboxRow& bad) { bad.headers = "[]"; }), "column 'headers'"},
      {with([](OutboxRow& bad) { bad.headers = "{}"; }), "no header ID"},
      {with([](OutboxRow& bad) { bad.payload = "\xff"; }), "no UTF-8"},
      {with([](OutboxRow& bad) { bad.destination = "no such/topic"; }), "no such/topic"},
      {with([](OutboxRow& bad) { bad.payload = std::string(2000, 'x'); }), "at most 1000"}};
  for (auto const& each : cases) {
    RelayWorld world;
    world.broker.record_bytes_max = 1000;
    world.source.commit({row("1", "a"), each.bad, row("2", "b")});
    auto const relay = world.relay();
    world.run_until_quiet(*relay);
    EXPECT_EQ(world.broker.landed_keys_and_ids(), (Texts{"a:1", "b:2"})) << each.reason;
    EXPECT_EQ(world.source.confirmed, 3U);
    ASSERT_EQ(world.held.ids(), Texts{"bad"}) << each.reason;
    EXPECT_NE(world.held.rows[0].held.reason.find(each.reason), std::string::npos)
        << world.held.rows[0].held.reason;
    EXPECT_EQ(world.held.rows[0].held.row.headers, each.bad.headers);
    EXPECT_EQ(relay->status().counters.rows_held, 1U);
    EXPECT_EQ(relay->status().held_rows, 1U);
    EXPECT_EQ(world.logged("relay.held"), 1U);
    EXPECT_TRUE(relay->readiness().ready);
  }
}

TEST(RelayHeld, holds_later_rows_of_the_key_behind_it_in_order_and_no_others) {
  RelayWorld world;
  world.source.commit({without_payload(row("1", "k")), row("2", "k"), row("3", "other")});
  world.source.commit({row("4", "k")});
  auto elsewhere = row("5", "k");
  elsewhere.destination = "customers";
  world.source.commit({elsewhere});
  auto const relay = world.relay();
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.broker.landed_keys_and_ids(), (Texts{"other:3", "k:5"}));
  EXPECT_EQ(world.held.ids(), (Texts{"1", "2", "4"}));
  EXPECT_EQ(world.held.rows[1].held.cause, tram::HeldCause::key_held);
  EXPECT_EQ(relay->status().counters.rows_held_behind, 2U);
  EXPECT_EQ(relay->status().held_keys, 1U);
  EXPECT_EQ(world.source.confirmed, 5U);
}

TEST(RelayHeld, holds_the_row_alone_when_told_so) {
  RelayWorld world;
  world.options.hold_key = false;
  world.source.commit({without_payload(row("1", "k")), row("2", "k")});
  auto const relay = world.relay();
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.broker.landed_keys_and_ids(), Texts{"k:2"});
  EXPECT_EQ(world.held.ids(), Texts{"1"});
}

TEST(RelayHeld, holds_a_row_whose_headers_tell_no_key_alone) {
  RelayWorld world;
  auto bad = row("1", "k");
  bad.headers = "no object";
  world.source.commit({bad, row("2", "k")});
  auto const relay = world.relay();
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.broker.landed_keys_and_ids(), Texts{"k:2"});
  EXPECT_EQ(world.held.rows.at(0).held.key, std::nullopt);
}

TEST(RelayHeld, stores_what_the_broker_refuses_once_all_rows_before_it_are_done) {
  RelayWorld world;
  world.broker.lands_at_once = false;
  world.broker.refuses = refusing({"2"});
  world.source.commit({row("1", "a"), row("2", "k"), row("3", "b")});
  auto const relay = world.relay();
  world.run_at_once(*relay);
  world.broker.land(3);
  world.run_at_once(*relay);
  EXPECT_EQ(world.held.ids(), Texts{"2"});
  EXPECT_EQ(world.held.rows[0].held.key, "k");
  EXPECT_EQ(world.held.rows[0].held.reason, "broker: too large");
  EXPECT_EQ(world.source.confirmed, 3U);
  world.source.commit({row("4", "k")});
  world.run_at_once(*relay);
  EXPECT_EQ(world.held.ids(), (Texts{"2", "4"}));
}

TEST(RelayHeld, keeps_the_order_of_refused_rows_whatever_order_their_completions_come_in) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    RelayWorld world;
    tram::SeededRandom random{seed};
    world.broker.lands_at_once = false;
    world.broker.refuses = refusing({"2", "3", "5"});
    for (int i = 1; i <= 5; ++i) world.source.commit({row(std::to_string(i), "k")});
    auto const relay = world.relay();
    world.run_at_once(*relay);
    world.broker.land(5);
    world.broker.shuffle_completions(random);
    world.run_at_once(*relay);
    EXPECT_EQ(world.held.ids(), (Texts{"2", "3", "5"})) << "seed " << seed;
  }
}

TEST(RelayHeld, holds_the_keys_again_that_an_earlier_process_held) {
  RelayWorld world;
  world.source.commit({without_payload(row("1", "k"))});
  auto relay = world.relay();
  world.run_at_once(*relay);
  relay.reset();
  world.source.reopen();
  world.source.commit({row("2", "k")});
  relay = world.relay();
  world.run_at_once(*relay);
  EXPECT_EQ(world.held.ids(), (Texts{"1", "2"}));
  EXPECT_EQ(world.broker.landed.size(), 0U);
}

TEST(RelayHeld, publishes_nothing_before_it_knows_the_held_keys) {
  RelayWorld world;
  world.held.errors.emplace_back(Fault::transient, "sqlite: busy");
  world.source.commit({row("1", "k")});
  auto const relay = world.relay();
  world.run_at_once(*relay);
  EXPECT_EQ(world.broker.landed.size(), 0U);
  EXPECT_EQ(relay->readiness().reason, "held rows: sqlite: busy");
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.broker.landed.size(), 1U);
  EXPECT_TRUE(relay->readiness().ready);
}

TEST(RelayHeld, stores_a_row_once_though_it_comes_again_after_a_crash) {
  RelayWorld world;
  world.broker.lands_at_once = false;
  // One transaction, so that nothing of it is confirmed when the process dies.
  world.source.commit({without_payload(row("1", "k")), row("2", "a")});
  auto relay = world.relay();
  world.run_at_once(*relay);
  EXPECT_EQ(world.held.ids(), Texts{"1"});
  relay.reset();
  world.source.reopen();
  world.broker.lands_at_once = true;
  relay = world.relay();
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.held.ids(), Texts{"1"});
  EXPECT_EQ(world.source.confirmed, 2U);
}

TEST(RelayHeld, confirms_nothing_behind_a_row_that_it_cannot_store) {
  RelayWorld world;
  auto const relay = world.relay();
  world.run_at_once(*relay);
  for (int i = 0; i < 3; ++i) world.held.errors.emplace_back(Fault::transient, "sqlite: disk full");
  world.source.commit({without_payload(row("1", "k"))});
  world.source.commit({row("2", "a")});
  world.run_at_once(*relay);
  EXPECT_EQ(world.broker.landed_keys_and_ids(), Texts{"a:2"});
  EXPECT_EQ(world.source.confirmed, 0U);
  EXPECT_EQ(relay->status().trouble, "held rows: sqlite: disk full");
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.source.confirmed, 2U);
  EXPECT_EQ(relay->status().trouble, "");
}

TEST(RelayHeld, replays_a_key_in_order_when_its_first_row_is_requested_and_then_frees_it) {
  RelayWorld world;
  world.broker.refuses = refusing({"1"});
  world.source.commit({row("1", "k")});
  auto const relay = world.relay();
  world.run_at_once(*relay);
  world.source.commit({row("2", "k"), row("3", "k"), row("4", "other")});
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.broker.landed_keys_and_ids(), Texts{"other:4"});
  world.broker.refuses = refusing({});
  world.held.find("1")->retry_requested = true;
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.broker.landed_keys_and_ids(), (Texts{"other:4", "k:1", "k:2", "k:3"}));
  EXPECT_EQ(world.held.rows.size(), 0U);
  world.source.commit({row("5", "k")});
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.broker.landed_keys_and_ids().back(), "k:5");
  EXPECT_EQ(relay->status().held_keys, 0U);
  EXPECT_EQ(relay->status().counters.rows_replayed, 3U);
}

TEST(RelayHeld, makes_the_channel_of_a_held_row_before_it_replays_the_row) {
  RelayWorld world;
  world.broker.knows_only_its_channels = true;
  // As an earlier process left it, with a broker that has nothing yet.
  world.held.store(std::vector<tram::HeldRow>{
      {.row = row("1", "k"), .key = "k", .reason = "held", .cause = tram::HeldCause::key_held}});
  auto const relay = world.relay();
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.broker.landed_keys_and_ids(), Texts{"k:1"});
  EXPECT_EQ(world.logged("relay.channel_gone"), 0U);
  EXPECT_EQ(relay->status().counters.producers, 1U);
}

TEST(RelayHeld, keeps_rows_that_come_during_a_replay_behind_it) {
  RelayWorld world;
  world.broker.refuses = refusing({"1"});
  world.source.commit({row("1", "k")});
  auto const relay = world.relay();
  world.run_at_once(*relay);
  world.broker.refuses = refusing({});
  world.broker.lands_at_once = false;
  world.held.find("1")->retry_requested = true;
  world.clock.advance(world.options.held_check_interval);
  world.run_at_once(*relay);
  ASSERT_EQ(world.broker.in_flight(), 1U);
  world.source.commit({row("2", "k")});
  world.clock.advance(100ms);
  world.run_at_once(*relay);
  world.broker.lands_at_once = true;
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.broker.landed_keys_and_ids(), (Texts{"k:1", "k:2"}));
  EXPECT_EQ(world.held.rows.size(), 0U);
}

TEST(RelayHeld, stops_a_replay_at_a_row_that_is_refused_again_and_keeps_its_new_reason) {
  RelayWorld world;
  world.broker.refuses = refusing({"1"});
  world.source.commit({row("1", "k")});
  auto const relay = world.relay();
  world.run_at_once(*relay);
  world.source.commit({row("2", "k"), row("3", "k")});
  world.run_until_quiet(*relay);
  world.broker.refuses = refusing({"2"});
  world.held.find("1")->retry_requested = true;
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.broker.landed_keys_and_ids(), Texts{"k:1"});
  EXPECT_EQ(world.held.ids(), (Texts{"2", "3"}));
  EXPECT_EQ(world.held.rows[0].held.reason, "broker: too large");
}

TEST(RelayHeld, answers_a_retry_of_a_row_that_is_still_no_record_with_the_reason) {
  RelayWorld world;
  world.source.commit({without_payload(row("1", "k"))});
  auto const relay = world.relay();
  world.run_at_once(*relay);
  world.held.rows[0].retry_requested = true;
  world.held.rows[0].held.reason.clear();
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.held.ids(), Texts{"1"});
  EXPECT_FALSE(world.held.rows[0].retry_requested);
  EXPECT_NE(world.held.rows[0].held.reason, "");
}

TEST(RelayHeld, releases_the_rows_behind_one_that_was_dropped) {
  RelayWorld world;
  world.source.commit({without_payload(row("1", "k")), row("2", "k"), row("3", "k")});
  auto const relay = world.relay();
  world.run_at_once(*relay);
  world.held.rows.erase(world.held.rows.begin());
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.broker.landed_keys_and_ids(), (Texts{"k:2", "k:3"}));
  world.source.commit({row("4", "k")});
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.broker.landed_keys_and_ids().back(), "k:4");
}

TEST(RelayHeld, looks_again_when_the_look_failed_that_found_the_last_row_gone) {
  RelayWorld world;
  world.source.commit({without_payload(row("1", "k"))});
  auto const relay = world.relay();
  world.run_until_quiet(*relay);
  world.held.rows.clear();
  world.held.replay_error = Error{Fault::transient, "sqlite: busy"};
  world.clock.advance(2s);
  world.run_at_once(*relay);
  EXPECT_EQ(relay->status().trouble, "held rows: sqlite: busy");
  world.clock.advance(10s);
  world.run_at_once(*relay);
  EXPECT_EQ(relay->status().trouble, "");
  EXPECT_EQ(relay->status().held_rows, 0U);
}

TEST(RelayHeld, pauses_after_a_failure_however_long_the_call_took) {
  RelayWorld world;
  Error const slow{Fault::transient, "sqlite: busy"};
  world.held.errors = {slow, slow};
  world.held.before_error = [&] { world.clock.advance(10s); };
  auto const relay = world.relay();
  relay->step();
  EXPECT_EQ(world.held.errors.size(), 1U);
  // The pause begins where the call ends: the next step is free for the source and the broker.
  relay->step();
  EXPECT_EQ(world.held.errors.size(), 1U);
  world.clock.advance(world.options.back_off_longest);
  relay->step();
  EXPECT_EQ(world.held.errors.size(), 0U);
}

TEST(RelayHeld, replays_each_requested_row_by_itself_when_keys_are_not_held) {
  RelayWorld world;
  world.options.hold_key = false;
  world.broker.refuses = refusing({"1", "2"});
  world.source.commit({row("1", "k"), row("2", "k")});
  auto const relay = world.relay();
  world.run_until_quiet(*relay);
  world.broker.refuses = refusing({});
  world.held.find("2")->retry_requested = true;
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.broker.landed_keys_and_ids(), Texts{"k:2"});
  EXPECT_EQ(world.held.ids(), Texts{"1"});
}

TEST(RelayHeld, replays_again_what_was_on_its_way_when_the_producer_broke) {
  RelayWorld world;
  world.broker.refuses = refusing({"1"});
  world.source.commit({row("1", "k"), row("2", "k")});
  auto const relay = world.relay();
  world.run_at_once(*relay);
  world.broker.refuses = refusing({});
  world.broker.lands_at_once = false;
  world.held.find("1")->retry_requested = true;
  world.clock.advance(world.options.held_check_interval);
  world.run_at_once(*relay);
  world.broker.break_producer(1);
  world.broker.lands_at_once = true;
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.held.rows.size(), 0U);
  EXPECT_EQ(world.source.confirmed, 2U);
}

TEST(RelayHeld, holds_a_key_whose_row_is_not_stored_yet_while_another_key_is_freed) {
  RelayWorld world;
  world.broker.refuses = refusing({"1"});
  world.source.commit({row("1", "x")});
  auto const relay = world.relay();
  world.run_at_once(*relay);
  world.broker.refuses = refusing({});
  world.broker.lands_at_once = false;
  world.held.find("1")->retry_requested = true;
  world.clock.advance(world.options.held_check_interval);
  world.run_at_once(*relay);
  // The replay of 1 is on its way; so is 2, and 3 is to be stored behind it.
  world.source.commit({row("2", "a"), without_payload(row("3", "k"))});
  world.clock.advance(100ms);
  world.run_at_once(*relay);
  world.broker.land(1);
  world.run_at_once(*relay);
  world.source.commit({row("4", "k")});
  world.clock.advance(100ms);
  world.run_at_once(*relay);
  world.broker.lands_at_once = true;
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.held.ids(), (Texts{"3", "4"}));
  EXPECT_EQ(world.broker.landed_keys_and_ids(), (Texts{"x:1", "a:2"}));
}

TEST(RelayHeld, forgets_a_refusal_that_was_not_stored_when_the_producer_broke) {
  RelayWorld world;
  world.broker.lands_at_once = false;
  world.broker.refuses = refusing({"2"});
  world.source.commit({row("1", "a"), row("2", "k"), row("3", "k")});
  auto const relay = world.relay();
  world.run_at_once(*relay);
  world.broker.land(2);
  world.broker.complete_only_the_last();
  world.run_at_once(*relay);
  EXPECT_EQ(relay->status().held_keys, 1U);
  world.broker.refuses = refusing({});
  world.broker.break_producer(0);
  world.broker.lands_at_once = true;
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.broker.landed_keys_and_ids(), (Texts{"a:1", "a:1", "k:2", "k:3"}));
  EXPECT_EQ(world.held.stores, 0U);
}

TEST(RelayHeld, holds_a_key_that_broken_headers_tell) {
  for (std::string const broken :
       {R"({"ID":"1","PARTITION_ID":"k","x":{"a":1}})", R"({"PARTITION_ID":"k"})",
        R"({"PARTITION_ID":"k","ID":["1"]})", R"({"ID":"1","PARTITION_ID":"k","x":)"}) {
    RelayWorld world;
    auto bad = row("1", "k");
    bad.headers = broken;
    world.source.commit({bad, row("2", "k"), row("3", "other")});
    auto const relay = world.relay();
    world.run_until_quiet(*relay);
    EXPECT_EQ(world.held.ids(), (Texts{"1", "2"})) << broken;
    EXPECT_EQ(world.broker.landed_keys_and_ids(), (Texts{"other:3"})) << broken;
  }
}

TEST(RelayHeld, holds_a_row_that_its_source_could_not_read_with_its_key) {
  RelayWorld world;
  auto bad = row("1", "k");
  bad.unreadable = "column 'payload' is strange";
  world.source.commit({bad, row("2", "k")});
  auto const relay = world.relay();
  world.run_until_quiet(*relay);
  EXPECT_EQ(world.held.ids(), (Texts{"1", "2"}));
  EXPECT_EQ(world.held.rows.front().held.reason,
            "column 'payload' is strange; correct the row or delete it");
}

}  // namespace
