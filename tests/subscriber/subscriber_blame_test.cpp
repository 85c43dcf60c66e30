#include <array>
#include <string_view>

#include "subscriber_world.hpp"

namespace tram {
namespace {
using namespace std::chrono_literals;
using testing::SubscriberWorld;
using testing::Texts;

/// Where in an attempt the database fails.
enum class Point : std::uint8_t { connect, begin, inbox, statement, commit };

/// Fails where and how the test says, as often as it says.
struct Ailment {
  Point point{};
  Fault fault{};
  int times{};

  void strike(Point here) {
    if (point != here || times == 0) return;
    --times;
    throw Error{fault, "the database is unwell"};
  }
};

class AilingDatabase final : public DatabaseDriver {
 public:
  AilingDatabase(std::unique_ptr<DatabaseDriver> driver, Ailment& ailment)
      : driver_{std::move(driver)}, ailment_{ailment} {}

  std::unique_ptr<Connection> connect(Deadline deadline) override {
    ailment_.strike(Point::connect);
    return std::make_unique<Ailing>(driver_->connect(deadline), ailment_);
  }
  [[nodiscard]] Dialect const& dialect() const override { return driver_->dialect(); }
  [[nodiscard]] std::string name() const override { return driver_->name(); }

 private:
  class Ailing final : public Connection {
   public:
    Ailing(std::unique_ptr<Connection> connection, Ailment& ailment)
        : connection_{std::move(connection)}, ailment_{ailment} {}
    void begin(Access access, Deadline deadline) override {
      // It was lost while it lay idle: the next one is opened.
      if (ailment_.point == Point::connect && ailment_.times > 0) {
        throw Error{Fault::broken, "the connection was lost"};
      }
      if (access == Access::marked_write) ailment_.strike(Point::begin);
      connection_->begin(access, deadline);
    }
    Rows execute(std::string_view sql, Parameters parameters, Deadline deadline) override {
      bool const inbox = sql.find("received_messages") != std::string_view::npos;
      bool const effect = sql.find("INTO effect") != std::string_view::npos;
      handles_ |= effect;
      if (inbox && !parameters.empty()) ailment_.strike(Point::inbox);
      if (effect) ailment_.strike(Point::statement);
      return connection_->execute(sql, parameters, deadline);
    }
    void post(std::string_view sql, Parameters parameters, Deadline deadline) override {
      connection_->post(sql, parameters, deadline);
    }
    void commit(Deadline deadline) override {
      if (std::exchange(handles_, false)) ailment_.strike(Point::commit);
      connection_->commit(deadline);
    }
    /// Never used again: the next attempt connects.
    bool reset() noexcept override {
      connection_->reset();
      return false;
    }

   private:
    std::unique_ptr<Connection> connection_;
    Ailment& ailment_;
    bool handles_{};
  };

  std::unique_ptr<DatabaseDriver> driver_;
  Ailment& ailment_;
};

class Reading final : public MessageInterceptor {
 public:
  void before_receive(IncomingMessage& incoming) override {
    incoming.message.headers.set("x", "y");
  }
};

/// What is wrong with the database is never a message's fault.
class SubscriberBlame : public SubscriberWorld {
 protected:
  void start(SubscriptionOptions options, bool intercepted) {
    SubscriberParts parts{.database = ailing,
                          .broker = broker,
                          .workers = workers,
                          .clock = clock,
                          .random = random,
                          .logger = this->parts().logger};
    SubscriberOptions subscriber_options;
    if (intercepted) subscriber_options.interceptors.push_back(std::make_shared<Reading>());
    options.retry.attempts_max = 1;
    auto subscription = this->subscription(options);
    subscription.interceptors.push_back(
        around_handlers([](Transaction& tx, IncomingMessage const& incoming,
                           MessageHandler const& next) { next(tx, incoming); }));
    subscriber.emplace(parts, subscriber_options, std::vector{subscription});
  }

