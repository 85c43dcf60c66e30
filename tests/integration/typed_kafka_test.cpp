#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "http_client.hpp"
#include "kafka_harness.hpp"
#include "kafka_publisher.hpp"
#include "postgres_server.hpp"
#include "program_process.hpp"
#include "tram/base/mutex.hpp"
#include "tram/commands/command_calls.hpp"
#include "tram/commands/reply_handlers.hpp"
#include "tram/subscriber/held_messages.hpp"
#include "tram/wire/headers_json.hpp"
#include "tram/wire/record.hpp"
#include "typed_shop.hpp"

namespace tram::testing {
namespace {

using namespace std::chrono_literals;
using shop::bank;
using shop::CreditRefused;
using shop::CreditReserved;
using shop::Instance;
using shop::Order;
using shop::OrderPlaced;
using shop::Place;
using shop::ReserveCredit;

/// An instance that runs, and is ready: before that, a new relay would refuse rows that it finds.
class Running {
 public:
  explicit Running(Instance& instance)
      : instance_{instance},
        thread_{[this](std::stop_token const& stop) { status_ = instance_.service.run(stop); }} {
    auto const deadline = Deadline::after(instance.clock, std::chrono::seconds{30});
    while (!is_ready() && !deadline.reached(instance.clock)) instance.clock.pause(5ms);
    EXPECT_TRUE(is_ready()) << ask("/health/ready");
  }
  /// What `main` would return.
  int stop() {
    thread_.request_stop();
    thread_.join();
    return status_;
  }
  [[nodiscard]] bool shows(std::string const& line) const {
    return ask("/metrics").find("\n" + line + "\n") != std::string::npos;
  }

 private:
  [[nodiscard]] bool is_ready() const { return ask("/health/ready").find(" 200 ") == 8; }
  [[nodiscard]] std::string ask(std::string const& path) const {
    auto const port = instance_.service.http_port();
    return port == 0 ? "" : http::ask(port, "GET " + path);
  }

  Instance& instance_;
  int status_{-1};
  std::jthread thread_;
};

/// Events, commands, replies and calls between a shop and a bank, each with a database of its own
/// on a real PostgreSQL, over a real Kafka; their relays run inside them. All tests share the
/// servers.
class TypedOnKafka : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { servers_ = std::make_unique<Servers>(); }
  static void TearDownTestSuite() { servers_.reset(); }

  void SetUp() override {
    for (std::string const service : {"shop", "bank"}) {
      sql("CREATE DATABASE " + name_of(service), "postgres");
      sql("CREATE TABLE orders_seen (place BIGINT GENERATED ALWAYS AS IDENTITY, order_id TEXT, "
          "number BIGINT); CREATE TABLE reservations (order_id TEXT, amount BIGINT); CREATE TABLE "
          "orders (request TEXT, state TEXT)",
          name_of(service));
    }
    Texts channels;
    for (auto const* name : {"shop.Order", "bank", "order-replies", "call-replies"})
      channels.push_back(prefix() + name);
    kafka::connect(kafka_config(servers_->kafka), clock_)
        ->create_channels(channels, 4, Deadline::after(clock_, 20s));
  }

  using Texts = std::vector<std::string>;
  struct Servers {
    PostgresServer postgres;
    KafkaServer kafka;
    int tests{};
  };

  [[nodiscard]] std::string name_of(std::string const& service) const {
    return service + "_" + std::to_string(test_);
  }
  [[nodiscard]] std::string prefix() const { return "t" + std::to_string(test_) + "."; }
  [[nodiscard]] Place place(std::string const& service) const {
    return {.database = "postgresql://postgres@127.0.0.1:" +
                        std::to_string(servers_->postgres.port()) + "/" + name_of(service),
            .name = name_of(service),
            .kafka = kafka_config(servers_->kafka),
            .prefix = prefix()};
  }
  static std::string sql(std::string const& text, std::string const& database) {
    return servers_->postgres.sql(text, database);
  }
  [[nodiscard]] std::string in_shop(std::string const& text) const {
    return sql(text, name_of("shop"));
  }
  [[nodiscard]] std::string in_bank(std::string const& text) const {
    return sql(text, name_of("bank"));
  }
  /// Messages in the bank's outbox.
  [[nodiscard]] std::string sent_by_bank(std::string const& channel) const {
    return in_bank("SELECT count(*) FROM eventuate.message WHERE destination = '" + prefix() +
                   channel + "'");
  }

