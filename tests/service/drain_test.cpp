#include <latch>

#include "service_world.hpp"
#include "tram/outbox/outbox.hpp"

namespace tram {
namespace {

using testing::Running;
using testing::ServiceWorld;

/// What is on a channel, for everybody to read.
std::vector<std::string> published(ServiceWorld& world, std::string const& channel) {
  std::vector<std::string> const channels{channel};
  auto const consumer = world.broker->subscribe(
      {.group = "reader", .start = ConsumerMode::Start::earliest}, channels);
  std::vector<std::string> values;
  for (auto events = consumer->poll(); !events.empty(); events = consumer->poll()) {
    for (auto const& event : events) {
      if (auto const* const delivery = std::get_if<Delivery>(&event)) {
        values.push_back(delivery->value);
      }
    }
  }
  return values;
}

TEST(ServiceAtAStop, lets_handlers_finish_and_publishes_what_they_sent) {
  ServiceWorld world;
  Service service{world.parts(), ServiceWorld::options()};
  std::latch begun{1};
  std::latch may_finish{1};
  service.relay_outbox().add(Subscription{
      .subscriber_id = "billing",
      .channels = {"orders"},
      .handler = [&](Transaction& tx, IncomingMessage const&) {
        begun.count_down();
        may_finish.wait();
        service.outbox().send(tx, "invoices", Message{.headers = {}, .payload = "the last"});
      }});
  world.send(service, "orders", "o1");
  Running running{service};
  begun.wait();
  std::jthread const stopper{[&] { EXPECT_EQ(running.stop(), 0); }};
  ASSERT_TRUE(world.log.wait_for("service.stopping"));
  may_finish.count_down();
  ASSERT_TRUE(world.log.wait_for("service.stopped"));
  EXPECT_EQ(published(world, "invoices").size(), 1U);
}

TEST(ServiceAtAStop, publishes_what_a_component_sends_with_its_last_breath) {
  ServiceWorld world;
  Service service{world.parts(), ServiceWorld::options()};
  Contribution contribution;
  contribution.components.push_back({.name = "shop", .run = [&](std::stop_token const& stop) {
                                       world.clock.pause(std::chrono::hours{1}, stop);
                                       for (int i = 0; i < 50; ++i) {
                                         world.send(service, "farewells", "goodbye");
                                       }
                                     }});
  service.relay_outbox().add(std::move(contribution));
  Running running{service};
  ASSERT_TRUE(world.log.wait_for("service.started"));
  EXPECT_EQ(running.stop(), 0);
  EXPECT_EQ(published(world, "farewells").size(), 50U);
}

/// Runs a service with a handler that never returns, and stops it.
void stop_with_a_handler_that_hangs() {
  ServiceWorld world;
  auto parts = world.parts();
  parts.runtime.logger = Logger::to_stderr();
  auto options = ServiceWorld::options();
  options.stop_timeout = std::chrono::milliseconds{400};
  Service service{std::move(parts), options};
  std::latch begun{1};
  std::latch never{1};
  service.relay_outbox().add(Subscription{.subscriber_id = "billing",
                                          .channels = {"orders"},
                                          .handler = [&](Transaction&, IncomingMessage const&) {
                                            begun.count_down();
                                            never.wait();
                                          }});
  world.send(service, "orders", "o1");
  Running running{service};
  begun.wait();
  std::_Exit(running.stop());
}

TEST(ServiceAtAStop, leaves_the_process_when_a_handler_hangs_and_says_which) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(stop_with_a_handler_that_hangs(), ::testing::ExitedWithCode(exit_stop_timed_out),
              "service.stop_timed_out.*1 of subscription 'billing'");
}

void stop_with_a_component_that_hangs() {
  ServiceWorld world;
  auto parts = world.parts();
  parts.runtime.logger = Logger::to_stderr();
  auto options = ServiceWorld::options();
  options.stop_timeout = std::chrono::milliseconds{200};
  Service service{std::move(parts), options};
  std::latch never{1};
  Contribution contribution;
  contribution.components.push_back(
      {.name = "deaf", .run = [&](std::stop_token const&) { never.wait(); }});
  contribution.components.push_back({.name = "dead", .run = [](std::stop_token const&) {}});
  std::_Exit(service.add(std::move(contribution)).run({}));
}

TEST(ServiceAtAStop, leaves_the_process_when_a_component_does_not_listen) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(stop_with_a_component_that_hangs(), ::testing::ExitedWithCode(exit_stop_timed_out),
              "service.stop_timed_out.*component 'deaf'");
}

}  // namespace
}  // namespace tram
