#include "subscriber_world.hpp"
#include "tram/wire/multi_message.hpp"

namespace tram {
namespace {
using namespace std::chrono_literals;
using testing::SubscriberWorld;
using testing::Texts;

class SubscriberTest : public SubscriberWorld {};

void fail(IncomingMessage const&) { throw std::runtime_error{"no stock"}; }

TEST_F(SubscriberTest, handles_messages_in_order_and_acknowledges_them) {
  for (auto const* const id : {"1", "2", "3"}) send("a", id);
  start();
  settle();
  EXPECT_EQ(effects(), (Texts{"1", "2", "3"}));
  EXPECT_TRUE(subscriber->idle());
  EXPECT_EQ(counters().handled, 3U);
  // A crash: nothing comes again, since all was acknowledged.
  clock.advance(1s);
  settle();
  start();
  settle();
  EXPECT_EQ(counters().delivered, 0U);
}

TEST_F(SubscriberTest, tells_of_every_subscription_before_it_runs) {
  start();
  ASSERT_EQ(subscriber->status().size(), 1U);
  EXPECT_EQ(subscriber->status()[0].subscriber_id, "billing");
  EXPECT_FALSE(subscriber->idle());
}

TEST_F(SubscriberTest, counts_the_time_without_progress_from_its_own_start) {
  send("a", "1");
  clock.advance(5h);
  start();
  subscriber->step();
  subscriber->step();
  EXPECT_EQ(status().waiting + status().running, 1U);
  EXPECT_EQ(clock.steady() - status().last_progress, Duration{});
}

TEST_F(SubscriberTest, passes_over_a_message_that_was_handled_before) {
  send("a", "1");
  send("a", "1");
  start();
  settle();
  EXPECT_EQ(effects(), Texts{"1"});
  EXPECT_EQ(counters().duplicates, 1U);
}

TEST_F(SubscriberTest, tells_the_handler_why_its_transaction_happens) {
  TransactionContext context;
  auto with_context = subscription();
  with_context.handler = [&](Transaction& tx, IncomingMessage const&) { context = tx.context(); };
  send_value("a", record_value({.headers = {{"ID", "1"}, {"traceparent", "t"}, {"tracestate", "s"}},
                                .payload = {}}));
  subscriber.emplace(parts(), SubscriberOptions{}, std::vector{with_context});
  settle();
  EXPECT_EQ(context.causation_id, "1");
  EXPECT_EQ(context.traceparent, "t");
  EXPECT_EQ(context.tracestate, "s");
}

TEST_F(SubscriberTest, tries_again_when_the_handler_throws_and_keeps_the_order) {
  trouble = [&](IncomingMessage const& incoming) {
    if (incoming.id() == "1" && incoming.attempt < 3) throw std::runtime_error{"not yet"};
  };
  send("a", "1");
  send("a", "2");
  send("b", "3");
  start();
  settle();
  EXPECT_EQ(effects(), Texts{"3"});
  run_for(10s);
  EXPECT_EQ(effects(), (Texts{"3", "1", "2"}));
  EXPECT_EQ(counters().failures, 2U);
  EXPECT_TRUE(held().empty());
}

TEST_F(SubscriberTest, holds_a_message_whose_attempts_are_used_up_and_those_of_its_key_behind_it) {
  trouble = [](IncomingMessage const& incoming) {
    if (incoming.id() == "1") fail(incoming);
  };
  for (auto const* const id : {"1", "2", "3"}) send("a", id);
  send("b", "4");
  start();
  run_for(10s);
  EXPECT_EQ(effects(), Texts{"4"});
  EXPECT_EQ(held_ids(), (Texts{"1", "2", "3"}));
  EXPECT_EQ(held().front().reason, "channel 'orders', message '1': no stock");
  EXPECT_EQ(held().front().attempts, 4);
  EXPECT_EQ(counters().held, 1U);
  EXPECT_EQ(counters().held_behind, 2U);
  EXPECT_EQ(std::ranges::count(runs, "1"), 4);
  EXPECT_EQ(logged("subscription.held"), 1U);
  EXPECT_NE(log.back().find("event=subscription.held subscriber=billing key=a attempt=4 "),
            std::string::npos)
      << log.back();
  EXPECT_TRUE(subscriber->idle());
}

TEST_F(SubscriberTest, goes_on_with_the_key_of_a_held_message_when_that_is_wanted) {
  trouble = [](IncomingMessage const& incoming) {
    if (incoming.id() == "1") fail(incoming);
  };
  send("a", "1");
  send("a", "2");
  start({.hold_key = false});
  run_for(10s);
  EXPECT_EQ(effects(), Texts{"2"});
  EXPECT_EQ(held_ids(), Texts{"1"});
}

TEST_F(SubscriberTest, holds_a_record_that_is_no_message_at_once_and_its_key) {
  send_value("a", "no JSON");
  send("a", "2");
  send("b", "3");
  start();
  settle();
  EXPECT_EQ(effects(), Texts{"3"});
  EXPECT_EQ(held_ids(), (Texts{"orders:0:0", "2"}));
  EXPECT_EQ(held().front().headers_json, "{}");
  EXPECT_EQ(held().front().payload, "no JSON");
  EXPECT_EQ(counters().malformed, 1U);
}

TEST_F(SubscriberTest, handles_a_held_record_that_was_corrected) {
  send_value("a", "no JSON");
  start();
  settle();
  request_retry();
  run_for(3s);
  EXPECT_EQ(held_ids(), Texts{"orders:0:0"});
  database.transact([](Transaction& tx) {
    tx.execute("UPDATE tram_held_message SET payload = ?",
               record_value({.headers = {{"ID", "7"}}, .payload = {}}));
  });
  request_retry();
  run_for(3s);
  EXPECT_EQ(effects(), Texts{"7"});
  EXPECT_TRUE(held().empty());
}

TEST_F(SubscriberTest, holds_and_replays_a_message_that_no_database_takes_as_text) {
  trouble = fail;
  std::string const payload{"a\0b", 3};
  send("a", "1", payload);
  start({.retry = {.attempts_max = 1}});
  settle();
  EXPECT_EQ(held_ids(), Texts{"1"});
  std::string seen;
  trouble = [&](IncomingMessage const& incoming) { seen = incoming.message.payload; };
  request_retry();
  run_for(3s);
  EXPECT_EQ(seen, payload);
  EXPECT_EQ(effects(), Texts{"1"});
}

TEST_F(SubscriberTest, holds_bytes_that_are_no_text_in_base64_under_a_key_that_is_none) {
  send_value("\xFF", "\xFE\xFF");
  send("\xFF", "2");
  start();
  settle();
  EXPECT_EQ(held_ids(), (Texts{"orders:0:0", "2"}));
  EXPECT_EQ(held().front().payload, "/v8=");
}

TEST_F(SubscriberTest, holds_a_message_without_a_usable_id) {
  send("a", "");
  send("a", std::string(701, 'x'));
  send_value("a", R"({"payload":"{}","headers":{}})");
  start();
  settle();
  EXPECT_EQ(held_ids(), (Texts{"orders:0:0", "orders:0:1", "orders:0:2"}));
}

TEST_F(SubscriberTest, shortens_keys_that_no_index_takes) {
  trouble = fail;
  send(std::string(10'000, 'k'), "1");
  start({.retry = {.attempts_max = 1}});
  settle();
  EXPECT_LT(held().front().key.key.size(), 600U);
}

TEST_F(SubscriberTest, handles_every_message_of_a_multi_message_in_order_of_its_own_key) {
  MultiMessage batch;
  auto const add = [&](std::string const& key, std::string const& id) {
    batch.messages.push_back(
        {.headers = {},
         .key = key,
         .value = record_value({.headers = {{"ID", id}, {"PARTITION_ID", key}}, .payload = "{}"})});
  };
  add("a", "1");
  add("b", "2");
  add("a", "3");
  trouble = [](IncomingMessage const& incoming) {
    if (incoming.id() == "1") fail(incoming);
  };
  send_value("a", encode_multi_message(batch));
  send("b", "4");
  start();
  run_for(10s);
  EXPECT_EQ(effects(), (Texts{"2", "4"}));
  EXPECT_EQ(held_ids(), (Texts{"1", "3"}));
}

TEST_F(SubscriberTest, holds_at_once_what_the_handler_finds_malformed) {
  trouble = [](IncomingMessage const&) { throw Error{Fault::malformed, "no order in it"}; };
  send("a", "1");
  start();
  settle();
  EXPECT_EQ(runs, Texts{"1"});
  EXPECT_EQ(held().front().reason, "channel 'orders', message '1': no order in it");
}

TEST_F(SubscriberTest, counts_a_refusal_as_an_attempt) {
  trouble = [](IncomingMessage const&) { throw Error{Fault::rejected, "constraint"}; };
  send("a", "1");
  start();
  run_for(10s);
  EXPECT_EQ(runs.size(), 4U);
  EXPECT_EQ(held_ids(), Texts{"1"});
}

TEST_F(SubscriberTest, survives_a_handler_that_throws_something_strange) {
  trouble = [](IncomingMessage const&) { throw 42; };
  send("a", "1");
  start({.retry = {.attempts_max = 1}});
  settle();
  EXPECT_EQ(held_ids(), Texts{"1"});
}

TEST_F(SubscriberTest, runs_messages_alone_when_the_transaction_they_share_fails) {
  trouble = [](IncomingMessage const& incoming) {
    if (incoming.id() == "2") fail(incoming);
  };
  send("a", "1");
  send("b", "2");
  send("c", "3");
  start({.retry = {.attempts_max = 2}, .messages_per_transaction = 10});
  run_for(10s);
  EXPECT_EQ(effects(), (Texts{"1", "3"}));
  EXPECT_EQ(held_ids(), Texts{"2"});
  EXPECT_EQ(held().front().attempts, 2);
  // The run that they shared was nobody's attempt.
  EXPECT_EQ(std::ranges::count(runs, "2"), 3);
}

TEST_F(SubscriberTest, gives_each_message_of_a_shared_transaction_its_own_context) {
  Texts causes;
  auto noting = subscription({.messages_per_transaction = 10});
  noting.handler = [&](Transaction& tx, IncomingMessage const&) {
    causes.push_back(tx.context().causation_id);
  };
  send("a", "1");
  send("b", "2");
  subscriber.emplace(parts(), SubscriberOptions{}, std::vector{noting});
  settle();
  EXPECT_EQ(causes, (Texts{"1", "2"}));
}

// --- interceptors

class NotingInterceptor final : public MessageInterceptor {
 public:
  explicit NotingInterceptor(Texts& notes) : notes_{notes} {}
  void before_receive(IncomingMessage& incoming) override {
    notes_.emplace_back("before_receive");
    incoming.message.payload += "+";
  }
  void after_receive(IncomingMessage const&) override {
    notes_.emplace_back("after_receive");
    throw std::runtime_error{"logged only"};
  }
  void handle(Transaction& tx, IncomingMessage const& incoming,
              MessageHandler const& next) override {
    notes_.emplace_back("handle");
    try {
      next(tx, incoming);
    } catch (std::exception const&) {
      notes_.emplace_back("failed");
      throw;
    }
    notes_.emplace_back("handled");
  }

 private:
  Texts& notes_;
};

TEST_F(SubscriberTest, calls_interceptors_around_the_handler) {
  Texts notes;
  auto intercepted = subscription({.retry = {.attempts_max = 2}});
  for (std::string const name : {"outer", "inner"}) {
    intercepted.interceptors.push_back(
        around_handlers([&notes, name](Transaction& tx, IncomingMessage const& incoming,
                                       MessageHandler const& next) {
          notes.emplace_back(name);
          next(tx, incoming);
        }));
  }
  trouble = [&](IncomingMessage const& incoming) {
    notes.push_back(incoming.message.payload);
    if (incoming.attempt == 1) throw std::runtime_error{"once"};
  };
  send("a", "1", "p");
  send("a", "1", "p");
  subscriber.emplace(
      parts(), SubscriberOptions{.interceptors = {std::make_shared<NotingInterceptor>(notes)}},
      std::vector{intercepted});
  run_for(1s);
  EXPECT_EQ(notes,
            (Texts{"before_receive", "handle", "outer", "inner", "p+", "failed",
                   // The second attempt sees the message as it came.
                   "before_receive", "handle", "outer", "inner", "p+", "handled", "after_receive",
                   // The duplicate.
                   "before_receive", "after_receive"}));
  EXPECT_EQ(effects(), Texts{"1"});
}

class ThrowingInterceptor final : public MessageInterceptor {
 public:
  explicit ThrowingInterceptor(Texts& notes) : notes_{notes} {}
  void after_receive(IncomingMessage const&) override { throw 7; }
  void handle(Transaction& tx, IncomingMessage const& incoming,
              MessageHandler const& next) override {
    try {
      next(tx, incoming);
    } catch (...) {  // thread top: whatever the handler threw
      notes_.emplace_back("failed");
      throw;
    }
    notes_.emplace_back("handled");
  }

 private:
  Texts& notes_;
};

TEST_F(SubscriberTest, bears_and_names_whatever_handlers_and_hooks_throw) {
  Texts notes;
  trouble = [&](IncomingMessage const& incoming) {
    if (incoming.id() == "1") throw 7;
    if (incoming.id() == "2") throw std::runtime_error{""};
  };
  send("a", "1");
  send("b", "2");
  send("c", "3");
  subscriber.emplace(
      parts(), SubscriberOptions{.interceptors = {std::make_shared<ThrowingInterceptor>(notes)}},
      std::vector{subscription({.retry = {.attempts_max = 1}})});
  run_for(1s);
  EXPECT_EQ(effects(), Texts{"3"});
  EXPECT_EQ(std::ranges::count(notes, "failed"), 2);
  EXPECT_EQ(std::ranges::count(notes, "handled"), 1);
  auto const reasons = database.transact([](Transaction& tx) {
    std::string all;
    for (auto const row : tx.execute("SELECT reason FROM tram_held_message ORDER BY message_id"))
      all += row.get<std::string>(0) + "\n";
    return all;
  });
  EXPECT_NE(reasons.find("of type int\n"), std::string::npos) << reasons;
  EXPECT_NE(reasons.find("of type std::runtime_error\n"), std::string::npos) << reasons;
}

TEST_F(SubscriberTest, refuses_by_name_options_that_nobody_could_mean) {
  auto const refusal = [&](SubscriberOptions options, SubscriptionOptions const& of_one = {}) {
    try {
      Subscriber{parts(), std::move(options), {subscription(of_one)}};
    } catch (Error const& error) { return std::string{error.what()}; }
    return std::string{"taken"};
  };
  auto const expect = [](std::string const& text, std::string const& name) {
    EXPECT_NE(text.find(name), std::string::npos) << name << ": " << text;
  };
  EXPECT_EQ(refusal({}), "taken");
  expect(refusal({.interceptors = {nullptr}}), "interceptor");
  expect(refusal({.held_check_interval = 0s}), "'subscriber.held_check_interval'");
  expect(refusal({.inbox_age = -1ms}), "'subscriber.inbox_age'");
  expect(refusal({}, {.handle_timeout = Duration::max()}), "'handle_timeout'");
  expect(refusal({}, {.retry = {.attempts_max = 0}}), "'retry.attempts_max'");
  expect(refusal({}, {.retry = {.pause_first = -1s}}), "'retry.pause_first'");
  auto empty = subscription();
  empty.interceptors = {nullptr};
  EXPECT_THROW((Subscriber{parts(), {}, {empty}}), Error);
  EXPECT_THROW((void)around_handlers({}), Error);
}

TEST_F(SubscriberTest, maps_channels_and_groups_but_not_the_inbox) {
  auto mapping = subscription();
  mapping.channels = {"orders-of-mine"};
  IncomingMessage seen;
  mapping.handler = [&](Transaction&, IncomingMessage const& incoming) { seen = incoming; };
  send("a", "1");
  subscriber.emplace(parts(),
                     SubscriberOptions{.channel_mapping = [](auto) { return "orders"; },
                                       .group_mapping = [](auto) { return "mapped"; }},
                     std::vector{mapping});
  settle();
  EXPECT_EQ(seen.source.channel, "orders");
  EXPECT_EQ(seen.subscriber_id, "billing");
  auto const group_has_a_member = [&] {
    auto const other = broker.subscribe({.group = "mapped"}, std::array{std::string{"orders"}});
    return other->poll().empty();
  };
  EXPECT_TRUE(group_has_a_member());
}

TEST_F(SubscriberTest, refuses_subscriptions_that_cannot_work) {
  auto const made_of = [&](std::vector<Subscription> subscriptions) {
    Subscriber{parts(), SubscriberOptions{}, std::move(subscriptions)};
  };
  auto nothing = subscription();
  nothing.channels.clear();
  auto illegal = subscription();
  illegal.channels = {"a b"};
  EXPECT_THROW(made_of({subscription(), subscription()}), Error);
  EXPECT_THROW(made_of({nothing}), Error);
  EXPECT_THROW(made_of({illegal}), Error);
  EXPECT_THROW(made_of({subscription({}, "")}), Error);
}

TEST_F(SubscriberTest, forgets_what_was_handled_long_ago) {
  send("a", "1");
  subscriber.emplace(parts(), SubscriberOptions{.inbox_age = 0ms, .inbox_check_interval = 10s},
                     std::vector{subscription()});
  settle();
  auto const rows = [&] {
    return database.transact([](Transaction& tx) {
      return tx.execute("SELECT count(*) FROM received_messages")[0].get<int>(0);
    });
  };
  EXPECT_EQ(rows(), 1);
  database.transact([](Transaction& tx) {
    tx.execute("UPDATE received_messages SET creation_time = creation_time - 1000");
  });
  run_for(11s);
  EXPECT_EQ(rows(), 0);
}

/// A clock that was behind for a moment stamped the row; it was set forward again before the
/// database's clock was looked at.
TEST_F(SubscriberTest, keeps_a_row_that_only_seems_old_since_the_clock_was_set_forward) {
  send("a", "1");
  subscriber.emplace(parts(), SubscriberOptions{.inbox_age = 1h, .inbox_check_interval = 10s},
                     std::vector{subscription()});
  settle();
  clock.set_wall(clock.wall() + 3h);
  database.transact([](Transaction& tx) {
    tx.execute("UPDATE received_messages SET creation_time = creation_time - 3 * 3600 * 1000");
  });
  auto const rows = [&] {
    return database.transact([](Transaction& tx) {
      return tx.execute("SELECT count(*) FROM received_messages")[0].get<int>(0);
    });
  };
  run_for(30s);
  EXPECT_EQ(rows(), 1);
  run_for(2h);
  EXPECT_EQ(rows(), 0);
}

}  // namespace
}  // namespace tram
