#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "subscriber_world.hpp"
#include "tram/base/mutex.hpp"
#include "tram/schema/schema.hpp"

namespace tram {
namespace {
using namespace std::chrono_literals;
using testing::Texts;

/// The same with threads, on the machine's time.
class SubscriberThreads : public ::testing::Test {
 protected:
  SubscriberThreads() {
    install_schema(database, SchemaName{});
    broker.create_channels(std::array{std::string{"orders"}}, 4, Deadline::now());
  }

  void send(std::string const& key, std::string const& id) {
    auto const value = record_value({.headers = {{"ID", id}}, .payload = "{}"});
    ASSERT_TRUE(producer->submit({.channel = "orders", .key = key, .value = value}, ++sequence_));
    for (auto const& completion : producer->completions()) ASSERT_FALSE(completion.error);
  }
  Subscription subscription(SubscriptionOptions const& options = {}) {
    return {.subscriber_id = "billing",
            .channels = {"orders"},
            .handler =
                [this](Transaction&, IncomingMessage const& incoming) {
                  if (trouble) trouble(incoming);
                  Lock const lock{mutex};
                  handled[incoming.key].push_back(incoming.id());
                },
            .options = options};
  }
  SubscriberParts parts() {
    return {.database = database,
            .broker = broker,
            .workers = workers,
            .clock = clock,
            .random = random};
  }
  template <class Condition>
  bool eventually(Condition happened) {
    auto const deadline = Deadline::after(clock, 60s);
    while (!happened() && !deadline.reached(clock)) clock.pause(1ms);
    return happened();
  }
  std::size_t count() {
    Lock const lock{mutex};
    std::size_t sum = 0;
    for (auto const& [key, ids] : handled) sum += ids.size();
    return sum;
  }

  SystemClock clock;
  SystemRandom random;
  Database database = sqlite::connect({.path = sqlite::memory_path(random)}, {}, clock, random);
  embedded::InMemoryBroker broker{{}, clock};
  std::unique_ptr<Producer> producer = broker.producer();
  std::function<void(IncomingMessage const&)> trouble;
  Mutex mutex;
  std::map<std::string, Texts> handled;
  WorkerPool workers{4};

 private:
  Sequence sequence_{};
};

TEST_F(SubscriberThreads, handles_everything_once_and_in_order_per_key) {
  Subscriber subscriber{parts(), {}, {subscription({.messages_per_transaction = 4})}};
  std::jthread loop{[&](std::stop_token const& stop) { subscriber.run(stop); }};
  constexpr int keys = 7;
  constexpr int messages = 50;
  for (int message = 0; message < messages; ++message) {
    for (int key = 0; key < keys; ++key) {
      send(std::to_string(key), std::to_string(key) + ":" + std::to_string(message));
    }
  }
  EXPECT_TRUE(eventually([&] { return count() == keys * messages && subscriber.idle(); }));
  loop.request_stop();
  loop.join();
  for (auto const& [key, ids] : handled) {
    for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(ids[i], key + ":" + std::to_string(i));
  }
  EXPECT_EQ(subscriber.status().front().counters.duplicates, 0U);
}

TEST_F(SubscriberThreads, loses_nothing_when_two_of_a_group_work_and_one_leaves) {
  Subscriber first{parts(), {}, {subscription()}};
  Subscriber second{parts(), {}, {subscription()}};
  std::jthread other{[&](std::stop_token const& stop) { second.run(stop); }};
  {
    std::jthread leaving{[&](std::stop_token const& stop) { first.run(stop); }};
    for (int i = 0; i < 100; ++i) send(std::to_string(i % 10), std::to_string(i));
    EXPECT_TRUE(eventually([&] { return count() > 20; }));
  }
  EXPECT_TRUE(eventually([&] { return count() == 100 && second.idle(); }));
}

TEST_F(SubscriberThreads, lets_a_running_handler_finish_at_a_stop) {
  std::atomic<bool> runs{false};
  std::atomic<bool> may_end{false};
  trouble = [&](IncomingMessage const&) {
    runs = true;
    runs.notify_all();
    may_end.wait(false);
  };
  send("a", "1");
  Subscriber subscriber{parts(), {}, {subscription()}};
  std::jthread loop{[&](std::stop_token const& stop) { subscriber.run(stop); }};
  runs.wait(false);
  loop.request_stop();
  may_end = true;
  may_end.notify_all();
  loop.join();
  EXPECT_EQ(count(), 1U);
  EXPECT_EQ(subscriber.status().front().counters.handled, 1U);
  // It was acknowledged: nothing comes again.
  Subscriber next{parts(), {}, {subscription()}};
  std::jthread again{[&](std::stop_token const& stop) { next.run(stop); }};
  EXPECT_TRUE(eventually([&] { return next.idle(); }));
  EXPECT_EQ(next.status().front().counters.delivered, 0U);
}

TEST_F(SubscriberThreads, waits_in_its_destructor_for_a_handler_that_a_stop_did_not_wait_for) {
  std::atomic<bool> runs{false};
  std::atomic<bool> may_end{false};
  trouble = [&](IncomingMessage const&) {
    runs = true;
    runs.notify_all();
    may_end.wait(false);
  };
  send("a", "1");
  std::jthread release;
  {
    Subscriber subscriber{parts(), {.drain_timeout = 0ms}, {subscription()}};
    std::jthread loop{[&](std::stop_token const& stop) { subscriber.run(stop); }};
    runs.wait(false);
    loop.request_stop();
    loop.join();
    EXPECT_EQ(count(), 0U);
    release = std::jthread{[&] {
      may_end = true;
      may_end.notify_all();
    }};
  }
  EXPECT_EQ(count(), 1U);
}

TEST(WorkerPool, runs_every_job_once) {
  std::atomic<int> done{0};
  {
    WorkerPool pool{3};
    EXPECT_EQ(pool.count(), 3U);
    for (int i = 0; i < 1000; ++i) {
      pool.submit([&] {
        ++done;
        done.notify_all();
      });
    }
    for (int seen = done; seen < 1000; seen = done) done.wait(seen);
  }
  EXPECT_EQ(done, 1000);
}

}  // namespace
}  // namespace tram
