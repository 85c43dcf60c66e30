#include "handler_threads.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <cstddef>
#include <cstdint>
#include <latch>
#include <map>
#include <string>

namespace tram::http {
namespace {

class HandlerThreadsTest : public ::testing::Test {
 protected:
  void submit(std::uint64_t connection) {
    threads_.submit(
        {.connection = connection, .head = {.request = {.method = "GET"}, .raw_path = "/waits"}});
  }
  /// The status for each connection.
  std::map<std::uint64_t, int> answers(std::size_t count) {
    std::map<std::uint64_t, int> all;
    while (all.size() < count) {
      pollfd news{.fd = news_.descriptor(), .events = POLLIN, .revents = 0};
      if (::poll(&news, 1, 20'000) <= 0) break;
      news_.lower();
      for (auto const& [connection, response] : threads_.take_answers())
        all[connection] = response.status;
    }
    return all;
  }

  std::latch entered_{1};
  std::latch leave_{1};
  int runs_{};
  Logger logger_;
  WakeUp news_{"test"};
  Router router_{{{"GET", "/waits", [this](Request const&) {
                     if (++runs_ == 1) entered_.count_down();
                     leave_.wait();
                     return Response{};
                   }}}};
  HandlerThreads threads_{{.threads = 1, .jobs_max = 2}, router_, logger_, news_};
};

using Answers = std::map<std::uint64_t, int>;

TEST_F(HandlerThreadsTest, runs_no_job_that_was_cancelled_before_it_began) {
  submit(1);
  entered_.wait();
  submit(2);
  threads_.cancel(1);
  threads_.cancel(2);
  submit(3);
  leave_.count_down();
  EXPECT_EQ(answers(2), (Answers{{1, 200}, {3, 200}}));
  EXPECT_EQ(runs_, 2);
}

TEST_F(HandlerThreadsTest, refuses_jobs_while_too_many_wait) {
  submit(1);
  entered_.wait();
  submit(2);
  submit(3);
  submit(4);
  EXPECT_EQ(answers(1), (Answers{{4, 503}}));
  threads_.cancel(2);
  submit(5);
  leave_.count_down();
  EXPECT_EQ(answers(3), (Answers{{1, 200}, {3, 200}, {5, 200}}));
}

}  // namespace
}  // namespace tram::http
