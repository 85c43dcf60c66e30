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
    subscription.middleware.push_back([](Transaction& tx, IncomingMessage const& incoming,
                                         MessageHandler const& next) { next(tx, incoming); });
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

TEST_F(SubscriberBlame, takes_a_refused_commit_for_the_message_s) {
  start({}, true);
  ailment = {.point = Point::commit, .fault = Fault::rejected, .times = 1};
  send("a", "1");
  run_for(10s);
  EXPECT_EQ(held_ids(), Texts{"1"});
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
