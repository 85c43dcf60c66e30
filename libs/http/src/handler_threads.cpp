#include "handler_threads.hpp"

#include <exception>
#include <string>
#include <utility>

namespace tram::http {

HandlerThreads::HandlerThreads(unsigned threads, Router const& router, Logger const& logger,
                               WakeUp& news)
    : router_{router}, logger_{logger}, news_{news} {
  for (unsigned number = 0; number <= threads; ++number) {
    auto const urgency = number == 0 ? Urgency::health : Urgency::normal;
    threads_.emplace_back([this, urgency](std::stop_token const& stop) { run(urgency, stop); });
  }
}

void HandlerThreads::submit(Job job) {
  auto const urgency = router_.urgency(job.head.request.method, job.head.raw_path);
  {
    Lock const lock{mutex_};
    jobs(urgency).push_back(std::move(job));
  }
  came_.notify_all();
}

std::vector<HandlerThreads::Answer> HandlerThreads::take_answers() {
  Lock const lock{mutex_};
  return std::exchange(answers_, {});
}

void HandlerThreads::run(Urgency urgency, std::stop_token const& stop) {
  while (auto job = next(urgency, stop)) {
    Answer answered{.connection = job->connection, .response = answer(job->head)};
    {
      Lock const lock{mutex_};
      answers_.push_back(std::move(answered));
    }
    news_.raise();
  }
}

std::optional<HandlerThreads::Job> HandlerThreads::next(Urgency urgency,
                                                        std::stop_token const& stop) {
  std::optional<Job> job;
  mutex_.lock();
  came_.wait(mutex_, stop, [&]() TRAM_REQUIRES(mutex_) { return !jobs(urgency).empty(); });
  if (!stop.stop_requested()) {
    job = std::move(jobs(urgency).front());
    jobs(urgency).pop_front();
  }
  mutex_.unlock();
  return job;
}

Response HandlerThreads::answer(RequestHead& head) {
  if (head.malformed_query) return {.status = 400, .body = "the query is not well-formed\n"};
  std::string trouble;
  try {
    return router_.answer(head.request, head.raw_path);
  } catch (std::exception const& error) { trouble = error.what(); } catch (...) {  // thread top
    trouble = "something that is no exception was thrown";
  }
  logger_.error("http.handler_failed",
                {{"method", head.request.method}, {"path", head.raw_path}, {"what", trouble}});
  return {.status = 500, .body = "something went wrong here; the log says what\n"};
}

}  // namespace tram::http
