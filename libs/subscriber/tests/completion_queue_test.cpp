#include "completion_queue.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <deque>

namespace tram {
namespace {
using namespace std::chrono_literals;

/// Workers whose jobs the test runs.
class ListedWorkers final : public Workers {
 public:
  void submit(Job job) override { jobs_.push_back(std::move(job)); }
  [[nodiscard]] std::size_t count() const override { return 2; }
  void run(std::size_t jobs) {
    for (; jobs > 0; --jobs) {
      auto const job = std::move(jobs_.front());
      jobs_.pop_front();
      job();
    }
  }

 private:
  std::deque<Job> jobs_;
};

class JobBoardTest : public ::testing::Test {
 protected:
  void submit(std::size_t jobs) {
    for (; jobs > 0; --jobs) {
      board_->submit(workers_, [] { return CompletionQueue::Continuation{[] {}}; });
    }
  }
  [[nodiscard]] bool is_woken() const {
    pollfd descriptor{.fd = board_->descriptor(), .events = POLLIN, .revents = 0};
    return ::poll(&descriptor, 1, 0) == 1;
  }
  /// A job that is at work while the function runs.
  template <class Function>
  void during_a_job(Function function) {
    board_->submit(workers_, [function] {
      function();
      return CompletionQueue::Continuation{[] {}};
    });
    workers_.run(1);
  }

  ManualClock clock_;
  ListedWorkers workers_;
  std::shared_ptr<CompletionQueue> board_ =
      std::make_shared<CompletionQueue>(clock_, workers_.count());
};

TEST_F(JobBoardTest, wakes_nobody_who_does_not_sleep) {
  submit(1);
  workers_.run(1);
  EXPECT_FALSE(is_woken());
  EXPECT_FALSE(board_->prepare_to_sleep());
  EXPECT_EQ(board_->take().size(), 1U);
  EXPECT_TRUE(board_->prepare_to_sleep());
}

TEST_F(JobBoardTest, lets_the_loop_sleep_while_the_workers_have_enough_to_do) {
  during_a_job([&] {
    submit(4);
    ASSERT_TRUE(board_->prepare_to_sleep());
    workers_.run(2);
    EXPECT_FALSE(is_woken());
    workers_.run(1);
    EXPECT_TRUE(is_woken());
  });
  EXPECT_EQ(board_->take().size(), 4U);
}

TEST_F(JobBoardTest, wakes_the_loop_when_nothing_runs_any_more) {
  submit(4);
  ASSERT_TRUE(board_->prepare_to_sleep());
  workers_.run(1);
  EXPECT_TRUE(is_woken());
}

TEST_F(JobBoardTest, wakes_a_loop_that_has_slept_for_a_while) {
  during_a_job([&] {
    submit(9);
    ASSERT_TRUE(board_->prepare_to_sleep());
    workers_.run(1);
    EXPECT_FALSE(is_woken());
    clock_.advance(5ms);
    workers_.run(1);
    EXPECT_TRUE(is_woken());
    board_->awake();
    board_->calm();
    EXPECT_FALSE(is_woken());
  });
}

}  // namespace
}  // namespace tram
