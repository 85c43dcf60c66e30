#include "tram/http/server.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "http_client.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/base/mutex.hpp"

namespace tram::http {
namespace {

using namespace std::chrono_literals;

class HttpServer : public ::testing::Test {
 protected:
  void serve(ServerOptions options = {}) {
    options.address = "127.0.0.1";
    std::vector<Route> routes{
        {"GET", "/hello", [](Request const&) { return Response{.body = "hello\n"}; }},
        {"GET", "/health", [](Request const&) { return Response{.body = "well\n"}; },
         Urgency::health},
        {"GET", "/large",
         [](Request const&) { return Response{.body = std::string(8'000'000, 'x')}; }},
        {"GET", "/splits",
         [](Request const&) { return Response{.headers = {{"X-Name", "a\r\nSet-Cookie: b"}}}; }},
        {"GET", "/orders/{id}/lines/{line}",
         [](Request const& request) {
           return Response{.body = request.parameters.at("id") + "|" +
                                   request.parameters.at("line") + "|" +
                                   (request.query.contains("q") ? request.query.at("q") : "")};
         }},
        {"POST", "/echo",
         [](Request const& request) {
           return Response{.status = 201,
                           .content_type = request.headers.at("content-type"),
                           .body = request.body,
                           .headers = {{"X-Size", std::to_string(request.body.size())}}};
         }},
        {"GET", "/throws",
         [](Request const&) -> Response { throw std::runtime_error{"the table is gone"}; }},
        {"GET", "/throws-anything", [](Request const&) -> Response { throw 7; }},
        {"GET", "/host",
         [](Request const& request) { return Response{.body = request.headers.at("host")}; }},
        {"GET", "/counts",
         [this](Request const&) {
           ++counted_;
           return Response{};
         }},
        {"GET", "/waits", [this](Request const&) {
           entered_.count_down();
           leave_.wait();
           return Response{.body = "at last"};
         }}};
    server_.emplace(options, std::move(routes), clock_,
                    Logger{[this](LogLevel, std::string const& line) {
                             Lock const lock{mutex_};
                             log_ += line + "\n";
                           },
                           LogLevel::info});
  }
  std::string ask(std::string const& line, std::string const& headers = "",
                  std::string const& body = "") {
    return http::ask(server_->port(), line, headers, body);
  }
  std::string log() {
    Lock const lock{mutex_};
    return log_;
  }

