#include "handler_threads.hpp"

#include <deque>
#include <utility>

#include "tram/base/thrown.hpp"

namespace tram::http {
namespace {

Response overloaded() {
  return {.status = 503, .body = "too many requests wait here; try again later\n"};
}

}  // namespace

HandlerThreads::HandlerThreads(Limits limits, Router const& router, Logger const& logger,
                               WakeUp& news)
    : jobs_max_{limits.jobs_max}, router_{router}, logger_{logger}, news_{news} {
  for (unsigned number = 0; number <= limits.threads; ++number) {
    auto const urgency = number == 0 ? Urgency::health : Urgency::normal;
    threads_.emplace_back([this, urgency](std::stop_token const& stop) { run(urgency, stop); });
  }
}

void HandlerThreads::submit(Job job) {
  auto const urgency = router_.urgency(job.head.request.method, job.head.raw_path);
  bool is_full{};
  {
    Lock const lock{mutex_};
    auto& waiting = jobs(urgency);
    is_full = waiting.size() >= jobs_max_;
    if (is_full) answers_.push_back({.connection = job.connection, .response = overloaded()});
    else waiting.push_back(std::move(job));
  }
  if (is_full) news_.raise();
  else came_.notify_all();
}

void HandlerThreads::cancel(std::uint64_t connection) {
  auto const is_its = [&](Job const& job) { return job.connection == connection; };
  Lock const lock{mutex_};
  std::erase_if(normal_, is_its);
  std::erase_if(urgent_, is_its);
}

std::set<std::uint64_t> HandlerThreads::waiting() {
  std::set<std::uint64_t> connections;
  Lock const lock{mutex_};
  for (auto const& job : normal_) connections.insert(job.connection);
  return connections;
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
  try {
    return router_.answer(head.request, head.raw_path);
  } catch (Problem const& problem) {
    return problem_response(problem.status(), problem.what());
  } catch (...) {  // thread top
    logger_.error("http.handler_failed", {{"method", head.request.method},
                                          {"path", head.raw_path},
                                          {"what", describe_current_exception()}});
  }
  return {.status = 500, .body = "something went wrong here; the log says what\n"};
}

}  // namespace tram::http
