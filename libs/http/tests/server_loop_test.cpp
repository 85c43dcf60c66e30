#include "server_loop.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "http_client.hpp"

namespace tram::http {
namespace {

using namespace std::chrono_literals;

/// The machine's, which tells of each look at it.
class WatchedClock final : public Clock {
 public:
  explicit WatchedClock(std::function<void(SteadyTime)> seen) : seen_{std::move(seen)} {}
  [[nodiscard]] WallTime wall() const override { return clock_.wall(); }
  [[nodiscard]] SteadyTime steady() const override {
    auto const now = clock_.steady();
    seen_(now);
    return now;
  }
  void pause(Duration duration, std::stop_token const& stop) override {
    clock_.pause(duration, stop);
  }

 private:
  SystemClock clock_;
  std::function<void(SteadyTime)> seen_;
};

/// While it lives, the process gets no further descriptors.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &usual_);
    int const lowest = ::dup(STDERR_FILENO);
    ::close(lowest);
    rlimit limit{usual_};
    limit.rlim_cur = static_cast<rlim_t>(lowest);
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &usual_); }
  NoDescriptors(NoDescriptors const&) = delete;
  NoDescriptors& operator=(NoDescriptors const&) = delete;

 private:
  rlimit usual_{};
};

TEST(ServerLoop, looks_for_clients_now_and_then_while_there_are_no_descriptors) {
  std::stop_source stop;
  std::optional<NoDescriptors> none;
  auto const began = SystemClock{}.steady();
  int looks = 0;
  WatchedClock clock{[&](SteadyTime now) {
    ++looks;
    if (now - began > 300ms) none.reset();
  }};
  Router const router{{{"GET", "/last", [&](Request const&) {
                          stop.request_stop();
                          return Response{.body = "answered"};
                        }}}};
  Logger const logger;
  Listener listener{"127.0.0.1", 0};
  WakeUp news{"test"};
  HandlerThreads handlers{{.threads = 1, .jobs_max = 1}, router, logger, news};
  ServerLoop loop{{}, listener, handlers, news, clock};
  Client client{listener.port()};
  client.send("GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");

  none.emplace();
  loop.run(stop.get_token());
  EXPECT_TRUE(client.rest().ends_with("answered"));
  EXPECT_LT(looks, 100);
}

TEST(ServerLoop, reads_from_those_who_came_before_others_take_their_places) {
  std::stop_source stop;
  SystemClock clock;
  Router const router{{{"GET", "/health",
                        [&](Request const&) {
                          stop.request_stop();
                          return Response{.body = "well"};
                        },
                        Urgency::health}}};
  Logger const logger;
  Listener listener{"127.0.0.1", 0};
  WakeUp news{"test"};
  HandlerThreads handlers{{.threads = 1, .jobs_max = 8}, router, logger, news};
  ServerLoop loop{{.connections_max = 8}, listener, handlers, news, clock};
  Client prober{listener.port()};
  prober.send("GET /health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  std::vector<std::unique_ptr<Client>> others;
  for (int number = 0; number < 100; ++number)
    others.push_back(std::make_unique<Client>(listener.port()));
  auto const give_up = Deadline::after(clock, 20s);
  std::jthread const watch{[&](std::stop_token const& done) {
    clock.pause(give_up.remaining(clock), done);
    stop.request_stop();
  }};

  loop.run(stop.get_token());
  EXPECT_FALSE(give_up.reached(clock));
  EXPECT_TRUE(prober.rest().ends_with("well"));
}

}  // namespace
}  // namespace tram::http
