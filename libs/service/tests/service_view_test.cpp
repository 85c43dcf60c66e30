#include "service_view.hpp"

#include <stdexcept>

#include <gtest/gtest.h>

namespace tram {
namespace {

using Reasons = std::vector<std::string>;

constexpr SteadyTime now{std::chrono::hours{2}};

/// A service that does its work.
ServiceView good_view() {
  SubscriptionStatus subscription;
  subscription.subscriber_id = "view";
  subscription.last_progress = now;
  RelayView relay{.name = "relay", .readiness = {.ready = true, .reason = {}}, .now = now};
  relay.status.last_step = now;
  ServiceView view{.name = "shop",
                   .version = "7",
                   .phase = ServicePhase::running,
                   .relays = {relay},
                   .subscriptions = {subscription},
                   .has_subscriptions = true,
                   .now = now,
                   .stall_after = std::chrono::seconds{60}};
  view.components.push_back({.name = "printer", .trouble = {}});
  return view;
}

TEST(ServiceReadiness, is_there_while_all_is_well) {
  EXPECT_EQ(reasons_not_ready(good_view()), Reasons{});
}

TEST(ServiceReadiness, says_of_each_part_what_is_wrong) {
  auto view = good_view();
  view.database_trouble = "it is away";
  view.broker_trouble = "it does not answer";
  view.relays[0].readiness = {.ready = false, .reason = "not connected"};
  view.subscriptions[0].trouble = "broker: gone";
  view.components[0].trouble = "no paper";
  EXPECT_EQ(
      reasons_not_ready(view),
      (Reasons{"database: it is away", "broker: it does not answer", "relay 'relay': not connected",
               "subscription 'view': broker: gone", "component 'printer': no paper"}));
}

TEST(ServiceReadiness, is_missing_before_the_start_and_while_it_stops) {
  auto view = good_view();
  view.phase = ServicePhase::starting;
  view.relays[0].readiness = {.ready = false, .reason = "the relay has not started"};
  EXPECT_EQ(reasons_not_ready(view), Reasons{"it is starting"});
  view = good_view();
  view.phase = ServicePhase::stopping;
  EXPECT_EQ(reasons_not_ready(view), Reasons{"it is stopping"});
  view = good_view();
  view.subscriptions.clear();
  EXPECT_EQ(reasons_not_ready(view), Reasons{"the subscriptions have not started"});
}

TEST(ServiceReadiness, is_missing_when_messages_wait_and_none_is_finished) {
  auto view = good_view();
  view.subscriptions[0].waiting = 3;
  view.subscriptions[0].running = 1;
  view.subscriptions[0].last_progress = now - std::chrono::seconds{60};
  EXPECT_EQ(reasons_not_ready(view), Reasons{});
  view.subscriptions[0].last_progress = now - std::chrono::seconds{61};
  EXPECT_EQ(reasons_not_ready(view),
            Reasons{"subscription 'view': no message was finished for 61 s, with 3 waiting and 1 "
                    "running"});
}

TEST(ServiceReadiness, is_told_as_json) {
  auto view = good_view();
  view.components[0].trouble = "no \"paper\"";
  view.subscriptions[0].shared_with = {"bank"};
  EXPECT_EQ(readiness_json(view),
            R"({"ready":false,"reasons":["component 'printer': no \"paper\""],"service":"shop",)"
            R"("version":"7","phase":"running","relays":[{"name":"relay","ready":true,)"
            R"("standby":false,"caughtUp":false,"inFlight":0,"heldRows":0}],)"
            R"("subscriptions":[{"subscriberId":"view","partitions":0,"waiting":0,"running":0,)"
            R"("paused":false,"held":0,"sharedWith":["bank"]}]})"
            "\n");
}

TEST(ServiceLiveness, is_lost_only_with_a_relay_whose_loop_stands_still) {
  auto view = good_view();
  view.database_trouble = "it is away";
  EXPECT_TRUE(is_alive(view));
  view.relays[0].status.last_step = now - std::chrono::minutes{3};
  EXPECT_FALSE(is_alive(view));
  view.phase = ServicePhase::stopping;
  EXPECT_TRUE(is_alive(view));
}

TEST(HandleTimes, are_counted_up_to_each_bound) {
  HandleTimes times;
  times.add(std::chrono::milliseconds{1});
  times.add(std::chrono::microseconds{1001});
  times.add(std::chrono::minutes{2});
  auto view = good_view();
  view.handle_times["view"] = times.counts();
  auto const text = metrics_text(view);
  for (std::string const line :
       {"le=\"0.001\"} 1\n", "le=\"0.0025\"} 2\n", "le=\"30\"} 2\n", "le=\"+Inf\"} 3\n",
        "_sum{subscriber=\"view\"} 120.002001\n", "_count{subscriber=\"view\"} 3\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

TEST(MetricsOfParts, stand_together_by_family) {
  auto const metric = [](std::string name, std::string channel) {
    return Metric{.kind = Metric::Kind::gauge,
                  .name = std::move(name),
                  .help = "Help.",
                  .labels = {{"channel", std::move(channel)}, {"quoted", "\""}},
                  .value = {}};
  };
  auto const first = metric("tram_calls_waiting", "one");
  auto const stranger = metric("shop_open", "one");
  auto const second = metric("tram_calls_waiting", "two");
  auto view = good_view();
  view.metrics = {{&first, 1}, {&stranger, 2}, {&second, 3}};
  auto const text = metrics_text(view);
  std::string const family = "# HELP tram_calls_waiting Help.\n# TYPE tram_calls_waiting gauge\n"
                             "tram_calls_waiting{channel=\"one\",quoted=\"\\\"\"} 1\n"
                             "tram_calls_waiting{channel=\"two\",quoted=\"\\\"\"} 3\n";
  EXPECT_NE(text.find(family), std::string::npos) << text;
  EXPECT_NE(text.find("shop_open{channel=\"one\",quoted=\"\\\"\"} 2\n"), std::string::npos) << text;
}

TEST(SendCounts, are_kept_by_channel_and_of_no_more_than_a_thousand) {
  SendCounts counts;
  auto const send = [&](std::string const& channel, std::exception_ptr const& error) {
    counts.after_send(Message{.headers = {{"DESTINATION", channel}}, .payload = {}}, error);
  };
  send("orders", nullptr);
  send("orders", nullptr);
  send("orders", std::make_exception_ptr(std::runtime_error{"no"}));
  for (int i = 0; i < 2000; ++i) send("reply-" + std::to_string(i), nullptr);
  auto const all = counts.counts();
  EXPECT_EQ(all.at("orders").sent, 2U);
  EXPECT_EQ(all.at("orders").refused, 1U);
  EXPECT_EQ(all.size(), 1001U);
  EXPECT_EQ(all.at("(others)").sent, 1001U);
}

}  // namespace
}  // namespace tram
