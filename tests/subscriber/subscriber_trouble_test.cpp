#include "removable_database.hpp"
#include "subscriber_world.hpp"

namespace tram {
namespace {
using namespace std::chrono_literals;
using testing::RemovableDatabase;
using testing::SubscriberWorld;
using testing::Texts;

class SubscriberTrouble : public SubscriberWorld {};

TEST_F(SubscriberTrouble, pauses_while_something_is_away_and_holds_nothing) {
  bool away = true;
  trouble = [&](IncomingMessage const&) {
    if (away) throw Error{Fault::transient, "the bank does not answer"};
  };
  for (int i = 0; i < 20; ++i) send(std::to_string(i), std::to_string(i));
  start();
  run_for(60s);
  EXPECT_TRUE(status().paused);
  EXPECT_NE(status().trouble.find("the bank does not answer"), std::string::npos);
  EXPECT_TRUE(held().empty());
  EXPECT_EQ(counters().failures, 0U);
  EXPECT_EQ(logged("subscription.paused"), 1U);
  away = false;
  run_for(31s);
  EXPECT_FALSE(status().paused);
  EXPECT_EQ(status().trouble, "");
  EXPECT_EQ(effects().size(), 20U);
  EXPECT_EQ(logged("subscription.resumed"), 1U);
}

TEST_F(SubscriberTrouble, waits_for_a_channel_that_it_may_not_create) {
  auto of_others = subscription();
  of_others.channels = {"bookings"};
  subscriber.emplace(parts(), SubscriberOptions{.create_channels = false}, std::vector{of_others});
  run_for(10s);
  EXPECT_NE(status().trouble.find("the broker has no 'bookings'"), std::string::npos);
  broker.create_channels(std::array{std::string{"bookings"}}, 1, Deadline::now());
  run_for(10s);
  EXPECT_EQ(status().trouble, "");
  EXPECT_EQ(status().partitions, 1U);
  EXPECT_EQ(logged("subscription.channel_created"), 0U);
}

TEST_F(SubscriberTrouble, tells_of_a_channel_that_it_created) {
  auto of_others = subscription();
  of_others.channels = {"bokings"};
  subscriber.emplace(parts(), SubscriberOptions{}, std::vector{of_others});
  run_for(10s);
  EXPECT_EQ(logged("subscription.channel_created"), 1U);
}

TEST_F(SubscriberTrouble, takes_a_handler_that_overruns_its_time_for_one_that_failed) {
  trouble = [&](IncomingMessage const& incoming) {
    if (incoming.id() == "1" || incoming.id() == "2") clock.advance(31s);
    if (incoming.id() == "2") throw Error{Fault::broken, "the bank hung up"};
  };
  send("a", "1");
  send("b", "2");
  send("c", "3");
  start({.retry = {.attempts_max = 2}});
  run_for(10min);
  EXPECT_EQ(effects(), Texts{"3"});
  ASSERT_EQ(held_ids(), (Texts{"1", "2"}));
  EXPECT_EQ(held()[0].attempts, 2);
  EXPECT_EQ(held()[1].reason,
            "channel 'orders', message '2': handle_timeout (30 s) was over: the bank "
            "hung up");
  EXPECT_EQ(counters().failures, 4U);
  EXPECT_EQ(status().trouble, "");
}

TEST_F(SubscriberTrouble, finds_out_which_of_several_messages_in_a_transaction_overruns) {
  trouble = [&](IncomingMessage const& incoming) {
    if (incoming.id() == "2") clock.advance(31s);
  };
  for (auto const* const id : {"1", "2", "3"}) send(id, id);
  start({.retry = {.attempts_max = 2}, .messages_per_transaction = 3});
  run_for(10min);
  EXPECT_EQ(effects().size(), 2U);
  EXPECT_EQ(held_ids(), Texts{"2"});
}

TEST_F(SubscriberTrouble, holds_a_message_that_finds_something_away_for_ever_while_others_get_on) {
  trouble = [&](IncomingMessage const& incoming) {
    if (incoming.id() == "1") throw Error{Fault::transient, "no answer for this customer"};
  };
  for (auto const* const id : {"1", "2", "3"}) send(id, id);
  start({.messages_per_transaction = 3});
  run_for(50s);
  EXPECT_TRUE(held().empty());
  for (int i = 0; i < 10; ++i) {
    send("2", "more " + std::to_string(i));
    run_for(60s);
  }
  EXPECT_EQ(effects().size(), 12U);
  ASSERT_EQ(held_ids(), Texts{"1"});
  EXPECT_NE(held()[0].reason.find("no answer for this customer"), std::string::npos);
  EXPECT_EQ(counters().failures, 0U);
  EXPECT_EQ(status().trouble, "");
}

TEST_F(SubscriberTrouble, holds_the_only_message_too_but_not_within_the_first_half_hour) {
  trouble = [](IncomingMessage const&) { throw Error{Fault::transient, "the bank is closed"}; };
  send("a", "1");
  start();
  run_for(30min);
  EXPECT_TRUE(held().empty());
  EXPECT_NE(status().trouble.find("the bank is closed"), std::string::npos) << status().trouble;
  run_for(30min);
  EXPECT_EQ(held_ids(), Texts{"1"});
}

TEST_F(SubscriberTrouble, says_to_use_the_given_transaction_when_a_handler_opens_another) {
  trouble = [&](IncomingMessage const&) {
    database.transact([](Transaction& tx) { tx.execute("INSERT INTO effect VALUES ('x')"); });
  };
  auto const before = clock.steady();
  send("a", "1");
  start({.retry = {.attempts_max = 1}});
  settle();
  EXPECT_EQ(clock.steady(), before);
  EXPECT_TRUE(effects().empty());
  ASSERT_EQ(held_ids(), Texts{"1"});
  EXPECT_NE(held()[0].reason.find("use the Transaction"), std::string::npos) << held()[0].reason;
}

// --- a database that is away

TEST_F(SubscriberTrouble,
       waits_for_a_database_that_is_away_and_holds_nothing_however_long_it_takes) {
  std::atomic<bool> is_away{false};
  Database away{
      std::make_unique<RemovableDatabase>(sqlite::driver({.path = path}, clock, random), is_away),
      {},
      clock,
      random};
  SubscriberParts const away_parts{.database = away,
                                   .broker = broker,
                                   .workers = workers,
                                   .clock = clock,
                                   .random = random,
                                   .logger = parts().logger};
  // It goes down while a handler runs, and takes the handler's time along.
  trouble = [&](IncomingMessage const&) {
    is_away = true;
    clock.advance(31s);
  };
  send("a", "1");
  subscriber.emplace(
      away_parts, SubscriberOptions{},
      std::vector{subscription({.retry = {.attempts_max = 1, .unavailable_max = 3}})});
  run_for(2h);
  EXPECT_TRUE(status().paused);
  EXPECT_TRUE(held().empty());
  trouble = {};
  is_away = false;
  run_for(60s);
  EXPECT_EQ(effects(), Texts{"1"});
  EXPECT_EQ(counters().failures, 0U);
}

TEST_F(SubscriberTrouble, waits_when_a_message_cannot_even_be_held) {
  trouble = [](IncomingMessage const&) { throw std::runtime_error{"no"}; };
  auto const rename = [&](std::string const& from, std::string const& to) {
    database.transact(
        [&](Transaction& tx) { tx.execute("ALTER TABLE " + from + " RENAME TO " + to); });
  };
  rename("tram_held_message", "gone");
  send("a", "1");
  start({.retry = {.attempts_max = 1}});
  run_for(60s);
  EXPECT_NE(status().trouble.find("it cannot be held"), std::string::npos) << status().trouble;
  EXPECT_FALSE(subscriber->idle());
  rename("gone", "tram_held_message");
  run_for(60s);
  EXPECT_EQ(held_ids(), Texts{"1"});
  EXPECT_EQ(held()[0].reason, "channel 'orders', message '1': no");
  EXPECT_EQ(status().trouble, "");
}

TEST_F(SubscriberTrouble, goes_on_after_a_rebalance_without_a_second_effect) {
  for (int i = 0; i < 6; ++i) send("a", std::to_string(i));
  start();
  // The first message is with a worker when its partition goes and comes back.
  while (workers.size() < 2) subscriber->step();
  broker.expire_members("billing");
  subscriber->step();
  subscriber->step();
  run_for(1s);
  EXPECT_EQ(effects(), (Texts{"0", "1", "2", "3", "4", "5"}));
  EXPECT_EQ(runs, effects());
  EXPECT_EQ(counters().rebalances, 1U);
  EXPECT_TRUE(subscriber->idle());
}

TEST_F(SubscriberTrouble, pauses_a_partition_whose_backlog_is_full_and_handles_all_of_it) {
  for (int i = 0; i < 2000; ++i) send("a", std::to_string(i));
  start({.partition_backlog_max = 10});
  subscriber->step();
  subscriber->step();
  EXPECT_LE(status().waiting + status().running, 510U);
  subscriber->step();
  EXPECT_LE(status().waiting + status().running, 510U);
  settle();
  EXPECT_EQ(effects().size(), 2000U);
}

TEST_F(SubscriberTrouble, shares_the_work_of_a_group_and_takes_over_when_the_other_leaves) {
  broker.create_channels(std::array{std::string{"many"}}, 4, Deadline::now());
  auto many = subscription();
  many.channels = {"many"};
  Subscriber other{parts(), SubscriberOptions{}, std::vector{many}};
  subscriber.emplace(parts(), SubscriberOptions{}, std::vector{many});
  for (int i = 0; i < 10; ++i) {
    other.step();
    settle();
  }
  EXPECT_EQ(status().partitions, 2U);
  EXPECT_EQ(other.status().front().partitions, 2U);
  std::stop_source stop;
  stop.request_stop();
  other.run(stop.get_token());
  settle();
  EXPECT_EQ(status().partitions, 4U);
}

TEST_F(SubscriberTrouble, drops_what_was_not_begun_at_a_stop_and_loses_nothing) {
  for (int i = 0; i < 6; ++i) send(std::to_string(i), std::to_string(i));
  start();
  while (workers.size() < 5) subscriber->step();
  while (runs.size() < 2) workers.run_one();
  std::stop_source stop;
  stop.request_stop();
  subscriber->run(stop.get_token());
  EXPECT_EQ(effects().size(), 2U);
  while (workers.run_one()) continue;
  EXPECT_EQ(effects().size(), 2U);
  start();
  settle();
  EXPECT_EQ(effects().size(), 6U);
  EXPECT_EQ(counters().delivered, 4U);
}

// --- a broker that breaks

/// Consumers that raise what the test says.
class MoodyBroker final : public Broker {
 public:
  explicit MoodyBroker(Broker& inner) : inner_{inner} {}