  SystemClock clock_;
  std::latch entered_{1};
  std::latch leave_{1};
  std::atomic<int> counted_{};
  Mutex mutex_;
  std::string log_ TRAM_GUARDED_BY(mutex_);
  std::optional<Server> server_;
};

bool has_status(std::string const& answer, std::string const& status) {
  return answer.starts_with("HTTP/1.1 " + status) || answer.starts_with("HTTP/1.0 " + status);
}
bool has_body(std::string const& answer, std::string const& body) {
  return answer.ends_with("\r\n\r\n" + body);
}

TEST_F(HttpServer, answers_on_a_port_of_its_own) {
  serve();
  auto const answer = ask("GET /hello");
  EXPECT_TRUE(has_status(answer, "200")) << answer;
  EXPECT_TRUE(has_body(answer, "hello\n")) << answer;
  EXPECT_NE(answer.find("Content-Type: text/plain; charset=utf-8"), std::string::npos) << answer;
}

TEST_F(HttpServer, gives_decoded_segments_and_queries_to_handlers) {
  serve();
  EXPECT_TRUE(has_body(ask("GET /orders/a%2Fb/lines/%C3%A9+1?q=x%20y+z&other"), "a/b|é+1|x y z"));
  EXPECT_TRUE(has_status(ask("GET /orders//lines/1"), "404"));
  EXPECT_TRUE(has_status(ask("GET /orders/%zz/lines/1"), "400"));
  EXPECT_TRUE(has_status(ask("GET /hello?q=%4"), "400"));
}

TEST_F(HttpServer, carries_bodies_and_headers_both_ways) {
  serve();
  auto const fixed = ask("POST /echo", "Content-Type: a/b\r\nContent-Length: 5\r\n", "12345");
  EXPECT_TRUE(has_status(fixed, "201")) << fixed;
  EXPECT_NE(fixed.find("X-Size: 5"), std::string::npos) << fixed;
  EXPECT_NE(fixed.find("Content-Type: a/b"), std::string::npos) << fixed;
  auto const chunked = ask("POST /echo", "Content-Type: a/b\r\nTransfer-Encoding: chunked\r\n",
                           "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_TRUE(has_body(chunked, "abcde")) << chunked;
}

TEST_F(HttpServer, says_what_a_path_takes_and_what_is_not_there) {
  serve();
  EXPECT_TRUE(has_status(ask("GET /nothing"), "404"));
  auto const answer = ask("DELETE /hello");
  EXPECT_TRUE(has_status(answer, "405")) << answer;
  EXPECT_NE(answer.find("Allow: GET"), std::string::npos) << answer;
  auto const head = ask("HEAD /hello");
  EXPECT_TRUE(has_status(head, "200")) << head;
  EXPECT_TRUE(has_body(head, "")) << head;
}

TEST_F(HttpServer, lets_no_exception_of_a_handler_escape) {
  serve();
  auto const answer = ask("GET /throws");
  EXPECT_TRUE(has_status(answer, "500")) << answer;
  EXPECT_EQ(answer.find("the table is gone"), std::string::npos) << answer;
  EXPECT_TRUE(has_status(ask("GET /throws-anything"), "500"));
  EXPECT_NE(
      log().find("event=http.handler_failed method=GET path=/throws what=\"the table is gone\""),
      std::string::npos)
      << log();
  EXPECT_TRUE(has_status(ask("GET /hello"), "200"));
}

TEST_F(HttpServer, refuses_what_is_malformed_or_too_long) {
  serve({.header_bytes_max = 4096, .body_bytes_max = 10});
  for (auto const* bytes : {"nonsense\r\n\r\n", "GET\r\n\r\n", "\x01\x02\x03\r\n\r\n",
                            "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: -5\r\n\r\n"}) {
    auto const answer = Client{server_->port()}.send(bytes).rest();
    EXPECT_TRUE(answer.empty() || has_status(answer, "4")) << bytes << answer;
  }
  auto const long_path = ask("GET /" + std::string(10'000, 'a'));
  EXPECT_TRUE(long_path.empty() || has_status(long_path, "414")) << long_path;
  auto const long_header = ask("GET /hello", "X-Long: " + std::string(10'000, 'a') + "\r\n");
  EXPECT_TRUE(long_header.empty() || has_status(long_header, "4")) << long_header;
  auto const announced = ask("POST /echo", "Content-Type: a/b\r\nContent-Length: 11\r\n");
  EXPECT_TRUE(has_status(announced, "413")) << announced;
  auto const absurd =
      ask("POST /echo", "Content-Type: a/b\r\nContent-Length: 99999999999999999999\r\n");
  EXPECT_TRUE(absurd.empty() || has_status(absurd, "4")) << absurd;
  auto const chunked = ask("POST /echo", "Content-Type: a/b\r\nTransfer-Encoding: chunked\r\n",
                           "6\r\nabcdef\r\n6\r\nabcdef\r\n0\r\n\r\n");
  EXPECT_TRUE(has_status(chunked, "413")) << chunked;
  EXPECT_TRUE(has_status(ask("GET /hello"), "200"));
}

TEST_F(HttpServer, closes_connections_that_complete_nothing) {
  serve({.request_timeout = 200ms});
  Client silent{server_->port()};
  Client slow{server_->port()};
  slow.send("GET /hello HTTP/1.1\r\nHost: here\r\nX-Slow: ");
  // A byte now and then does not keep it open: the whole request has to come in time.
  std::jthread const drip{[&slow](std::stop_token const& stop) {
    while (!stop.stop_requested()) {
      slow.send("a");
      std::this_thread::yield();
    }
  }};
  EXPECT_EQ(silent.rest(), "");
  EXPECT_FALSE(has_status(slow.rest(), "200"));
  EXPECT_TRUE(has_status(ask("GET /hello"), "200"));
}

TEST_F(HttpServer, runs_no_handler_for_a_client_that_was_given_up) {
  serve({.threads = 1, .request_timeout = 200ms});
  Client first{server_->port()};
  first.send("GET /waits HTTP/1.1\r\nHost: here\r\n\r\n");
  entered_.wait();
  Client second{server_->port()};
  second.send("GET /counts HTTP/1.1\r\nHost: here\r\n\r\n");
  EXPECT_EQ(second.rest(), "");
  leave_.count_down();
  EXPECT_TRUE(has_body(ask("GET /hello"), "hello\n"));
  EXPECT_EQ(counted_, 0);
}

TEST_F(HttpServer, takes_further_connections_when_others_are_closed) {
  serve({.connections_max = 2, .request_timeout = 200ms});
  Client first{server_->port()};
  Client second{server_->port()};
  EXPECT_TRUE(has_body(first.send("GET /hello HTTP/1.1\r\nHost: here\r\n\r\n").until("hello\n"),
                       "hello\n"));
  EXPECT_TRUE(has_body(second.send("GET /hello HTTP/1.1\r\nHost: here\r\n\r\n").until("hello\n"),
                       "hello\n"));
  auto const third = ask("GET /hello");
  EXPECT_TRUE(has_body(third, "hello\n")) << third;
  EXPECT_EQ(first.rest() + second.rest(), "");
}

/// Far less than it takes a connection to be given up.
constexpr Duration soon{5s};

TEST_F(HttpServer, answers_while_hundreds_of_clients_are_idle_or_slow) {
  serve({.request_timeout = 1h});
  std::vector<std::unique_ptr<Client>> clients;
  for (int number = 0; number < 600; ++number) {
    clients.push_back(std::make_unique<Client>(server_->port()));
    auto& client = *clients.back();
    ASSERT_TRUE(client.connected());
    // Silent, in the middle of a head, in the middle of a body, not reading, kept open.
    if (number % 5 == 1) client.send("GET /hello HTTP/1.1\r\nHost: h");
    if (number % 5 == 2)
      client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nabc");
    if (number % 50 == 3) client.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
    if (number % 5 == 4) client.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
    if (number % 20 != 0) continue;
    auto const began = clock_.steady();
    auto const answer = ask("GET /health");
    EXPECT_TRUE(has_body(answer, "well\n")) << number << answer;
    EXPECT_LT(clock_.steady() - began, soon) << number;
  }
}

TEST_F(HttpServer, answers_for_health_while_all_handlers_wait) {
  serve({.threads = 2, .request_timeout = 1h});
  std::vector<std::unique_ptr<Client>> clients;
  for (int number = 0; number < 100; ++number) {
    clients.push_back(std::make_unique<Client>(server_->port()));
    clients.back()->send("GET /waits HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  }
  auto const began = clock_.steady();
  EXPECT_TRUE(has_body(ask("GET /health"), "well\n"));
  EXPECT_TRUE(has_status(ask("HEAD /health"), "200"));
  EXPECT_LT(clock_.steady() - began, soon);
  leave_.count_down();
  for (auto const& client : clients) EXPECT_TRUE(has_body(client->rest(), "at last"));
}

TEST_F(HttpServer, answers_for_health_while_requests_that_wait_have_all_places) {
  serve({.threads = 1, .connections_max = 8, .request_timeout = 1h});
  std::vector<std::unique_ptr<Client>> clients;
  auto const come_and_wait = [&] {
    clients.push_back(std::make_unique<Client>(server_->port()));
    clients.back()->send("GET /waits HTTP/1.1\r\nHost: h\r\n\r\n");
  };
  for (int number = 0; number < 20; ++number) come_and_wait();
  entered_.wait();
  Client prober{server_->port()};
  // Those who come behind it take a place each, and all are there when one of them is answered.
  for (int number = 0; number < 3; ++number) come_and_wait();
  EXPECT_TRUE(has_body(ask("GET /health"), "well\n"));
  prober.send("GET /health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(has_body(prober.rest(), "well\n"));
  leave_.count_down();
}

TEST_F(HttpServer, closes_what_it_refuses_and_says_why) {
  serve();
  auto const answer =
      Client{server_->port()}
          .send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
                "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /hello HTTP/1.1\r\nHost: h\r\n\r\n")
          .rest();
  EXPECT_TRUE(has_status(answer, "400")) << answer;
  EXPECT_NE(answer.find("Connection: close"), std::string::npos) << answer;
  EXPECT_EQ(answer.find("hello"), std::string::npos) << answer;
}

TEST_F(HttpServer, takes_an_address_with_a_host_as_proxies_write_it) {
  serve();
  for (auto const* target : {"http://elsewhere/hello", "HTTPS://elsewhere:99/hello?q=1"})
    EXPECT_TRUE(has_body(ask(std::string{"GET "} + target), "hello\n")) << target;
  EXPECT_TRUE(has_status(ask("GET http://elsewhere"), "404"));
  for (auto const* target : {"http://", "http:///hello", "http://user@host/hello",
                             "ftp://host/hello", "http:/hello", "//host@:/%"})
    EXPECT_TRUE(has_status(ask(std::string{"GET "} + target), "400")) << target;
  auto const host = ask("GET http://elsewhere:99/host");
  EXPECT_TRUE(has_body(host, "elsewhere:99")) << host;
}

TEST_F(HttpServer, gives_handlers_no_path_that_is_no_text_or_climbs) {
  serve();
  for (auto const* id : {"%00", "a%00", "%0d%0aX:y", "%ff", "%c0%80", "%7f", ".", "..", "%2e%2E"})
    EXPECT_TRUE(has_status(ask(std::string{"GET /orders/"} + id + "/lines/1"), "400")) << id;
  EXPECT_TRUE(has_status(ask("GET /hello#part"), "400"));
  EXPECT_TRUE(has_body(ask("GET /orders/.../lines/..a"), "...|..a|"));
}

TEST_F(HttpServer, refuses_options_that_nobody_could_mean) {
  for (ServerOptions const& options :
       {ServerOptions{.threads = 0}, ServerOptions{.threads = 100'000},
        ServerOptions{.connections_max = 0}, ServerOptions{.request_timeout = 0s},
        ServerOptions{.request_timeout = Duration::max()}, ServerOptions{.stop_timeout = -1s}})
    EXPECT_THROW(serve(options), Error);
}

TEST_F(HttpServer, lets_no_handler_write_headers_of_its_own_into_a_value) {
  serve();
  auto const answer = ask("GET /splits");
  EXPECT_TRUE(has_status(answer, "500")) << answer;
  EXPECT_EQ(answer.find("Set-Cookie"), std::string::npos) << answer;
}

TEST_F(HttpServer, answers_requests_that_came_together_in_their_order) {
  serve();
  auto const answer = Client{server_->port()}
                          .send("GET /orders/1/lines/2 HTTP/1.1\r\nHost: h\r\n\r\n"
                                "GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
                                "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n")
                          .rest();
  auto const first = answer.find("1|2|");
  auto const second = answer.find("hello\n");
  EXPECT_LT(first, second) << answer;
  EXPECT_EQ(answer.find("hello\n", second + 1), std::string::npos) << answer;
}

TEST_F(HttpServer, asks_for_a_body_that_a_client_holds_back) {
  serve();
  Client client{server_->port()};
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Type: a/b\r\nContent-Length: 3\r\n"
              "Expect: 100-continue\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_TRUE(has_body(client.send("abc").rest(), "abc"));
}

TEST_F(HttpServer, serves_several_requests_at_once_and_one_after_the_other) {
  serve({.threads = 4});
  Client kept{server_->port()};
  for (int i = 0; i < 3; ++i) {
    kept.send("GET /hello HTTP/1.1\r\nHost: here\r\n\r\n");
    EXPECT_TRUE(has_body(kept.until("hello\n"), "hello\n"));
  }
}

TEST_F(HttpServer, stops_while_a_client_is_connected_and_after_the_request_under_way) {
  serve();
  Client idle{server_->port()};
  Client busy{server_->port()};
  busy.send("GET /waits HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n");
  entered_.wait();
  std::latch stopping{1};
  std::jthread const stopper{[&] {
    stopping.count_down();
    server_.reset();
  }};
  stopping.wait();
  leave_.count_down();
  EXPECT_TRUE(has_body(busy.rest(), "at last"));
  EXPECT_EQ(idle.rest(), "");
}

TEST_F(HttpServer, says_why_it_cannot_listen) {
  serve();
  auto const why = [this](ServerOptions const& options) -> std::string {
    try {
      Server const other{options, {}, clock_};
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::rejected);
      return error.what();
    }
    return "it listens";
  };
  EXPECT_NE(why({.address = "127.0.0.1", .port = server_->port()}).find("choose another port"),
            std::string::npos);
  EXPECT_NE(why({.address = "localhost"}).find("numeric"), std::string::npos);
  EXPECT_NE(why({.address = "192.0.2.1"}).find("of this machine"), std::string::npos);
}

}  // namespace
}  // namespace tram::http
