#include "subscriber_world.hpp"

namespace tram {
namespace {
using namespace std::chrono_literals;
using testing::SubscriberWorld;
using testing::Texts;

/// Replays of held messages.
class SubscriberReplay : public SubscriberWorld {
 protected:
  static void fail(IncomingMessage const& /*incoming*/) { throw std::runtime_error{"no"}; }

  /// Messages that are held, each under the key that is its id.
  void hold_all(Texts const& ids) {
    trouble = fail;
    for (auto const& id : ids) send(id, id);
    if (!subscriber) start({.retry = {.attempts_max = 1}});
    run_for(1s);
    ASSERT_EQ(held().size(), std::min<std::size_t>(ids.size(), 100));
    runs.clear();
    attempts.clear();
  }
  static Texts numbered(std::string const& name, int count) {
    Texts ids;
    for (int i = 0; i < count; ++i) ids.push_back(name + std::to_string(i));
    return ids;
  }
};

TEST_F(SubscriberReplay, handles_what_is_held_in_order_when_asked_to) {
  trouble = fail;
  for (auto const* const id : {"1", "2", "3"}) send("a", id);
  start();
  run_for(10s);
  trouble = {};
  attempts.clear();
  request_retry();
  run_for(3s);
  EXPECT_EQ(effects(), (Texts{"1", "2", "3"}));
  EXPECT_EQ(attempts, (std::vector{5, 1, 1}));
  EXPECT_EQ(counters().replayed, 3U);
  EXPECT_EQ(counters().replay_failures, 0U);
  EXPECT_EQ(logged("subscription.replayed"), 1U);
  EXPECT_TRUE(held().empty());
  send("a", "4");
  settle();
  EXPECT_EQ(effects().back(), "4");
}

TEST_F(SubscriberReplay, handles_a_message_whose_id_no_column_takes_as_it_is) {
  std::string const id{"a\0b", 3};
  hold_all({id});
  trouble = {};
  request_retry();
  run_for(3s);
  ASSERT_FALSE(runs.empty()) << "it was taken for handled, and is gone";
  EXPECT_EQ(runs.front(), id);
}

TEST_F(SubscriberReplay, tries_again_as_the_subscription_does_and_then_waits_to_be_asked_again) {
  trouble = fail;
  for (auto const* const id : {"1", "2", "3"}) send("a", id);
  start({.retry = {.attempts_max = 3}});
  run_for(10s);
  trouble = [](IncomingMessage const& incoming) {
    if (incoming.id() == "2") throw std::runtime_error{"still not"};
  };
  runs.clear();
  attempts.clear();
  request_retry();
  run_for(60s);
  EXPECT_EQ(runs, (Texts{"1", "2", "1", "2", "2", "2"})) << "the first two shared a transaction";
  EXPECT_EQ(attempts, (std::vector{4, 1, 4, 1, 2, 3})) << "they go on counting";
  EXPECT_EQ(held_ids(), (Texts{"2", "3"}));
  EXPECT_EQ(held().front().reason, "channel 'orders', message '2': still not");
  EXPECT_EQ(held().front().attempts, 3);
  EXPECT_EQ(counters().replay_failures, 3U);
  EXPECT_EQ(logged("subscription.replay_failed"), 3U);
  EXPECT_TRUE(subscriber->idle());
  trouble = {};
  request_retry();
  run_for(3s);
  EXPECT_EQ(effects(), (Texts{"1", "2", "3"}));
}

TEST_F(SubscriberReplay, gets_over_a_failure_that_does_not_come_again) {
  hold_all({"1"});
  start({.retry = {.attempts_max = 4}});
  int failures = 2;
  trouble = [&](IncomingMessage const&) {
    if (failures-- > 0) throw std::runtime_error{"not yet"};
  };
  request_retry();
  run_for(10s);
  EXPECT_EQ(effects(), Texts{"1"});
  EXPECT_EQ(counters().replay_failures, 2U);
}

TEST_F(SubscriberReplay, gives_up_at_once_what_the_handler_finds_malformed) {
  hold_all({"1"});
  start({.retry = {.attempts_max = 4}});
  trouble = [](IncomingMessage const&) { throw Error{Fault::malformed, "no order"}; };
  request_retry();
  run_for(10s);
  EXPECT_EQ(runs, Texts{"1"});
  EXPECT_TRUE(subscriber->idle());
}

TEST_F(SubscriberReplay, takes_a_run_that_overruns_its_time_for_one_that_failed) {
  hold_all({"1"});
  trouble = [&](IncomingMessage const&) { clock.advance(31s); };
  request_retry();
  run_for(10min);
  EXPECT_EQ(runs, Texts{"1"});
  ASSERT_EQ(held_ids(), Texts{"1"});
  EXPECT_NE(held()[0].reason.find("handle_timeout (30 s) was over"), std::string::npos);
}

TEST_F(SubscriberReplay, goes_on_trying_while_something_is_away_and_then_gives_up) {
  hold_all({"1"});
  start({.retry = {.unavailable_max = 10}});
  trouble = [](IncomingMessage const&) { throw Error{Fault::transient, "the bank is closed"}; };
  request_retry();
  run_for(10s);
  EXPECT_FALSE(subscriber->idle());
  run_for(10min);
  EXPECT_TRUE(subscriber->idle());
  EXPECT_NE(held()[0].reason.find("the bank is closed"), std::string::npos);
  runs.clear();
  run_for(10min);
  EXPECT_TRUE(runs.empty());
}

TEST_F(SubscriberReplay, reaches_a_fit_key_though_many_others_fail) {
  hold_all(numbered("bad ", 120));
  trouble = [](IncomingMessage const& incoming) {
    if (incoming.id().starts_with("bad")) throw Error{Fault::transient, "the bank is closed"};
  };
  request_retry();
  run_for(60s);
  trouble = fail;
  send("fit", "fit");
  settle();
  trouble = [](IncomingMessage const& incoming) {
    if (incoming.id().starts_with("bad")) throw Error{Fault::transient, "the bank is closed"};
  };
  database.transact([&](Transaction& tx) { held_messages.request_retry(tx, {.key = "fit"}); });
  run_for(3s);
  EXPECT_EQ(effects(), Texts{"fit"});
}

TEST_F(SubscriberReplay, shares_transactions_until_one_of_their_messages_fails) {
  hold_all({"1", "2", "3", "4"});
  trouble = [](IncomingMessage const& incoming) {
    if (incoming.id() == "3") throw std::runtime_error{"still not"};
  };
  request_retry();
  run_for(10s);
  EXPECT_EQ(runs, (Texts{"1", "2", "3", "1", "2", "3", "4"}));
  EXPECT_EQ(effects(), (Texts{"1", "2", "4"})) << "what a failed transaction wrote is undone";
  EXPECT_EQ(held_ids(), Texts{"3"});
  EXPECT_EQ(counters().replayed, 3U);
  EXPECT_EQ(counters().replay_failures, 1U) << "the shared run was no attempt";
}

TEST_F(SubscriberReplay, runs_a_message_once_where_it_is_the_first_that_fails) {
  hold_all(numbered("k", 40));
  request_retry();
  run_for(10s);
  EXPECT_EQ(runs.size(), 40U);
  EXPECT_EQ(counters().replay_failures, 40U);
}

TEST_F(SubscriberReplay, keeps_all_keys_of_a_transaction_in_which_something_was_away) {
  hold_all(numbered("k", 40));
  int met = 0;
  trouble = [&](IncomingMessage const& incoming) {
    if (incoming.id() == "k3" && ++met <= 3) throw Error{Fault::transient, "the bank is closed"};
  };
  request_retry();
  run_for(60s);
  EXPECT_EQ(effects().size(), 40U);
  EXPECT_TRUE(held().empty());
}

TEST_F(SubscriberReplay, finds_every_key_however_many_are_asked_for) {
  constexpr int count = 2500;
  hold_all(numbered("k", count));
  trouble = {};
  request_retry();
  run_for(3s);
  EXPECT_EQ(effects().size(), static_cast<std::size_t>(count));
  EXPECT_TRUE(subscriber->idle());
}

/// Live messages find a worker: few replays are with the workers at a time.
TEST_F(SubscriberReplay, takes_few_workers_at_a_time) {
  hold_all(numbered("k", 100));
  trouble = {};
  request_retry();
  while (workers.size() == 0) {
    subscriber->step();
    clock.advance(100ms);
  }
  ASSERT_TRUE(workers.run_one()) << "the look for requests";
  subscriber->step();
  subscriber->step();
  EXPECT_EQ(workers.size(), 1U) << "of four workers";
  send("live", "live");
  for (int i = 0; i < 5; ++i) subscriber->step();
  workers.run_one();
  workers.run_one();
  EXPECT_TRUE(std::ranges::count(runs, "live") == 1);
}

/// A slow handler has one message per turn: the others of its key come after those of other keys.
TEST_F(SubscriberReplay, lets_keys_take_turns_where_a_handler_is_slow) {
  trouble = fail;
  for (auto const* const id : {"a1", "a2", "a3"}) send("a", id);
  for (auto const* const id : {"b1", "b2"}) send("b", id);
  start({.retry = {.attempts_max = 1}});
  run_for(1s);
  trouble = [&](IncomingMessage const&) { clock.advance(1s); };
  runs.clear();
  request_retry();
  run_for(10s);
  EXPECT_EQ(runs, (Texts{"a1", "b1", "a2", "b2", "a3"}));
}

}  // namespace
}  // namespace tram