  Ailment ailment;
  Database ailing{
      std::make_unique<AilingDatabase>(sqlite::driver({.path = path}, clock, random), ailment),
      {},
      clock,
      random};
};

/// Every fault at every point of a run, for a while, before the first attempt and between two
/// attempts; with and without interceptors, one message or several in a transaction.
TEST_F(SubscriberBlame, blames_no_message_for_a_fault_of_the_database_at_any_point_of_a_run) {
  int number = 0;
  for (auto const point : {Point::connect, Point::begin, Point::inbox, Point::commit}) {
    for (auto const fault : {Fault::transient, Fault::conflict, Fault::broken, Fault::in_doubt,
                             Fault::rejected, Fault::malformed}) {
      // A refused commit is a constraint that this message breaks.
      bool const may_be_the_message = point == Point::commit && fault >= Fault::rejected;
      for (int shape = 0; shape < 8 && !may_be_the_message; ++shape) {
        start({.messages_per_transaction = (shape & 2) == 0 ? std::size_t{1} : std::size_t{3}},
              (shape & 1) != 0);
        ailment = {.point = point, .fault = fault, .times = (shape & 4) == 0 ? 1 : 40};
        for (int i = 0; i < 3; ++i) send(std::to_string(i), std::to_string(number++));
        run_for(2min);
        SCOPED_TRACE("point " + std::to_string(static_cast<int>(point)) + ", shape " +
                     std::to_string(shape) + ", " + std::string{to_string(fault)});
        ASSERT_EQ(ailment.times, 0);
        ASSERT_EQ(held_ids(), Texts{});
        ASSERT_EQ(counters().failures, 0U);
        ASSERT_EQ(effects().size(), static_cast<std::size_t>(number));
        ASSERT_EQ(status().trouble, "");
        subscriber.reset();
      }
    }
  }
}

/// A first attempt that ran to its end, and whose next one cannot even connect.
TEST_F(SubscriberBlame, keeps_nothing_of_an_attempt_for_the_next_one) {
  trouble = [&](IncomingMessage const&) {
    ailment = {.point = Point::connect, .fault = Fault::rejected, .times = 1};
    trouble = {};
    throw Error{Fault::conflict, "again"};
  };
  start({}, true);
  send("a", "1");
  run_for(10s);
  EXPECT_EQ(effects(), Texts{"1"});
  EXPECT_EQ(counters().failures, 0U);
}

TEST_F(SubscriberBlame, holds_nothing_while_the_role_is_refused_however_long_and_then_goes_on) {
  start({.retry = {.unavailable_max = 3}}, true);
  ailment = {.point = Point::connect, .fault = Fault::rejected, .times = 1'000'000};
  for (int i = 0; i < 10; ++i) send(std::to_string(i), std::to_string(i));
  run_for(2h);
  EXPECT_TRUE(status().paused);
  EXPECT_NE(status().trouble.find("the database is unwell"), std::string::npos);
  ailment.times = 0;
  run_for(5s);
  EXPECT_TRUE(held().empty());
  EXPECT_EQ(effects().size(), 10U);
}

/// The disk is full for what this handler writes, and for nobody else here.
TEST_F(SubscriberBlame, holds_nothing_for_a_statement_that_fails_where_nothing_else_gets_on) {
  start({.retry = {.unavailable_max = 3}}, false);
  ailment = {.point = Point::statement, .fault = Fault::transient, .times = 1'000'000};
  for (int i = 0; i < 10; ++i) send(std::to_string(i), std::to_string(i));
  run_for(2h);
  EXPECT_TRUE(held().empty());
  ailment.times = 0;
  run_for(35s);
  EXPECT_EQ(effects().size(), 10U);
}

/// What a handler needs is not there yet, or is another.
struct Lack {
  std::string begins;
  std::string ends;
  std::string statement;
  std::string said;
};

TEST_F(SubscriberBlame, holds_nothing_while_what_a_handler_needs_is_missing_and_goes_on_with_it) {
  std::array const lacks{
      Lack{"DROP TABLE effect", "CREATE TABLE effect (id TEXT)", "SELECT 1",
           "no such table: effect; create it"},
      Lack{"CREATE TABLE wide (a)", "ALTER TABLE wide ADD b", "UPDATE wide SET b = 1",
           "no such column: b; create it"},
      Lack{"ALTER TABLE effect ADD other", "ALTER TABLE effect DROP other", "SELECT 1",
           "table effect has 2 columns but 1 values were supplied; create it"},
      Lack{"CREATE TABLE more (a)", "ALTER TABLE more ADD b",
           "INSERT INTO more (a, b) VALUES (1, 2)", "table more has no column named b; create it"},
      Lack{"CREATE TRIGGER t AFTER INSERT ON effect BEGIN INSERT INTO audit VALUES (1); END",
           "CREATE TABLE audit (id)", "SELECT 1", "no such table: main.audit; create it"},
      Lack{"CREATE TABLE place (id)", "CREATE UNIQUE INDEX i ON place (id)",
           "INSERT INTO place VALUES (1) ON CONFLICT (id) DO NOTHING",
           "ON CONFLICT clause does not match"}};
  SubscriberWorld::start({.retry = {.attempts_max = 1, .unavailable_max = 1}});
  auto const run = [&](std::string const& sql) {
    database.transact([&](Transaction& tx) { tx.execute(sql); });
  };
  int number = 0;
  for (auto const& lack : lacks) {
    SCOPED_TRACE(lack.said);
    run(lack.begins);
    does_first = [&](Transaction& tx, IncomingMessage const&) { tx.execute(lack.statement); };
    auto const already = lack.begins.starts_with("DROP") ? std::size_t{} : effects().size();
    for (int i = 0; i < 10; ++i) send(std::to_string(i), std::to_string(number++));
    run_for(2h);
    EXPECT_NE(status().trouble.find(lack.said), std::string::npos) << status().trouble;
    EXPECT_EQ(held_ids(), Texts{});
    run(lack.ends);
    run_for(5s);
    EXPECT_EQ(effects().size(), already + 10);
    EXPECT_EQ(status().trouble, "");
  }
  EXPECT_EQ(counters().failures, 0U);
}

/// A statement that nobody makes right: its key is not blocked for ever.
TEST_F(SubscriberBlame, holds_a_message_that_lacks_something_for_long_while_others_get_on) {
  does_first = [](Transaction& tx, IncomingMessage const& incoming) {
    if (incoming.id() == "needs") tx.execute("INSERT INTO misspelt VALUES (1)");
  };
  SubscriberWorld::start({});
  send("needs", "needs");
  for (int second = 0; second < 30 * 60; ++second) {
    send("other", std::to_string(second));
    run_for(1s);
  }
  EXPECT_EQ(effects().size(), 1800U);
  EXPECT_TRUE(held().empty());
  EXPECT_NE(status().trouble.find("misspelt"), std::string::npos);
  for (int second = 0; second < 40 * 60; ++second) {
    send("other", "more " + std::to_string(second));
    run_for(1s);
  }
  EXPECT_EQ(held_ids(), Texts{"needs"});
  EXPECT_EQ(counters().failures, 0U);
}

TEST_F(SubscriberBlame, goes_on_with_other_keys_and_messages_of_a_transaction_beside_a_lack) {
  does_first = [](Transaction& tx, IncomingMessage const& incoming) {
    if (incoming.id().starts_with("needs")) tx.execute("INSERT INTO later VALUES (1)");
  };
  SubscriberWorld::start({.retry = {.attempts_max = 1}, .messages_per_transaction = 4});
  for (int i = 0; i < 20; ++i) {
    send("needs " + std::to_string(i), "needs " + std::to_string(i));
    send("other " + std::to_string(i), "other " + std::to_string(i));
  }
  run_for(60s);
  EXPECT_EQ(effects().size(), 20U);
  database.transact([](Transaction& tx) { tx.execute("CREATE TABLE later (id)"); });
  run_for(5s);
  EXPECT_EQ(effects().size(), 40U);
  EXPECT_TRUE(held().empty());
}

TEST_F(SubscriberBlame, replays_by_itself_when_what_a_handler_lacked_is_there) {
  trouble = [](IncomingMessage const&) { throw std::runtime_error{"no"}; };
  SubscriberWorld::start({.retry = {.attempts_max = 1, .unavailable_max = 1}});
  send("a", "1");
  run_for(1s);
  ASSERT_EQ(held_ids(), Texts{"1"});
  trouble = {};
  does_first = [](Transaction& tx, IncomingMessage const&) {
    tx.execute("INSERT INTO later VALUES (1)");
  };
  request_retry();
  run_for(10min);
  EXPECT_EQ(effects(), Texts{});
  database.transact([](Transaction& tx) { tx.execute("CREATE TABLE later (id)"); });
  run_for(5s);
  EXPECT_EQ(effects(), Texts{"1"});
  EXPECT_TRUE(held().empty());
}

TEST_F(SubscriberBlame, leaves_a_lack_to_a_handler_that_does_without) {
  does_first = [](Transaction& tx, IncomingMessage const& incoming) {
    try {
      tx.execute("INSERT INTO optional VALUES (1)");
      ADD_FAILURE() << "it is there";
    } catch (Error const& error) { EXPECT_EQ(error.fault(), Fault::rejected); }
    tx.execute("SELECT 1");
    if (incoming.id() == "bad") throw std::runtime_error{"this message is bad"};
  };
  SubscriberWorld::start({.retry = {.attempts_max = 1}});
  send("a", "bad");
  send("b", "fit");
  run_for(10s);
  EXPECT_EQ(effects(), Texts{"fit"});
  EXPECT_EQ(held_ids(), Texts{"bad"});
}

TEST_F(SubscriberBlame, takes_a_refused_commit_for_the_message_s) {
  start({}, true);
  ailment = {.point = Point::commit, .fault = Fault::rejected, .times = 1};
  send("a", "1");
  run_for(10s);
  EXPECT_EQ(held_ids(), Texts{"1"});
}

TEST_F(SubscriberBlame, takes_a_commit_that_refuses_a_replay_for_the_message_s) {
  start({.retry = {.attempts_max = 2}}, true);
  ailment = {.point = Point::commit, .fault = Fault::rejected, .times = 2};
  send("a", "1");
  run_for(10s);
  ASSERT_EQ(held_ids(), Texts{"1"});
  runs.clear();
  ailment = {.point = Point::commit, .fault = Fault::rejected, .times = 1'000};
  request_retry();
  run_for(60s);
  EXPECT_EQ(held_ids(), Texts{"1"});
  EXPECT_LE(runs.size(), 5U) << "it runs again and again, without a pause";
  EXPECT_TRUE(subscriber->idle()) << "an operator must ask again";
}

/// One message that meets something again and again must not stop the others.
TEST_F(SubscriberBlame, lets_other_keys_go_on_within_a_second_however_few_messages_are_in_trouble) {
  for (int const bad : {1, 6, 30}) {
    trouble = [](IncomingMessage const& incoming) {
      if (incoming.id().starts_with("bad")) throw Error{Fault::transient, "no such customer"};
    };
    SubscriberWorld::start({});
    for (int i = 0; i < bad; ++i) {
      send("bad " + std::to_string(i), "bad " + std::to_string(bad) + " " + std::to_string(i));
    }
    for (int round = 0; round < 5; ++round) {
      run_for(20s);
      auto const before = effects().size();
      for (int i = 0; i < 50; ++i) {
        auto const id = std::to_string(bad) + " " + std::to_string(round) + " " + std::to_string(i);
        send("fit " + std::to_string(i), id);
      }
      run_for(1s);
      EXPECT_EQ(effects().size(), before + 50) << bad << " in trouble, round " << round;
    }
    EXPECT_TRUE(held().empty());
    trouble = {};
    run_for(31s);
    EXPECT_EQ(status().trouble, "");
  }
}

TEST_F(SubscriberBlame, lets_other_keys_of_a_partition_go_on_beside_one_with_much_to_do) {
  for (int i = 0; i < 3000; ++i) send("hot", "hot " + std::to_string(i));
  for (int i = 0; i < 100; ++i) send("cold " + std::to_string(i), "cold " + std::to_string(i));
  trouble = [&](IncomingMessage const& incoming) {
    if (incoming.id().starts_with("hot")) clock.advance(4ms);
  };
  SubscriberWorld::start({});
  run_for(2s);
  auto const handled = effects();
  ASSERT_EQ(handled.size(), 3100U);
  auto const last_cold = std::ranges::find_if(
      handled.rbegin(), handled.rend(), [](auto const& id) { return id.starts_with("cold"); });
  EXPECT_LT(handled.rend() - last_cold, 1500) << "they waited for the hot key";
}

}  // namespace
}  // namespace tram
