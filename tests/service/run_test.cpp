#include <cerrno>
#include <stdexcept>

#include "service_world.hpp"
#include "tram/http/message.hpp"

namespace tram {
namespace {

using testing::Running;
using testing::ServiceWorld;

TEST(Service, handles_what_it_sends_through_its_own_relay_and_stops_cleanly) {
  ServiceWorld world;
  Service service{world.parts(), ServiceWorld::options()};
  service.add(world.noting("view", "orders")).relay_outbox();
  world.send(service, "orders", "before the start");
  Running running{service};
  ASSERT_TRUE(world.happenings.wait_for("view before the start"));
  world.send(service, "orders", "while it runs");
  ASSERT_TRUE(world.happenings.wait_for("view while it runs"));
  EXPECT_EQ(running.stop(), 0);
  EXPECT_EQ(world.happenings.all().size(), 2U);
  EXPECT_EQ(service.http_port(), 0);
}

/// A source that reads nothing before it is let.
class GatedSource final : public ChangeSource {
 public:
  GatedSource(std::unique_ptr<ChangeSource> source, std::atomic<bool> const& open)
      : source_{std::move(source)}, open_{open} {}
  ChangeBatch read(std::size_t rows_max) override {
    return open_ ? source_->read(rows_max) : ChangeBatch{};
  }
  void keep_alive() override {
    if (open_) source_->keep_alive();
  }
  void confirm(LogPosition position) override { source_->confirm(position); }
  void flush() override { source_->flush(); }
  void rewind() override { source_->rewind(); }
  [[nodiscard]] int descriptor() const override { return -1; }
  [[nodiscard]] Duration poll_interval() const override { return std::chrono::milliseconds{1}; }
  [[nodiscard]] ChangeSourceStatus status() const override { return source_->status(); }
  [[nodiscard]] std::string held_rows_name() const override { return source_->held_rows_name(); }

 private:
  std::unique_ptr<ChangeSource> source_;
  std::atomic<bool> const& open_;
};

/// The outbox with such a source.
class GatedOutbox final : public OutboxSource {
 public:
  GatedOutbox(std::unique_ptr<OutboxSource> outbox, std::atomic<bool> const& open)
      : outbox_{std::move(outbox)}, open_{open} {}
  [[nodiscard]] std::unique_ptr<ChangeSource> change_source() const override {
    return std::make_unique<GatedSource>(outbox_->change_source(), open_);
  }
  [[nodiscard]] std::unique_ptr<OutboxRetention> retention(
      Database& database, std::chrono::milliseconds age) const override {
    return outbox_->retention(database, age);
  }
  LogPosition log_end(Database& database, Deadline deadline) const override {
    return outbox_->log_end(database, deadline);
  }
  [[nodiscard]] std::vector<Finding> check() const override { return outbox_->check(); }
  Privileges privileges(Database& database, OutboxRemoval removal) const override {
    return outbox_->privileges(database, removal);
  }
  TableAccess table_access(Database& database, std::string const& table) const override {
    return outbox_->table_access(database, table);
  }
  [[nodiscard]] TakeoverOutcome takeover(TakeoverAction action,
                                         TakeoverOptions const& options) const override {
    return outbox_->takeover(action, options);
  }