  [[nodiscard]] BrokerTraits traits() const override { return inner_.traits(); }
  std::unique_ptr<Producer> producer() override { return inner_.producer(); }
  std::unique_ptr<Consumer> subscribe(ConsumerMode const& mode,
                                      std::span<std::string const> channels,
                                      std::stop_token const& stop = no_stop()) override {
    ++consumers;
    if (at_subscribe) throw Error{*at_subscribe, "cannot subscribe"};
    return std::make_unique<MoodyConsumer>(*this, inner_.subscribe(mode, channels, stop));
  }
  std::vector<std::string> create_channels(std::span<std::string const> channels,
                                           std::int32_t partitions, Deadline deadline,
                                           std::stop_token const& stop = no_stop()) override {
    return inner_.create_channels(channels, partitions, deadline, stop);
  }
  void ping(Deadline deadline, std::stop_token const& stop = no_stop()) override {
    inner_.ping(deadline, stop);
  }

  std::optional<Fault> at_subscribe;
  std::optional<Fault> at_poll;
  /// Only what was fetched before still comes.
  bool away{};
  /// Told by the next poll, once.
  std::int64_t expired{};
  int consumers{};
  int polls{};

 private:
  class MoodyConsumer final : public Consumer {
   public:
    MoodyConsumer(MoodyBroker& broker, std::unique_ptr<Consumer> inner)
        : broker_{broker}, inner_{std::move(inner)} {}
    std::vector<ConsumerEvent> poll() override {
      ++broker_.polls;
      if (broker_.at_poll) throw Error{*broker_.at_poll, "cannot poll"};
      auto events = inner_->poll();
      if (auto const records = std::exchange(broker_.expired, 0); records > 0) {
        events.emplace_back(
            RecordsExpired{.partition = {.channel = "orders", .partition = 0}, .records = records});
      }
      if (broker_.away && events.empty()) throw Error{Fault::transient, "nobody answers"};
      if (broker_.away) events.emplace_back(BrokerAway{{Fault::transient, "nobody answers"}});
      return events;
    }
    void acknowledge(TopicPartition const& partition, Position last) override {
      inner_->acknowledge(partition, last);
    }
    void pause(TopicPartition const& partition) override { inner_->pause(partition); }
    void resume(TopicPartition const& partition) override { inner_->resume(partition); }
    void close(Duration timeout) noexcept override { inner_->close(timeout); }
    [[nodiscard]] int descriptor() const override { return -1; }

