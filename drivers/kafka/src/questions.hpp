#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "tram/base/error.hpp"

namespace tram::kafka {

/// Asks what the client library can only wait for, in threads, so that a stop ends the wait at
/// once. What was asked is then still open: the destructor waits for it, so it goes before the
/// client, as `first` of `end_client`.
class Questions {
 public:
  /// Nothing when the stop came before the answer. `question` uses nothing but the client and what
  /// it owns.
  template <class Question>
  auto ask(Question question, std::stop_token const& stop) -> std::optional<decltype(question())> {
    using Answer = decltype(question());
    if (!stop.stop_possible()) return question();
    auto const open = std::make_shared<Open<Answer>>();
    start([open, question = std::move(question)] { open->set(question()); });
    auto answer = open->await(stop);
    if (answer) threads_.pop_back();
    return answer;
  }

 private:
  template <class Answer>
  class Open {
   public:
    void set(Answer answer) {
      {
        std::scoped_lock const lock{mutex_};
        answer_ = std::move(answer);
      }
      news_.notify_all();
    }
    std::optional<Answer> await(std::stop_token const& stop) {
      std::unique_lock lock{mutex_};
      news_.wait(lock, stop, [this] { return answer_.has_value(); });
      return std::exchange(answer_, std::nullopt);
    }

   private:
    std::mutex mutex_;
    std::condition_variable_any news_;
    std::optional<Answer> answer_;
  };

  template <class Function>
  void start(Function function) {
    try {
      threads_.emplace_back(std::move(function));
    } catch (std::system_error const& error) {
      throw Error{Fault::transient, std::string{"kafka: no thread to ask the cluster: "} +
                                        error.what() + "; raise the limit of threads"};
    }
  }

  std::vector<std::jthread> threads_;
};

/// What is thrown where a stop ended the wait.
[[noreturn]] inline void give_up(std::string const& what) {
  throw Error{Fault::transient, "kafka: " + what + ": given up, since a stop was requested"};
}

}  // namespace tram::kafka
