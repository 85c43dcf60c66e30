#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <stop_token>
#include <thread>
#include <vector>

#include "request_head.hpp"
#include "router.hpp"
#include "tram/base/log.hpp"
#include "tram/base/mutex.hpp"
#include "tram/base/wake_up.hpp"

namespace tram::http {

/// The threads that run handlers, one of them for urgent routes alone: these wait for no other
/// handler.
class HandlerThreads {
 public:
  struct Job {
    std::uint64_t connection{};
    RequestHead head;
  };
  struct Answer {
    std::uint64_t connection{};
    Response response;
  };

  struct Limits {
    unsigned threads;
    /// Of those that wait for a thread, urgent ones apart.
    std::size_t jobs_max;
  };

  /// Raises `news` when an answer is there. The other three outlive this.
  HandlerThreads(Limits limits, Router const& router, Logger const& logger, WakeUp& news);

  /// Never waits for a handler. When too many jobs wait, the answer is 503.
  void submit(Job job) TRAM_EXCLUDES(mutex_);
  /// Removes the connection's job if no handler has it yet: nobody waits for its answer.
  void cancel(std::uint64_t connection) TRAM_EXCLUDES(mutex_);
  /// The connections whose jobs wait for a thread, urgent ones apart: these wait for nobody.
  std::set<std::uint64_t> waiting() TRAM_EXCLUDES(mutex_);
  /// Those that are there now.
  std::vector<Answer> take_answers() TRAM_EXCLUDES(mutex_);

 private:
  void run(Urgency urgency, std::stop_token const& stop);
  std::optional<Job> next(Urgency urgency, std::stop_token const& stop) TRAM_EXCLUDES(mutex_);
  Response answer(RequestHead& head);
  std::deque<Job>& jobs(Urgency urgency) TRAM_REQUIRES(mutex_) {
    return urgency == Urgency::health ? urgent_ : normal_;
  }

  std::size_t jobs_max_;
  Router const& router_;
  Logger const& logger_;
  WakeUp& news_;
  Mutex mutex_;
  std::condition_variable_any came_;
  std::deque<Job> normal_ TRAM_GUARDED_BY(mutex_);
  std::deque<Job> urgent_ TRAM_GUARDED_BY(mutex_);
  std::vector<Answer> answers_ TRAM_GUARDED_BY(mutex_);
  std::vector<std::jthread> threads_;
};

}  // namespace tram::http
