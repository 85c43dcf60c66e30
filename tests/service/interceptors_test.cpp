#include "tram/service/interceptors.hpp"

#include <stdexcept>

#include "service_world.hpp"
#include "tram/outbox/outbox.hpp"

namespace tram {
namespace {

using testing::Running;
using testing::ServiceWorld;

TEST(Interceptors, carries_a_trace_from_the_sender_through_handlers_with_a_span_of_each) {
  ServiceWorld world;
  Service service{world.parts(), ServiceWorld::options()};
  auto const note = [&](Transaction& tx, IncomingMessage const& incoming) {
    world.happenings.add(
        std::string{incoming.message.headers.find("traceparent").value_or("none")});
    world.happenings.add(tx.context().traceparent + " " + tx.context().tracestate);
  };
  service.relay_outbox()
      .add(Subscription{.subscriber_id = "first",
                        .channels = {"orders"},
                        .handler =
                            [&](Transaction& tx, IncomingMessage const& incoming) {
                              note(tx, incoming);
                              service.outbox().send(tx, "invoices", Message{});
                            }})
      .add(Subscription{.subscriber_id = "second",
                        .channels = {"invoices"},
                        .handler = [&](Transaction& tx, IncomingMessage const& incoming) {
                          note(tx, incoming);
                          world.happenings.add("done");
                        }});
  Running running{service};
  auto const context = trace_request("", "", world.random);
  world.send(service, "orders", "o1",
             {.causation_id = {}, .traceparent = context.traceparent, .tracestate = "shop=1"});
  ASSERT_TRUE(world.happenings.wait_for("done"));
  EXPECT_EQ(running.stop(), 0);

  auto const seen = world.happenings.all();
  EXPECT_EQ(seen[0], context.traceparent);
  EXPECT_EQ(seen[1], seen[2] + " shop=1");
  std::vector<TraceContext> spans;
  for (auto const& text : {seen[0], seen[2], seen[3].substr(0, seen[3].find(' '))}) {
    auto const span = TraceContext::parse(text);
    ASSERT_TRUE(span) << text;
    spans.push_back(*span);
  }
  EXPECT_EQ(spans[0].trace_id, spans[1].trace_id);
  EXPECT_EQ(spans[0].trace_id, spans[2].trace_id);
  EXPECT_NE(spans[0].span_id, spans[1].span_id);
  EXPECT_NE(spans[1].span_id, spans[2].span_id);
}

TEST(Interceptors, adds_no_trace_to_messages_without_one_unless_told_to) {
  for (auto const new_traces : {NewTraces::never, NewTraces::for_every_message}) {
    ServiceWorld world;
    auto options = ServiceWorld::options();
    options.new_traces = new_traces;
    Service service{world.parts(), options};
    service.relay_outbox().add(
        Subscription{.subscriber_id = "view",
                     .channels = {"orders"},
                     .handler = [&](Transaction& tx, IncomingMessage const&) {
                       world.happenings.add("trace=" + tx.context().traceparent + ".");
                     }});
    Running running{service};
    world.send(service, "orders", "o1");
    ASSERT_TRUE(world.happenings.wait_for("trace="));
    EXPECT_EQ(world.happenings.count("trace=."), new_traces == NewTraces::never ? 1U : 0U);
    EXPECT_EQ(running.stop(), 0);
  }
}

struct StaleOrder : std::runtime_error {
  StaleOrder() : std::runtime_error{"somebody else changed the order"} {}
};

/// The runs of a handler that loses its race the first `times` times.
std::size_t runs_of_handler_that_loses(ServiceWorld& world, int times) {
  Service service{world.parts(), ServiceWorld::options()};
  std::atomic<int> left{times};
  auto subscription =
      Subscription{.subscriber_id = "view",
                   .channels = {"orders"},
                   .handler = [&](Transaction&, IncomingMessage const& incoming) {
                     world.happenings.add("attempt " + std::to_string(incoming.attempt));
                     if (left-- > 0) throw StaleOrder{};
                     world.happenings.add("done");
                   }};
  subscription.interceptors.push_back(rerun_on<StaleOrder>());
  service.relay_outbox().add(std::move(subscription));
  Running running{service};
  world.send(service, "orders", "o1");
  EXPECT_TRUE(world.happenings.wait_for("done"));
  EXPECT_EQ(running.stop(), 0);
  return world.happenings.count("attempt 1");
}

TEST(Interceptors, runs_a_handler_again_at_once_that_lost_a_race) {
  ServiceWorld world;
  EXPECT_EQ(runs_of_handler_that_loses(world, 3), 4U);
  EXPECT_EQ(world.log.count("subscription.failed"), 0U);
}

TEST(Interceptors, counts_a_failure_when_a_handler_loses_too_often) {
  ServiceWorld world;
  EXPECT_EQ(runs_of_handler_that_loses(world, 4), 4U);
  EXPECT_EQ(world.happenings.count("attempt 2"), 1U);
  EXPECT_EQ(world.log.count("somebody else changed the order"), 1U);
}

TEST(Interceptors, logs_what_is_sent_and_handled_and_what_fails) {
  ServiceWorld world;
  auto options = ServiceWorld::options();
  options.interceptors.push_back(log_sending(world.logger()));
  options.interceptors.push_back(log_handling(world.logger(), world.clock));
  Service service{world.parts(), options};
  service.relay_outbox().add(
      Subscription{.subscriber_id = "view",
                   .channels = {"orders"},
                   .handler = [&](Transaction&, IncomingMessage const& incoming) {
                     if (incoming.attempt == 1) throw std::runtime_error{"not yet"};
                   }});
  Running running{service};
  world.send(service, "orders", "o1");
  ASSERT_TRUE(world.log.wait_for("event=handler.done subscriber=view channel=orders"));
  EXPECT_EQ(world.log.count("event=outbox.sent channel=orders"), 1U);
  EXPECT_EQ(world.log.count("event=handler.failed subscriber=view"), 1U);
  // Nothing went wrong, and there is no trace.
  EXPECT_EQ(world.log.count(" error=\"\""), 0U);
  EXPECT_EQ(world.log.count(" trace="), 0U);
  EXPECT_EQ(running.stop(), 0);
}

}  // namespace
}  // namespace tram