 private:
  std::unique_ptr<OutboxSource> outbox_;
  std::atomic<bool> const& open_;
};

TEST(Service, runs_only_when_its_relay_follows_the_outbox) {
  ServiceWorld world;
  std::atomic<bool> open{false};
  Service service{world.parts(), ServiceWorld::options()};
  service.relay_outbox({.outbox = std::make_unique<GatedOutbox>(outbox_of(world.database), open)});
  Contribution contribution;
  contribution.components.push_back({.name = "sender", .run = [&](std::stop_token const& stop) {
                                       world.happenings.add(open ? "followed" : "too early");
                                       world.clock.pause(std::chrono::hours{1}, stop);
                                     }});
  service.add(std::move(contribution));
  Running running{service};
  world.answer_with(service, "/health/ready", "it is starting");
  EXPECT_FALSE(service.is_running());
  open = true;
  EXPECT_TRUE(world.happenings.wait_for("followed"));
  auto const deadline = Deadline::after(world.clock, testing::patience);
  while (!service.is_running() && !deadline.reached(world.clock)) std::this_thread::yield();
  EXPECT_TRUE(service.is_running());
  EXPECT_EQ(running.stop(), 0);
  EXPECT_FALSE(service.is_running());
}

TEST(Service, says_at_its_start_that_the_pool_is_too_small_for_its_threads) {
  ServiceWorld world;
  auto options = ServiceWorld::options();
  options.workers = 7;
  Service large{world.parts(), options};  // 7 workers, 4 threads for requests and 2 in a pool of 12
  EXPECT_EQ(Running{large}.stop(), 0);
  EXPECT_EQ(world.log.count("service.pool_too_small connections_max=12 needed=13"), 1U);
  options.workers = 6;
  Service small{world.parts(), options};
  EXPECT_EQ(Running{small}.stop(), 0);
  EXPECT_EQ(world.log.count("service.pool_too_small"), 1U);
}

TEST(Service, runs_again_after_it_was_stopped) {
  ServiceWorld world;
  Service service{world.parts(), ServiceWorld::options()};
  service.add(world.noting("view", "orders")).relay_outbox();
  EXPECT_EQ(Running{service}.stop(), 0);
  Running running{service};
  world.send(service, "orders", "again");
  ASSERT_TRUE(world.happenings.wait_for("view again"));
  EXPECT_EQ(running.stop(), 0);
}

TEST(Service, stops_at_once_when_the_stop_came_before_it_started) {
  ServiceWorld world;
  Service service{world.parts(), ServiceWorld::options()};
  service.relay_outbox();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(service.run(stop.get_token()), 0);
}

TEST(Service, cannot_start_on_a_database_without_our_tables) {
  ServiceWorld world;
  auto empty = sqlite::connect({.path = (world.folder.path() / "empty.db").string()}, {},
                               world.clock, world.random);
  Service service{{empty, *world.broker, world.parts().runtime}, ServiceWorld::options()};
  EXPECT_EQ(service.run({}), exit_cannot_start);
  EXPECT_EQ(world.log.count("schema install"), 1U);
}

/// The error of a call that must be refused.
template <class Call>
std::string rejection(Call const& call) {
  try {
    call();
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::rejected);
    return error.what();
  }
  return "";
}

TEST(Service, refuses_at_once_a_part_that_could_not_run) {
  ServiceWorld world;
  Service service{world.parts(), ServiceWorld::options()};
  service.add(world.noting("view", "orders"));
  EXPECT_EQ(rejection([&] { service.add(world.noting("view", "customers")); }),
            "subscriber 'view': the subscriber id is used twice");
  for (auto const& [id, channel] :
       std::vector<std::pair<std::string, std::string>>{{"", "orders"},
                                                        {"a\nb", "orders"},
                                                        {std::string(256, 'x'), "orders"},
                                                        {"other", ""},
                                                        {"other", "a b"},
                                                        {"other", std::string(250, 'x')}}) {
    EXPECT_NE(rejection([&] { service.add(world.noting(id, channel)); }), "") << id << channel;
  }
  Subscription const idle{.subscriber_id = "idle", .channels = {"orders"}, .handler = {}};
  EXPECT_EQ(rejection([&] { service.add(idle); }), "subscriber 'idle': there is no handler");
  EXPECT_NE(rejection([&] {
              service.add(
                  Contribution{.components = {{.name = "", .run = [](std::stop_token const&) {}}}});
            }),
            "");
  EXPECT_NE(rejection([&] {
              service.add(Contribution{.components = {{.name = "a", .run = {}}}});
            }).find("component 'a'"),
            std::string::npos);
  EXPECT_NE(rejection([&] {
              service.add(Contribution{.metrics = {{.name = "m", .help = "", .value = {}}}});
            }).find("metric 'm'"),
            std::string::npos);
  auto const metric = [](std::string const& name, std::string const& label,
                         std::string const& value, Metric::Kind kind = Metric::Kind::gauge) {
    return Contribution{
        .metrics = {
            {.kind = kind, .name = name, .help = "Help.", .labels = {{label, value}}, .value = [] {
               return std::uint64_t{1};
             }}}};
  };
  service.add(metric("shop_open", "door", "front"));
  service.add(metric("shop_open", "door", "back"));
  for (auto const& bad :
       {metric("", "door", "x"), metric("shop open", "door", "x"), metric("1shop", "door", "x"),
        metric("shop-open", "door", "x"), metric("tram_service_ready", "door", "x"),
        metric("process_open_fds", "door", "x"), metric("shop", "", "x"),
        metric("shop", "a:b", "x"), metric("shop", "__name__", "x"), metric("shop", "door", "\xFF"),
        metric("shop_open", "door", "back"),
        metric("shop_open", "door", "side", Metric::Kind::counter)}) {
    EXPECT_NE(rejection([&] { service.add(bad); }).find("service 'shop': metric '"),
              std::string::npos)
        << bad.metrics.front().name;
  }
  EXPECT_NE(rejection([&] { service.prepare({}); }).find("makes tables"), std::string::npos);
  auto options = ServiceWorld::options();
  options.workers = 0;
  EXPECT_NE(rejection([&] { Service{world.parts(), options}; }).find("workers"), std::string::npos);
}

TEST(Service, refuses_by_name_options_that_nobody_could_mean) {
  ServiceWorld world;
  auto const names = [&](std::string const& what,
                         std::function<void(ServiceOptions&)> const& spoil) {
    auto options = ServiceWorld::options();
    spoil(options);
    auto const text = rejection([&] { Service{world.parts(), options}; });
    EXPECT_NE(text.find(what), std::string::npos) << what << ": " << text;
  };
  names("'stop_timeout'", [](auto& to) { to.stop_timeout = Duration::max(); });
  names("'stop_timeout'", [](auto& to) { to.stop_timeout = -std::chrono::seconds{1}; });
  names("'stall_after'", [](auto& to) { to.stall_after = Duration::min(); });
  names("'database_check_interval'", [](auto& to) { to.database_check_interval = {}; });
  names("'subscriber.drain_timeout'", [](auto& to) { to.subscriber.drain_timeout = Duration{-1}; });
  names("interceptor", [](auto& to) { to.interceptors = {nullptr}; });
  names("interceptor", [](auto& to) { to.outbox.interceptors = {nullptr}; });
  names("interceptor", [](auto& to) { to.subscriber.interceptors = {nullptr}; });
  names("10000 workers", [](auto& to) { to.workers = 1'000'000'000'000; });
  Service service{world.parts(), ServiceWorld::options()};
  for (auto const& options :
       {RelayOptions{.window = 0}, RelayOptions{.read_pause = Duration::max()},
        RelayOptions{.retention_interval = {}}}) {
    auto const text = rejection([&] { service.relay_outbox({.options = options}); });
    EXPECT_NE(text.find("relay 'relay': option"), std::string::npos) << text;
  }
}

TEST(Service, refuses_parts_and_a_second_run_while_it_runs) {
  ServiceWorld world;
  Service service{world.parts(), ServiceWorld::options()};
  Running running{service};
  ASSERT_TRUE(world.log.wait_for("service.started"));
  EXPECT_EQ(rejection([&] { service.add(world.noting("late", "orders")); }),
            "service 'shop': subscription 'late' was added after run() began; add it before");
  EXPECT_NE(rejection([&] { service.add(Contribution{}); }).find("after run()"), std::string::npos);
  EXPECT_NE(rejection([&] { service.add(std::vector<MessageDescription>{}); }), "");
  EXPECT_NE(rejection([&] { service.relay_outbox(); }).find("a relay"), std::string::npos);
  EXPECT_NE(rejection([&] {
              service.route({.method = "GET", .pattern = "/late", .handler = {}});
            }).find("route '/late'"),
            std::string::npos);
  EXPECT_EQ(service.run({}), exit_cannot_start);
  EXPECT_EQ(running.stop(), 0);
  EXPECT_EQ(rejection([&] { service.add(world.noting("later", "orders")); }), "");
}

TEST(Service, cannot_start_when_its_port_is_taken) {
  ServiceWorld world;
  Service first{world.parts(), ServiceWorld::options()};
  Running running{first};
  ASSERT_TRUE(world.log.wait_for("service.started"));
  auto options = ServiceWorld::options();
  options.http->port = first.http_port();
  Service second{world.parts(), options};
  EXPECT_EQ(second.run({}), exit_cannot_start);
  EXPECT_EQ(running.stop(), 0);
}

/// A service with one more component, which waits until it is asked to stop.
int run_with(ServiceWorld& world, std::function<void(std::stop_token)> component) {
  Service service{world.parts(), ServiceWorld::options()};
  service.add(world.noting("view", "orders")).relay_outbox();
  Contribution contribution;
  contribution.components.push_back({.name = "good", .run = [&](std::stop_token const& stop) {
                                       world.clock.pause(std::chrono::hours{1}, stop);
                                       world.happenings.add("the other one was asked to stop");
                                     }});
  contribution.components.push_back({.name = "bad", .run = std::move(component)});
  service.add(std::move(contribution));
  return service.run({});
}

TEST(Service, ends_with_another_status_than_0_when_a_component_throws) {
  ServiceWorld world;
  EXPECT_EQ(run_with(world, [](auto const&) { throw std::runtime_error{"no more paper"}; }),
            exit_cannot_go_on);
  EXPECT_EQ(world.log.count("component 'bad'"), 1U);
  EXPECT_EQ(world.log.count("no more paper"), 1U);
  EXPECT_EQ(world.happenings.count("the other one was asked to stop"), 1U);
}

TEST(Service, ends_well_when_a_component_stops_the_program_and_returns) {
  ServiceWorld world;
  Service service{world.parts(), ServiceWorld::options()};
  std::stop_source program;
  service.add(
      Component{.name = "desk", .run = [&](std::stop_token const&) { program.request_stop(); }});
  EXPECT_EQ(service.run(program.get_token()), 0);
  EXPECT_EQ(world.log.count("service.part_lost"), 0U);
}

TEST(Service, ends_with_another_status_than_0_when_a_component_returns_too_early) {
  ServiceWorld world;
  EXPECT_EQ(run_with(world, [](auto const&) {}), exit_cannot_go_on);
  EXPECT_EQ(world.log.count("nobody asked it to stop"), 1U);
}

TEST(Service, ends_with_another_status_than_0_when_a_component_throws_what_is_no_exception) {
  ServiceWorld world;
  EXPECT_EQ(run_with(world, [](auto const&) { throw 17; }), exit_cannot_go_on);
}

TEST(Service, shares_the_work_with_another_one_of_the_same_group_each_message_once) {
  constexpr int messages = 200;
  ServiceWorld world;
  Service first{world.parts(), ServiceWorld::options()};
  Service second{world.parts(), ServiceWorld::options()};
  first.add(world.noting("view", "orders")).relay_outbox();
  second.add(world.noting("view", "orders")).relay_outbox();
  Running first_runs{first};
  Running second_runs{second};
  for (int i = 0; i < messages; ++i) world.send(first, "orders", "m" + std::to_string(i) + ".");
  ASSERT_TRUE(world.happenings.wait_for("view ", messages / 2));
  EXPECT_EQ(first_runs.stop(), 0);
  ASSERT_TRUE(world.happenings.wait_for("view ", messages));
  EXPECT_EQ(second_runs.stop(), 0);
  for (int i = 0; i < messages; ++i) {
    EXPECT_EQ(world.happenings.count("view m" + std::to_string(i) + "."), 1U) << i;
  }
  EXPECT_EQ(world.log.count("event=subscription.shared"), 0U);
}

TEST(Service, says_which_other_service_uses_its_subscriber_id_and_when_that_is_over) {
  ServiceWorld world;
  auto options = ServiceWorld::options();
  Service shop{world.parts(), options};
  options.name = "bank";
  Service bank{world.parts(), options};
  shop.add(world.noting("view", "orders"));
  bank.add(world.noting("view", "orders"));
  Running shop_runs{shop};
  {
    Running bank_runs{bank};
    ASSERT_TRUE(world.log.wait_for("event=subscription.shared subscriber=view service=shop"));
    ASSERT_TRUE(world.log.wait_for("event=subscription.shared subscriber=view service=bank"));
    auto const ready = world.answer_with(shop, "/health/ready", R"("sharedWith":["bank"])");
    // Each does its part: that is for people to judge.
    EXPECT_NE(ready.find(R"({"ready":true)"), std::string::npos) << ready;
    EXPECT_NE(ready.find(R"("sharedWith":["bank"])"), std::string::npos) << ready;
    EXPECT_NE(world.answer_with(bank, "/metrics", "tram_subscription_shared{subscriber=\"view\"} 1")
                  .find("tram_subscription_shared{subscriber=\"view\"} 1"),
              std::string::npos);
    EXPECT_EQ(bank_runs.stop(), 0);
  }
  EXPECT_TRUE(world.log.wait_for("event=subscription.not_shared_any_more"));
  EXPECT_EQ(shop_runs.stop(), 0);
}

TEST(Service, goes_by_the_name_of_its_program_among_readers_where_it_has_none) {
  ServiceWorld world;
  auto options = ServiceWorld::options();
  options.name = "bank";
  Service bank{world.parts(), options};
  options.name = ServiceOptions{}.name;
  Service nameless{world.parts(), options};
  bank.add(world.noting("view", "orders"));
  nameless.add(world.noting("view", "orders"));
  Running bank_runs{bank};
  Running nameless_runs{nameless};
  auto const expected = R"("sharedWith":[")" + std::string{program_invocation_short_name} + R"("])";
  EXPECT_NE(world.answer_with(bank, "/health/ready", expected).find(expected), std::string::npos);
  EXPECT_EQ(nameless_runs.stop(), 0);
  EXPECT_EQ(bank_runs.stop(), 0);
}

}  // namespace
}  // namespace tram
