#include "tram/testkit/broker_probe.hpp"

#include <poll.h>

#include <utility>

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"

namespace tram::testkit {
namespace {

/// The longest wait between two polls: a member must poll once a second, and a consumer without a
/// descriptor simply often.
constexpr int wait_milliseconds{50};

void wait_on(std::vector<int> const& descriptors) {
  std::vector<pollfd> waits;
  for (auto const descriptor : descriptors) {
    if (descriptor >= 0) waits.push_back({.fd = descriptor, .events = POLLIN, .revents = 0});
  }
  ::poll(waits.data(), waits.size(), wait_milliseconds);
}

}  // namespace

void ConsumerProbe::poll() {
  if (!consumer_) return;
  just_revoked_.clear();
  try {
    for (auto const& event : consumer_->poll()) {
      std::visit([this](auto const& each) { note(each); }, event);
    }
  } catch (Error const& error) {
    if (error.fault() != Fault::transient) throw;
  }
}

void ConsumerProbe::acknowledge_all() {
  for (auto const& [partition, position] : last_) consumer_->acknowledge(partition, position);
}

void ConsumerProbe::pause(TopicPartition const& partition) {
  paused_.insert(partition);
  consumer_->pause(partition);
}

void ConsumerProbe::resume(TopicPartition const& partition) {
  paused_.erase(partition);
  consumer_->resume(partition);
}

std::vector<std::string> ConsumerProbe::values() const {
  std::vector<std::string> values;
  for (auto const& delivery : deliveries_) values.push_back(delivery.value);
  return values;
}

std::vector<std::string> ConsumerProbe::values_of(std::string const& key) const {
  std::vector<std::string> values;
  for (auto const& delivery : deliveries_) {
    if (delivery.key == key) values.push_back(delivery.value);
  }
  return values;
}

void ConsumerProbe::note(Delivery const& delivery) {
  auto const& source = delivery.source;
  if (!owned_.contains(source)) breach("a delivery from a partition not owned", source);
  if (paused_.contains(source)) breach("a delivery from a paused partition", source);
  auto const [last, first] = last_.emplace(source, delivery.position);
  if (!first && delivery.position <= last->second) {
    breach("positions do not ascend within one assignment", source);
  }
  last->second = delivery.position;
  deliveries_.push_back(delivery);
}

void ConsumerProbe::note(Assigned const& assigned) {
  bool const added = owned_.insert(assigned.partition).second;
  if (!added) breach("assigned although it is owned", assigned.partition);
  last_.erase(assigned.partition);
  paused_.erase(assigned.partition);
}

void ConsumerProbe::note(Revoked const& revoked) {
  if (owned_.erase(revoked.partition) == 0) {
    breach("revoked although it is not owned", revoked.partition);
  }
  just_revoked_.push_back(revoked.partition);
  ++revocations_;
}

void ConsumerProbe::breach(std::string const& what, TopicPartition const& partition) {
  breaches_.push_back(what + ": " + partition.channel + " " + std::to_string(partition.partition));
}

bool poll_until(Clock const& clock, Duration patience, std::initializer_list<ConsumerProbe*> probes,
                std::function<bool()> const& condition) {
  auto const give_up = clock.steady() + patience;
  for (;;) {
    for (auto* const probe : probes) {
      probe->poll();
      // After each, so that a state between two polls can be waited for.
      if (condition()) return true;
    }
    if (clock.steady() >= give_up) return false;
    std::vector<int> descriptors;
    for (auto* const probe : probes) {
      if (probe->consumer() != nullptr) descriptors.push_back(probe->consumer()->descriptor());
    }
    wait_on(descriptors);
  }
}

std::optional<Sequence> ProducerProbe::submit(OwnedRecord const& record) {
  auto const give_up = clock_.steady() + patience_;
  RecordView const view{.channel = record.channel, .key = record.key, .value = record.value};
  while (!producer_->submit(view, last_ + 1)) {
    if (!await_news(give_up)) return std::nullopt;
  }
  open_.insert(++last_);
  return last_;
}

bool ProducerProbe::settle() {
  auto const give_up = clock_.steady() + patience_;
  take();
  while (!open_.empty()) {
    if (!await_news(give_up)) return false;
  }
  return true;
}

bool ProducerProbe::publish(std::vector<OwnedRecord> const& records) {
  for (auto const& record : records) {
    if (!submit(record)) return false;
  }
  return settle();
}

bool ProducerProbe::landed(Sequence sequence) const {
  auto const found = completed_.find(sequence);
  return found != completed_.end() && !found->second;
}

std::optional<Fault> ProducerProbe::fault(Sequence sequence) const {
  auto const found = completed_.find(sequence);
  return found == completed_.end() ? std::nullopt : found->second;
}

bool ProducerProbe::await_news(SteadyTime give_up) {
  if (clock_.steady() >= give_up) return false;
  // Without a descriptor news is ready right after `submit`.
  if (producer_->descriptor() >= 0) wait_on({producer_->descriptor()});
  take();
  return true;
}

void ProducerProbe::take() {
  for (auto const& completion : producer_->completions()) {
    if (open_.erase(completion.sequence) == 0) strays_.push_back(completion.sequence);
    completed_[completion.sequence] =
        completion.error ? std::optional{completion.error->fault()} : std::nullopt;
  }
}

}  // namespace tram::testkit
