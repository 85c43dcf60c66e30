#include <chrono>
#include <latch>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "http_client.hpp"
#include "service_world.hpp"
#include "tram/base/error.hpp"
#include "tram/http/message.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/service/request_body.hpp"

namespace tram {
namespace {

using testing::Running;
using testing::ServiceWorld;
using ::testing::Test;

TEST(ServiceOverHttp, is_alive_and_not_ready_while_the_database_is_away_at_its_start) {
  ServiceWorld world;
  world.database_away = true;
  Service service{world.parts(), ServiceWorld::options()};
  service.add(world.noting("view", "orders")).relay_outbox();
  Running running{service};
  auto const answer = world.answer_with(service, "/health/ready", "taken away");
  EXPECT_NE(answer.find("HTTP/1.1 503"), std::string::npos) << answer;
  EXPECT_NE(answer.find(R"("ready":false)"), std::string::npos) << answer;
  EXPECT_NE(world.answer_with(service, "/health/live", "alive").find("200"), std::string::npos);
  world.database_away = false;
  auto const later = world.answer_with(service, "/health/ready", R"({"ready":true)");
  EXPECT_NE(later.find("HTTP/1.1 200"), std::string::npos) << later;
  EXPECT_EQ(running.stop(), 0);
}

struct Booking {
  int boxes{};
};

TEST(ServiceOverHttp, answers_400_with_the_reason_to_a_body_that_is_not_what_a_route_takes) {
  ServiceWorld world;
  Service service{world.parts(), ServiceWorld::options()};
  service.route({.method = "POST", .pattern = "/bookings", .handler = [](auto const& request) {
                   auto const booking = body_of<Booking>(request);
                   if (booking.boxes == 0) throw http::Problem{422, "a booking \"has\" boxes"};
                   return http::Response{.body = std::to_string(booking.boxes)};
                 }});
  Running running{service};
  ASSERT_TRUE(world.log.wait_for("service.started"));
  auto const answer = [&](std::string const& body) {
    return http::ask(service.http_port(), "POST /bookings",
                     "Content-Length: " + std::to_string(body.size()) + "\r\n", body);
  };
  EXPECT_NE(answer(R"({"boxes":3})").find("HTTP/1.1 200"), std::string::npos);
  for (std::string const bad : {R"({"boxes":"three"})", "{}", "", "boxes=3", R"({"boxes":3)"}) {
    auto const refusal = answer(bad);
    EXPECT_NE(refusal.find("HTTP/1.1 400 Bad Request"), std::string::npos) << bad << refusal;
    EXPECT_NE(refusal.find("application/problem+json"), std::string::npos) << refusal;
    EXPECT_NE(refusal.find(R"("title":"Bad Request","status":400,"detail":"Booking)"),
              std::string::npos)
        << refusal;
  }
  EXPECT_NE(answer(R"({"boxes":0})").find(R"("status":422,"detail":"a booking \"has\" boxes")"),
            std::string::npos);
  EXPECT_EQ(world.log.count("http.handler_failed"), 0U);
  EXPECT_EQ(running.stop(), 0);
}

TEST(ServiceOverHttp, gives_its_outbox_and_installs_its_tables_however_late_the_database_comes) {
  ServiceWorld world;
  world.database.transact([](Transaction& tx) { tx.execute("DROP TABLE received_messages"); });
  world.database_away = true;
  auto options = ServiceWorld::options();
  options.install_schema = true;
  Service service{world.parts(), options};
  auto const& outbox = service.outbox();
  service.add(world.noting("view", "orders")).relay_outbox();
  Running running{service};
  world.answer_with(service, "/health/ready", "taken away");
  world.database_away = false;
  EXPECT_NE(world.answer_with(service, "/health/ready", "200 OK"), "");
  world.database.transact([&](Transaction& tx) {
    outbox.send(tx, "orders", Message{.headers = {}, .payload = "late"});
  });
  EXPECT_TRUE(world.happenings.wait_for("view late"));
  EXPECT_EQ(running.stop(), 0);
}

TEST(ServiceOverHttp, is_not_ready_while_the_database_is_away_later_and_goes_on_by_itself) {
  ServiceWorld world;
  Service service{world.parts(), ServiceWorld::options()};
  service.add(world.noting("view", "orders")).relay_outbox();
  Running running{service};
  world.answer_with(service, "/health/ready", R"({"ready":true)");
  world.send(service, "orders", "first");
  ASSERT_TRUE(world.happenings.wait_for("view first"));
  world.database_away = true;
  auto const answer = world.answer_with(service, "/health/ready", "taken away");
  EXPECT_NE(answer.find("HTTP/1.1 503"), std::string::npos) << answer;
  world.database_away = false;
  world.answer_with(service, "/health/ready", R"({"ready":true)");
  world.send(service, "orders", "second");
  EXPECT_TRUE(world.happenings.wait_for("view second"));
  EXPECT_EQ(running.stop(), 0);
}

TEST(ServiceOverHttp, says_which_component_does_not_do_its_work) {
  ServiceWorld world;
  Service service{world.parts(), ServiceWorld::options()};
  Contribution contribution;
  contribution.components.push_back(
      {.name = "printer",
       .run = [&](std::stop_token const& stop) { world.clock.pause(std::chrono::hours{1}, stop); },
       .trouble = [] { return std::string{"no paper"}; }});
  service.add(std::move(contribution));
  Running running{service};
  auto const answer = world.answer_with(service, "/health/ready", "component 'printer': no paper");
  EXPECT_NE(answer.find("HTTP/1.1 503"), std::string::npos) << answer;
  EXPECT_EQ(running.stop(), 0);
}

TEST(ServiceOverHttp, answers_though_a_part_cannot_answer_for_itself) {
  ServiceWorld world;
  Service service{world.parts(), ServiceWorld::options()};
  Contribution contribution;
  contribution.components.push_back(
      {.name = "printer",
       .run = [&](std::stop_token const& stop) { world.clock.pause(std::chrono::hours{1}, stop); },
       .trouble = []() -> std::string { throw 7; }});
  contribution.metrics.push_back(
      {.name = "pages", .help = "Pages.", .value = []() -> std::uint64_t { throw 7; }});
  service.add(std::move(contribution));
  Running running{service};
  auto const ready = world.answer_with(service, "/health/ready", "component 'printer': cannot be");
  EXPECT_NE(ready.find("HTTP/1.1 503"), std::string::npos) << ready;
  EXPECT_NE(world.answer_with(service, "/health/live", "200 OK"), "");
  auto const metrics = world.answer_with(service, "/metrics", "tram_service_build");
  EXPECT_EQ(metrics.find("pages"), std::string::npos) << metrics;
  EXPECT_EQ(running.stop(), 0);
}

TEST(ServiceOverHttp, shows_metrics_of_what_was_sent_relayed_and_handled) {
  ServiceWorld world;
  Service service{world.parts(), ServiceWorld::options()};
  service.add(world.noting("view", "orders")).relay_outbox();
  Running running{service};
  world.send(service, "orders", "first");
  world.send(service, "orders", "second");
  auto const answer = world.answer_with(
      service, "/metrics", "tram_subscription_messages_handled_total{subscriber=\"view\"} 2\n");
  for (std::string const line :
       {"tram_service_build{service=\"shop\",version=\"7\"} 1\n",
        "tram_outbox_messages_sent_total{channel=\"orders\"} 2\n",
        "tram_subscription_handle_seconds_bucket{subscriber=\"view\",le=\"+Inf\"} 2\n",
        "tram_subscription_handle_seconds_count{subscriber=\"view\"} 2\n",
        "tram_relay_rows_published_total{relay=\"relay\"} 2\n"}) {
    EXPECT_NE(answer.find(line), std::string::npos) << line << "in\n" << answer;
  }
  EXPECT_EQ(running.stop(), 0);
}

TEST(ServiceOverHttp, serves_its_asyncapi_document) {
  ServiceWorld world;
  Service service{world.parts(), ServiceWorld::options()};
  service.add(world.noting("view", "orders"));
  Running running{service};
  auto const answer = world.answer_with(service, "/asyncapi.json", R"("asyncapi":"3.0.0")");
  EXPECT_NE(answer.find(R"("title":"shop")"), std::string::npos) << answer;
  EXPECT_NE(answer.find("Content-Type: application/json"), std::string::npos) << answer;
  EXPECT_EQ(running.stop(), 0);
}

TEST(ServiceOverHttp, refuses_by_name_routes_that_could_not_be_asked) {
  ServiceWorld world;
  Service service{world.parts(), ServiceWorld::options()};
  auto const handler = [](http::Request const&) { return http::Response{}; };
  service.route({.method = "GET", .pattern = "/orders/{id}", .handler = handler});
  for (auto const& [method, pattern] :
       std::vector<std::pair<std::string, std::string>>{{"GET", "/orders/{id}"},
                                                        {"GET", "/orders/{other}"},
                                                        {"GET", "/u/{id"},
                                                        {"get", "/u"},
                                                        {"GET", "u"},
                                                        {"GET", "/health/live"},
                                                        {"POST", "/health/ready"},
                                                        {"GET", "/metrics"},
                                                        {"GET", "/asyncapi.json"}}) {
    try {
      service.route({.method = method, .pattern = pattern, .handler = handler});
      ADD_FAILURE() << method << " " << pattern << " was taken";
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::rejected);
      EXPECT_NE(std::string{error.what()}.find("'" + method + " " + pattern + "'"),
                std::string::npos)
          << error.what();
    }
  }
  service.route({.method = "POST", .pattern = "/orders/{id}", .handler = handler});
}

TEST(ServiceOverHttp, is_alive_whatever_idle_clients_and_slow_handlers_do) {
  ServiceWorld world;
  Service service{world.parts(), ServiceWorld::options()};
  std::latch leave{1};
  service.route({.method = "GET", .pattern = "/slow", .handler = [&](http::Request const&) {
                   leave.wait();
                   return http::Response{};
                 }});
  Running running{service};
  world.answer_with(service, "/health/ready", R"({"ready":true)");
  std::vector<std::unique_ptr<http::Client>> clients;
  for (int number = 0; number < 400; ++number) {
    clients.push_back(std::make_unique<http::Client>(service.http_port()));
    if (number % 8 == 1) clients.back()->send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
    if (number % 50 != 0) continue;
    auto const began = world.clock.steady();
    for (auto const* path : {"/health/live", "/health/ready"}) {
      auto const answer = http::ask(service.http_port(), std::string{"GET "} + path);
      EXPECT_NE(answer.find("HTTP/1.1 200"), std::string::npos) << answer;
    }
    EXPECT_LT(world.clock.steady() - began, std::chrono::seconds{5});
  }
  leave.count_down();
  EXPECT_EQ(running.stop(), 0);
}

TEST(ServiceOverHttp, serves_the_applications_requests_only_while_it_runs) {
  ServiceWorld world;
  world.database_away = true;
  Service service{world.parts(), ServiceWorld::options()};
  std::latch stopping{1};
  std::latch asked{1};
  Contribution contribution;
  contribution.components.push_back({.name = "slow", .run = [&](std::stop_token const& stop) {
                                       world.clock.pause(std::chrono::hours{1}, stop);
                                       stopping.count_down();
                                       asked.wait();
                                     }});
  service.add(std::move(contribution))
      .route({.method = "GET", .pattern = "/orders/{id}", .handler = [](auto const& request) {
                return http::Response{.body = "order " + request.parameters.at("id")};
              }});
  Running running{service};
  world.answer_with(service, "/orders/1", "HTTP/1.1 503");
  world.database_away = false;
  EXPECT_NE(world.answer_with(service, "/orders/1", "order 1").find("200"), std::string::npos);
  std::jthread const stopper{[&] { EXPECT_EQ(running.stop(), 0); }};
  stopping.wait();
  auto const answer = http::ask(service.http_port(), "GET /orders/1");
  EXPECT_NE(answer.find("HTTP/1.1 503"), std::string::npos) << answer;
  EXPECT_NE(http::ask(service.http_port(), "GET /health/ready").find("stopping"),
            std::string::npos);
  asked.count_down();
}

}  // namespace
}  // namespace tram