  template <class Condition>
  bool await(Condition condition) {
    auto const deadline = Deadline::after(clock_, 30s);
    while (!condition()) {
      if (deadline.reached(clock_)) return false;
      clock_.pause(10ms);
    }
    return true;
  }
  void place_order(Instance& instance, std::string const& id, std::int64_t number = 1) {
    instance.database.transact([&](Transaction& tx) {
      EventPublisher{instance.service.outbox()}.publish<Order>(tx, id, OrderPlaced{number});
    });
  }
  /// Sends the command and notes that its reply is awaited.
  std::string request_credit(Instance& instance, std::int64_t amount) {
    return instance.database.transact([&](Transaction& tx) {
      auto const sent = Commands{instance.service.outbox()}.send(
          tx, bank, ReserveCredit{"o-1", amount}, {.reply_to = shop::order_replies});
      tx.execute("INSERT INTO orders VALUES (?, 'waiting')", sent.message_id);
      return sent.message_id;
    });
  }
  static Subscription reply_handlers() {
    auto const note = [](Transaction& tx, RawReply const& reply, std::string_view state) {
      tx.execute("UPDATE orders SET state = state || ? WHERE request = ?", state,
                 reply.in_reply_to());
    };
    return handle_replies(shop::order_replies)
        .on([note](Transaction& tx, Reply<CreditReserved> const& reply) {
          note(tx, reply, ", approved");
        })
        .on([note](Transaction& tx, Reply<CreditRefused> const& reply) {
          note(tx, reply, ", " + std::to_string(reply->shortfall) + " too much");
        });
  }
  [[nodiscard]] std::string state_of(std::string const& request) const {
    return in_shop("SELECT state FROM orders WHERE request = '" + request + "'");
  }
  /// Publishes the records of a channel once more, as a relay does that died before it stored how
  /// far it was.
  void publish_again(Instance& instance, std::string const& channel) {
    std::vector<testkit::OwnedRecord> records;
    instance.database.transact([&](Transaction& tx) {
      for (auto const& row : tx.execute("SELECT headers, payload FROM eventuate.message WHERE "
                                        "destination = ? ORDER BY id",
                                        prefix() + channel)) {
        Message const message{.headers = headers_from_json(row.get<std::string>(0)),
                              .payload = row.get<std::string>(1)};
        records.push_back({.channel = prefix() + channel,
                           .key = message.headers.require("PARTITION_ID"),
                           .value = record_value(message)});
      }
    });
    ASSERT_FALSE(records.empty());
    Publisher publisher{*instance.broker, std::move(records)};
    while (!publisher.done()) publisher.step();
  }

  inline static std::unique_ptr<Servers> servers_;
  int const test_{++servers_->tests};
  SystemClock clock_;
};

/// An instance of the shop that waits for the bank's answers.
struct Caller {
  explicit Caller(Place const& place) : instance{place} {
    instance.service.add(calls.contribution());
  }
  AnyAnswerTo<ReserveCredit> call(std::int64_t amount, Duration patience) {
    return calls.call(bank, ReserveCredit{"o-1", amount},
                      Deadline::after(instance.clock, patience));
  }

