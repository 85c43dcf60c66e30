#pragma once

#include <poll.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/broker/broker.hpp"
#include "tram/testkit/broker_probe.hpp"

namespace tram::testing {

/// Publishes a list of records as a relay does: takes a new producer when one is finished, and
/// goes on from the first record that was not completed.
class Publisher {
 public:
  Publisher(Broker& broker, std::vector<testkit::OwnedRecord> records)
      : broker_{broker}, records_{std::move(records)}, state_(records_.size()) {}

  /// One round; waits for news at most a little.
  void step() {
    try {
      if (!producer_) take_producer();
      while (next_ < std::min(submit_max_, records_.size()) && submit(next_)) ++next_;
      wait();
      take_completions();
    } catch (Error const& error) { finished(error); }
  }
  /// Keeps the later ones back until told otherwise.
  void submit_only(std::size_t first_records) { submit_max_ = first_records; }
  void submit_all() { submit_max_ = records_.size(); }
  [[nodiscard]] std::size_t completed() const { return completed_; }
  [[nodiscard]] bool done() const { return completed_ == records_.size(); }
  [[nodiscard]] std::size_t producers() const { return producers_; }
  /// Why producers were finished.
  [[nodiscard]] std::vector<std::string> const& troubles() const { return troubles_; }
  /// Index and reason of records that were refused.
  [[nodiscard]] std::map<std::size_t, std::string> const& refused() const { return refused_; }
  [[nodiscard]] std::vector<testkit::OwnedRecord> const& records() const { return records_; }

 private:
  void take_producer() {
    producer_ = broker_.producer();
    ++producers_;
    next_ = first_open();
    sequences_.clear();
  }
  bool submit(std::size_t index) {
    if (refused_.contains(index)) return true;
    auto const& record = records_[index];
    RecordView const view{.channel = record.channel, .key = record.key, .value = record.value};
    if (!producer_->submit(view, last_sequence_ + 1)) return false;
    sequences_[++last_sequence_] = index;
    return true;
  }
  void wait() {
    pollfd news{.fd = producer_->descriptor(), .events = POLLIN, .revents = 0};
    ::poll(&news, 1, 20);
  }
  void take_completions() {
    for (auto const& completion : producer_->completions()) {
      auto const& error = completion.error;
      if (error && error->fault() != Fault::rejected) {
        finished(*error);
        return;
      }
      auto const index = sequences_.at(completion.sequence);
      if (error) refused_[index] = error->what();
      if (!state_[index]) ++completed_;
      state_[index] = true;
    }
  }
  void finished(Error const& error) {
    troubles_.emplace_back(error.what());
    producer_.reset();
  }
  [[nodiscard]] std::size_t first_open() const {
    std::size_t index = 0;
    while (index < state_.size() && state_[index]) ++index;
    return index;
  }

  Broker& broker_;
  std::vector<testkit::OwnedRecord> records_;
  std::vector<bool> state_;
  std::unique_ptr<Producer> producer_;
  std::map<Sequence, std::size_t> sequences_;
  Sequence last_sequence_{};
  std::size_t next_{};
  std::size_t submit_max_{records_.size()};
  std::size_t completed_{};
  std::size_t producers_{};
  std::vector<std::string> troubles_;
  std::map<std::size_t, std::string> refused_;
};

}  // namespace tram::testing