   private:
    MoodyBroker& broker_;
    std::unique_ptr<Consumer> inner_;
  };

  Broker& inner_;
};

class SubscriberOnMoodyBroker : public SubscriberWorld {
 protected:
  void start() {
    SubscriberParts const moody_parts{.database = database,
                                      .broker = moody,
                                      .workers = workers,
                                      .clock = clock,
                                      .random = random,
                                      .logger = parts().logger};
    subscriber.emplace(moody_parts, SubscriberOptions{}, std::vector{subscription()});
  }
  MoodyBroker moody{broker};
};

TEST_F(SubscriberOnMoodyBroker, takes_a_new_consumer_when_one_breaks) {
  start();
  send("a", "1");
  settle();
  moody.at_poll = Fault::broken;
  run_for(1s);
  EXPECT_EQ(status().trouble, "cannot poll");
  EXPECT_FALSE(subscriber->idle());
  EXPECT_GT(moody.consumers, 1);
  EXPECT_EQ(status().partitions, 0U);
  moody.at_poll.reset();
  send("a", "2");
  run_for(10s);
  EXPECT_EQ(effects(), (Texts{"1", "2"}));
  EXPECT_EQ(status().trouble, "");
  EXPECT_EQ(logged("subscription.trouble"), 1U);
  EXPECT_EQ(logged("subscription.recovered"), 1U);
}

TEST_F(SubscriberOnMoodyBroker, counts_and_tells_records_that_expired_unread) {
  start();
  settle();
  moody.expired = 15;
  run_for(1s);
  moody.expired = 3;
  send("a", "1");
  run_for(1s);
  EXPECT_EQ(counters().expired, 18U);
  EXPECT_EQ(logged("subscription.records_expired"), 2U);
  EXPECT_EQ(effects(), Texts{"1"});
}

TEST_F(SubscriberOnMoodyBroker, takes_what_was_fetched_before_for_no_recovery) {
  start();
  settle();
  moody.away = true;
  run_for(1s);
  EXPECT_EQ(status().trouble, "nobody answers");
  send("a", "1");
  run_for(2s);
  EXPECT_EQ(effects(), Texts{"1"});
  EXPECT_EQ(status().trouble, "nobody answers");
  EXPECT_EQ(logged("subscription.recovered"), 0U);
  moody.away = false;
  run_for(1s);
  EXPECT_EQ(status().trouble, "");
  EXPECT_EQ(logged("subscription.trouble"), 1U);
  EXPECT_EQ(logged("subscription.recovered"), 1U);
}

TEST_F(SubscriberOnMoodyBroker, keeps_its_consumer_through_a_short_trouble_but_not_for_ever) {
  start();
  settle();
  moody.at_poll = Fault::transient;
  run_for(3s);
  EXPECT_EQ(moody.consumers, 1);
  EXPECT_EQ(status().partitions, 1U);
  auto const polls = moody.polls;
  run_for(10s);
  // What keeps the membership is to be polled, once a second at least.
  EXPECT_GE(moody.polls, polls + 10);
  run_for(60s);
  EXPECT_GT(moody.consumers, 1);
}

TEST_F(SubscriberOnMoodyBroker, tells_what_an_operator_must_do_and_tries_seldom) {
  moody.at_subscribe = Fault::rejected;
  start();
  run_for(60s);
  EXPECT_EQ(status().trouble, "cannot subscribe");
  EXPECT_LE(moody.consumers, 25);
  moody.at_subscribe.reset();
  send("a", "1");
  run_for(6s);
  EXPECT_EQ(effects(), Texts{"1"});
}

}  // namespace
}  // namespace tram