  Instance instance;
  CommandCalls calls{{.database = instance.database,
                      .broker = *instance.broker,
                      .outbox = instance.service.outbox(),
                      .clock = instance.clock,
                      .channel_mapping = instance.mapping()},
                     shop::call_replies};
};

TEST_F(TypedOnKafka, events_have_one_effect_in_another_service_however_often_they_come) {
  Instance shop{place("shop")};
  Running shop_runs{shop};
  Instance view{place("bank")};
  view.service.add(shop::view_handlers());
  Running view_runs{view};
  for (int number = 1; number <= 5; ++number) {
    for (auto const* id : {"a", "b", "c", "d"}) place_order(shop, id, number);
  }
  EXPECT_TRUE(await([&] { return in_bank("SELECT count(*) FROM orders_seen") == "20"; }));
  publish_again(shop, "shop.Order");
  EXPECT_TRUE(await([&] {
    return view_runs.shows("tram_subscription_messages_duplicate_total{subscriber=\"view\"} 20");
  }));
  EXPECT_EQ(in_bank("SELECT string_agg(order_id || number, ' ' ORDER BY order_id, place) FROM "
                    "orders_seen"),
            "a1 a2 a3 a4 a5 b1 b2 b3 b4 b5 c1 c2 c3 c4 c5 d1 d2 d3 d4 d5");
  EXPECT_EQ(view_runs.stop(), 0);
  EXPECT_EQ(shop_runs.stop(), 0);
}

TEST_F(TypedOnKafka, what_a_new_service_sends_as_soon_as_it_runs_is_relayed) {
  Instance shop{place("shop")};
  shop.service.add(
      Contribution{.components = {{.name = "sender", .run = [&](std::stop_token const& stop) {
                                     place_order(shop, "first");
                                     clock_.pause(1h, stop);
                                   }}}});
  std::optional<std::jthread> shop_runs;
  // A slot is not made before the transactions that are open have ended.
  shop.database.transact([&](Transaction& tx) {
    tx.execute("INSERT INTO orders VALUES ('another', 'client')");
    shop_runs.emplace([&](std::stop_token const& stop) { EXPECT_EQ(shop.service.run(stop), 0); });
    EXPECT_TRUE(await([&] {
      return in_shop("SELECT count(*) FROM pg_replication_slots WHERE database = '" +
                     name_of("shop") + "'") == "1";
    }));
    EXPECT_FALSE(shop.service.is_running());
  });
  Instance view{place("bank")};
  view.service.add(shop::view_handlers());
  Running const view_runs{view};
  EXPECT_TRUE(await([&] { return in_bank("SELECT count(*) FROM orders_seen") == "1"; }));
  EXPECT_TRUE(shop.service.is_running());
}

TEST_F(TypedOnKafka, a_command_comes_to_an_outcome_and_its_reply_to_a_handler) {
  Instance shop{place("shop")};
  shop.service.add(reply_handlers());
  Running const shop_runs{shop};
  Instance the_bank{place("bank")};
  the_bank.service.add(shop::bank_handlers(the_bank.service.outbox()));
  Running const bank_runs{the_bank};
  auto const small = request_credit(shop, 300);
  auto const large = request_credit(shop, 3000);
  EXPECT_TRUE(await([&] { return state_of(small) == "waiting, approved"; })) << state_of(small);
  EXPECT_TRUE(await([&] { return state_of(large) == "waiting, 2000 too much"; }))
      << state_of(large);
  // The refusal took its reservation back.
  EXPECT_EQ(in_bank("SELECT string_agg(amount::text, ' ') FROM reservations"), "300");

  // Replies that come twice have one effect as well.
  publish_again(the_bank, "order-replies");
  EXPECT_TRUE(await([&] {
    return shop_runs.shows(
        "tram_subscription_messages_duplicate_total{subscriber=\"order-replies\"} 2");
  }));
  EXPECT_EQ(state_of(small), "waiting, approved");
}

TEST_F(TypedOnKafka, a_reply_is_handled_after_a_restart) {
  std::string request;
  {
    Instance shop{place("shop")};
    shop.service.add(reply_handlers());
    Running running{shop};
    request = request_credit(shop, 300);
    EXPECT_EQ(running.stop(), 0);
  }
  Instance the_bank{place("bank")};
  the_bank.service.add(shop::bank_handlers(the_bank.service.outbox()));
  Running const bank_runs{the_bank};
  EXPECT_TRUE(await([&] { return sent_by_bank("order-replies") == "1"; }));
  EXPECT_EQ(state_of(request), "waiting");
  Instance shop{place("shop")};
  shop.service.add(reply_handlers());
  Running const running{shop};
  EXPECT_TRUE(await([&] { return state_of(request) == "waiting, approved"; }));
}

TEST_F(TypedOnKafka, calls_of_two_instances_at_once_get_their_own_replies_from_one_channel) {
  constexpr int threads = 4;
  constexpr int calls = 15;
  Instance the_bank{place("bank")};
  the_bank.service.add(shop::bank_handlers(the_bank.service.outbox()));
  Running const bank_runs{the_bank};
  Caller one{place("shop")};
  Caller other{place("shop")};
  Running const one_runs{one.instance};
  Running const other_runs{other.instance};
  std::atomic<int> wrong{};
  {
    std::vector<std::jthread> callers;
    for (int thread = 0; thread < threads; ++thread) {
      callers.emplace_back([&, thread] {
        auto& caller = thread % 2 == 0 ? one : other;
        for (int i = 0; i < calls; ++i) {
          // Every third one is refused.
          std::int64_t const amount = i % 3 == 0 ? 2000 + thread * calls + i : thread * calls + i;
          auto const answer = caller.call(amount, 30s);
          auto const* const reserved = std::get_if<CreditReserved>(&answer);
          auto const got = reserved != nullptr
                               ? reserved->amount
                               : std::get<CreditRefused>(answer).shortfall + shop::limit;
          if (got != amount) ++wrong;
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
  for (auto* const caller : {&one, &other}) {
    EXPECT_TRUE(await([&] { return caller->calls.counters().foreign == threads * calls / 2; }));
    EXPECT_EQ(caller->calls.counters().answered, threads * calls / 2);
    EXPECT_EQ(caller->calls.counters().waiting, 0U);
  }
  EXPECT_TRUE(one_runs.shows("tram_calls_answered_total{channel=\"call-replies\"} 30"));
}

TEST_F(TypedOnKafka, replies_that_come_too_late_twice_or_for_nobody_disturb_no_call) {
  auto gone = std::make_unique<Caller>(place("shop"));
  auto const in_doubt = [](Caller& caller) {
    try {
      caller.call(1, 100ms);
    } catch (Error const& error) { return error.fault() == Fault::in_doubt; }
    return false;
  };
  {
    Running gone_runs{gone->instance};
    EXPECT_TRUE(in_doubt(*gone));
    EXPECT_EQ(gone_runs.stop(), 0);
  }
  gone.reset();

  Caller caller{place("shop")};
  Running const caller_runs{caller.instance};
  EXPECT_TRUE(in_doubt(caller));
  // Only now somebody answers: one call was given up, the other one's process is gone.
  Instance the_bank{place("bank")};
  the_bank.service.add(shop::bank_handlers(the_bank.service.outbox()));
  Running const bank_runs{the_bank};
  EXPECT_EQ(std::get<CreditReserved>(caller.call(7, 30s)).amount, 7);
  EXPECT_TRUE(await([&] {
    auto const counters = caller.calls.counters();
    return counters.late == 1 && counters.foreign == 1;
  }));
  publish_again(the_bank, "call-replies");
  EXPECT_TRUE(await([&] {
    auto const counters = caller.calls.counters();
    return counters.late == 2 && counters.foreign == 2 && counters.repeated == 1;
  }));
  EXPECT_EQ(std::get<CreditReserved>(caller.call(8, 30s)).amount, 8);
  EXPECT_EQ(in_bank("SELECT count(*) FROM reservations"), "4");
}

TEST_F(TypedOnKafka, a_rebalance_under_load_loses_nothing_and_repeats_nothing_in_order_per_key) {
  constexpr int orders = 10;
  Instance shop{place("shop")};
  Running const shop_runs{shop};
  std::atomic<std::int64_t> published{};
  std::jthread publishing{[&](std::stop_token const& stop) {
    EventPublisher const events{shop.service.outbox()};
    while (!stop.stop_requested()) {
      shop.database.transact([&](Transaction& tx) {
        for (int order = 0; order < orders; ++order)
          events.publish<Order>(tx, order, OrderPlaced{published + 1});
      });
      ++published;
      clock_.pause(15ms, stop);
    }
  }};
  auto const seen = [&] { return std::stoll(in_bank("SELECT count(*) FROM orders_seen")); };
  auto const progresses = [&] {
    auto const before = seen();
    return await([&] { return seen() > before + 10LL * orders; });
  };
  auto const view = [&] {
    auto instance = std::make_unique<Instance>(place("bank"));
    instance->service.add(shop::view_handlers());
    return instance;
  };
  auto const has_partitions = [](Running const& running) {
    return running.shows("tram_subscription_partitions{subscriber=\"view\"} 2");
  };
  auto const first = view();
  Running first_runs{*first};
  ASSERT_TRUE(progresses());
  auto const second = view();
  Running second_runs{*second};
  EXPECT_TRUE(await([&] { return has_partitions(first_runs) && has_partitions(second_runs); }));
  ASSERT_TRUE(progresses());
  EXPECT_EQ(first_runs.stop(), 0);
  ASSERT_TRUE(progresses());
  auto const third = view();
  Running third_runs{*third};
  EXPECT_TRUE(await([&] { return has_partitions(third_runs); }));
  ASSERT_TRUE(progresses());

  publishing.request_stop();
  publishing.join();
  EXPECT_TRUE(await([&] { return seen() >= published * orders; })) << seen();
  EXPECT_EQ(seen(), published * orders);
  // Each number follows the one before it, or it is lost, repeated or out of order.
  EXPECT_EQ(in_bank("SELECT count(*) FROM (SELECT number, lag(number) OVER (PARTITION BY order_id "
                    "ORDER BY place) AS previous FROM orders_seen) AS each WHERE number <> "
                    "coalesce(previous, 0) + 1"),
            "0");
  EXPECT_EQ(second_runs.stop(), 0);
  EXPECT_EQ(third_runs.stop(), 0);
}

TEST_F(TypedOnKafka, a_process_killed_between_handling_and_acknowledging_repeats_no_effect) {
  Instance shop{place("shop")};
  shop.service.add(reply_handlers());
  Running const shop_runs{shop};
  auto const where = place("bank");
  ProgramProcess process{TRAM_TYPED_BANK,
                         {where.database, where.name, where.kafka.servers, where.prefix}};
  place_order(shop, "o-1");
  auto const request = request_credit(shop, 300);
  ASSERT_TRUE(await([&] {
    return process.logged("handled view") && process.logged("handled bank");
  })) << process.log();
  process.signal(SIGKILL);
  EXPECT_EQ(process.wait(), 1000 + SIGKILL);
  EXPECT_EQ(in_bank("SELECT count(*) FROM orders_seen"), "1");
  EXPECT_EQ(in_bank("SELECT count(*) FROM reservations"), "1");

  Instance again{where};
  again.service.add(shop::bank_handlers(again.service.outbox())).add(shop::view_handlers());
  Running const again_runs{again};
  for (std::string const subscriber : {"view", "bank"}) {
    EXPECT_TRUE(await([&] {
      return again_runs.shows("tram_subscription_messages_duplicate_total{subscriber=\"" +
                              subscriber + "\"} 1");
    })) << subscriber;
  }
  EXPECT_TRUE(await([&] { return state_of(request) == "waiting, approved"; }));
  EXPECT_EQ(in_bank("SELECT count(*) FROM orders_seen"), "1");
  EXPECT_EQ(in_bank("SELECT count(*) FROM reservations"), "1");
  EXPECT_EQ(sent_by_bank("order-replies"), "1");
}

TEST_F(TypedOnKafka, a_handler_that_throws_has_no_effect_until_it_returns_and_is_held_at_last) {
  Instance shop{place("shop")};
  Running const shop_runs{shop};
  Instance view{place("bank")};
  Mutex mutex;
  std::map<std::string, int> failures{{"once", 1}, {"five times", 5}, {"sends", 3}, {"always", 99}};
  auto const fails = [&](std::string const& id) {
    Lock const lock{mutex};
    return failures[id]-- > 0;
  };
  view.service.add(
      handle_events<Order>("view")
          .on([&](Transaction& tx, Event<OrderPlaced> const& event) {
            tx.execute("INSERT INTO orders_seen (order_id, number) VALUES (?, ?)",
                       event.aggregate_id(), event->number);
            view.service.outbox().send(tx, "audit", *event,
                                       {.partition_key = event.aggregate_id()});
            if (fails(event.aggregate_id())) throw std::runtime_error{event.aggregate_id()};
          })
          .options({.retry = {.attempts_max = 6, .pause_first = 5ms, .pause_longest = 20ms}}));
  Running const view_runs{view};
  for (auto const* id : {"always", "five times", "sends", "once", "never"}) place_order(shop, id);
  place_order(shop, "always", 2);
  auto const seen = [&] {
    return in_bank("SELECT string_agg(order_id || number, ', ' ORDER BY order_id, place) FROM "
                   "orders_seen");
  };
  std::string const all_but_one{"five times1, never1, once1, sends1"};
  EXPECT_TRUE(await([&] { return seen() == all_but_one; })) << seen();
  auto const held = [&] {
    return in_bank("SELECT string_agg(reason, '; ' ORDER BY sequence) FROM "
                   "eventuate.tram_held_message");
  };
  EXPECT_TRUE(await([&] { return held().find("; ") != std::string::npos; })) << held();
  EXPECT_NE(held().find("always"), std::string::npos) << held();
  // What was sent before a handler threw is gone with the rest.
  EXPECT_EQ(sent_by_bank("audit"), "4");
  EXPECT_TRUE(view_runs.shows("tram_subscription_failures_total{subscriber=\"view\"} 15"));

  {
    Lock const lock{mutex};
    failures["always"] = 0;
  }
  view.database.transact([&](Transaction& tx) {
    HeldMessages const messages{view.database.dialect(), SchemaName{"eventuate"}};
    EXPECT_EQ(messages.request_retry(tx, {}), 1U);
  });
  EXPECT_TRUE(await([&] { return seen() == "always1, always2, " + all_but_one; })) << seen();
  EXPECT_EQ(sent_by_bank("audit"), "6");
}

}  // namespace
}  // namespace tram::testing
