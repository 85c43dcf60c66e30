#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tram/base/detail/function.hpp"
#include "tram/base/detail/memory.hpp"
#include "tram/base/time.hpp"
#include "tram/broker/broker.hpp"

#pragma GCC visibility push(default)

namespace tram::testkit {

/// A consumer that records all events and every breach of the seam's promises. One thread only.
///
///     ConsumerProbe probe{broker.subscribe(mode, channels)};
///     probe.poll();
///     EXPECT_TRUE(probe.breaches().empty());
class ConsumerProbe {
 public:
  explicit ConsumerProbe(std::unique_ptr<Consumer> consumer) : consumer_{std::move(consumer)} {}

  /// Polls once and notes what came. Never waits. Throws: as Consumer::poll, but `transient` is
  /// taken as "nothing yet".
  void poll();
  /// Acknowledges all that was delivered.
  void acknowledge_all();
  void pause(TopicPartition const& partition);
  void resume(TopicPartition const& partition);
  /// Ends it as a crash would.
  void crash() { consumer_.reset(); }
  /// Null after a crash.
  [[nodiscard]] Consumer* consumer() const { return consumer_.get(); }

  [[nodiscard]] std::vector<Delivery> const& deliveries() const { return deliveries_; }
  /// The values delivered, in order of delivery.
  [[nodiscard]] std::vector<std::string> values() const;
  /// The values delivered with this key, in order of delivery.
  [[nodiscard]] std::vector<std::string> values_of(std::string const& key) const;
  /// Owned, and not being revoked.
  [[nodiscard]] std::set<TopicPartition> const& owned() const { return owned_; }
  /// Revoked by the last poll, so that acknowledgements still count.
  [[nodiscard]] std::vector<TopicPartition> const& just_revoked() const { return just_revoked_; }
  [[nodiscard]] std::size_t revocations() const { return revocations_; }
  /// The other owners of members of the group, as reported last.
  [[nodiscard]] std::vector<std::string> const& others() const { return others_; }
  /// Records that the broker removed before they were read.
  [[nodiscard]] std::int64_t expired() const { return expired_; }
  /// Breaches of promises, in words.
  [[nodiscard]] std::vector<std::string> const& breaches() const { return breaches_; }

 private:
  void note(Delivery const& delivery);
  void note(Assigned const& assigned);
  void note(Revoked const& revoked);
  void note(BrokerAway const& /*away*/) {}
  void note(GroupShared const& shared) { others_ = shared.owners; }
  void note(RecordsExpired const& event) { expired_ += event.records; }
  void breach(std::string const& what, TopicPartition const& partition);

  std::unique_ptr<Consumer> consumer_;
  std::vector<Delivery> deliveries_;
  std::set<TopicPartition> owned_;
  std::set<TopicPartition> paused_;
  std::vector<TopicPartition> just_revoked_;
  /// The last position of each partition since it was assigned.
  std::map<TopicPartition, Position> last_;
  std::size_t revocations_{};
  std::vector<std::string> others_;
  std::int64_t expired_{};
  std::vector<std::string> breaches_;
};

/// Polls all probes until `condition` holds, waiting on their descriptors between polls; false when
/// `patience` has passed.
bool poll_until(Clock const& clock, Duration patience, std::initializer_list<ConsumerProbe*> probes,
                std::function<bool()> const& condition);

/// A record that owns its bytes.
struct OwnedRecord {
  std::string channel;
  std::string key;
  std::string value;
};

/// A producer that numbers records and collects their completions. One thread only.
///
///     ProducerProbe probe{broker.producer(), clock, std::chrono::seconds{10}};
///     auto const number = probe.submit({"orders", "7", "value"});
///     EXPECT_TRUE(probe.settle() && probe.landed(number.value()));
class ProducerProbe {
 public:
  ProducerProbe(std::unique_ptr<Producer> producer, Clock const& clock, Duration patience)
      : producer_{std::move(producer)}, clock_{clock}, patience_{patience} {}

  /// Submits, waiting for completions while the window is full. The record's number; nothing when
  /// patience ran out.
  std::optional<Sequence> submit(OwnedRecord const& record);
  /// Waits until everything submitted is completed; false when patience ran out.
  bool settle();
  /// Submits all and settles.
  bool publish(std::vector<OwnedRecord> const& records);

  /// True once when this record was completed without an error.
  [[nodiscard]] bool landed(Sequence sequence) const;
  /// The fault of a completion with an error.
  [[nodiscard]] std::optional<Fault> fault(Sequence sequence) const;
  /// Completed more than once, or never submitted.
  [[nodiscard]] std::vector<Sequence> const& strays() const { return strays_; }
  [[nodiscard]] Producer& producer() { return *producer_; }
  [[nodiscard]] std::size_t open() const { return open_.size(); }

 private:
  bool await_news(SteadyTime give_up);
  void take();

  std::unique_ptr<Producer> producer_;
  Clock const& clock_;
  Duration patience_;
  Sequence last_{};
  std::set<Sequence> open_;
  std::map<Sequence, std::optional<Fault>> completed_;
  std::vector<Sequence> strays_;
};

}  // namespace tram::testkit

#pragma GCC visibility pop
