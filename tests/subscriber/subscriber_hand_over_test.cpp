#include "subscriber_world.hpp"

namespace tram {
namespace {
using namespace std::chrono_literals;
using testing::SubscriberWorld;
using testing::Texts;

/// Messages that a module kept when the handler was called, and hands over later.
class SubscriberHandOver : public SubscriberWorld {
 protected:
  /// The handler keeps the message, and does nothing else. Its inbox row is written.
  void keep(std::string const& key, std::string const& id) {
    trouble = [this](IncomingMessage const& incoming) {
      kept_.push_back(held_message(incoming, "its target is locked"));
    };
    keeps_ = true;
    send(key, id);
    settle();
    keeps_ = false;
    trouble = {};
  }
  Subscription keeping(SubscriptionOptions const& options) {
    auto made = subscription(options);
    made.handler = [this, handle = made.handler](Transaction& tx, IncomingMessage const& incoming) {
      if (keeps_) return trouble(incoming);
      handle(tx, incoming);
    };
    return made;
  }
  void start_keeping(SubscriptionOptions const& options = {}) {
    subscriber.emplace(parts(), SubscriberOptions{}, std::vector{keeping(options)});
  }
  void hand_over(std::size_t number = 0) {
    database.transact([&](Transaction& tx) { held_messages.hand_over(tx, kept_.at(number)); });
  }

  bool keeps_{};
  std::vector<HeldMessage> kept_;
};

TEST_F(SubscriberHandOver, is_handled_again_past_the_inbox) {
  start_keeping();
  keep("a", "1");
  EXPECT_EQ(effects(), Texts{});
  send("a", "1");
  run_for(3s);
  EXPECT_EQ(counters().duplicates, 1U);
  hand_over();
  run_for(3s);
  EXPECT_EQ(effects(), Texts{"1"});
  EXPECT_EQ(attempts, std::vector{1});
  EXPECT_EQ(held_ids(), Texts{});
  EXPECT_EQ(counters().replayed, 1U);
}

TEST_F(SubscriberHandOver, goes_before_later_messages_of_its_key) {
  start_keeping();
  keep("a", "1");
  hand_over();
  send("a", "2");
  send("b", "3");
  settle();
  EXPECT_EQ(effects(), Texts{"3"});
  run_for(3s);
  EXPECT_EQ(effects(), (Texts{"3", "1", "2"}));
}

TEST_F(SubscriberHandOver, is_retried_and_then_held_as_any_other) {
  start_keeping({.retry = {.attempts_max = 3}});
  keep("a", "1");
  hand_over();
  trouble = [](IncomingMessage const&) { throw std::runtime_error{"no stock"}; };
  run_for(20s);
  EXPECT_EQ(attempts, (std::vector{1, 2, 3}));
  ASSERT_EQ(held().size(), 1U);
  EXPECT_EQ(held()[0].cause, HeldCause::own_failure);
  EXPECT_NE(held()[0].reason.find("no stock"), std::string::npos) << held()[0].reason;
  run_for(60s);
  EXPECT_EQ(attempts.size(), 3U) << "it waits for an operator";
  trouble = {};
  request_retry();
  run_for(3s);
  EXPECT_EQ(effects(), Texts{"1"});
}

TEST_F(SubscriberHandOver, waits_behind_a_failure_of_its_key) {
  start_keeping({.retry = {.attempts_max = 1}});
  keep("a", "1");
  trouble = [](IncomingMessage const&) { throw std::runtime_error{"no"}; };
  send("a", "0");
  run_for(3s);
  trouble = {};
  hand_over();
  run_for(10s);
  EXPECT_EQ(effects(), Texts{});
  EXPECT_EQ(held_ids(), (Texts{"0", "1"}));
  request_retry();
  run_for(3s);
  EXPECT_EQ(effects(), (Texts{"0", "1"}));
}

TEST_F(SubscriberHandOver, happens_once_though_it_is_asked_for_twice) {
  start_keeping();
  keep("a", "1");
  hand_over();
  hand_over();
  run_for(3s);
  EXPECT_EQ(effects(), Texts{"1"});
  EXPECT_EQ(held_ids(), Texts{});
}

TEST_F(SubscriberHandOver, is_done_by_the_process_that_comes_after_a_crash) {
  start_keeping();
  keep("a", "1");
  hand_over();
  workers.forget();
  start_keeping();
  run_for(3s);
  EXPECT_EQ(effects(), Texts{"1"});
}

TEST_F(SubscriberHandOver, does_not_happen_when_its_transaction_is_rolled_back) {
  start_keeping();
  keep("a", "1");
  EXPECT_THROW(database.transact([&](Transaction& tx) {
    held_messages.hand_over(tx, kept_[0]);
    throw std::runtime_error{"no"};
  }),
               std::runtime_error);
  run_for(3s);
  EXPECT_EQ(effects(), Texts{});
  EXPECT_EQ(held_ids(), Texts{});
}

}  // namespace
}  // namespace tram
