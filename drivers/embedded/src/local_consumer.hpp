#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "consumer_store.hpp"
#include "groups.hpp"
#include "tram/broker/broker.hpp"

namespace tram::embedded {

/// What a consumer works with.
struct ConsumerParts {
  std::unique_ptr<ConsumerStore> store;
  // Shared: a consumer may outlive its broker.
  std::shared_ptr<Groups> groups;
  // Shared with whoever rings.
  std::shared_ptr<EventSignal> signal;
  Clock& clock;
};

/// What it is to read.
struct ConsumerOrder {
  ConsumerMode mode;
  /// All partitions of all its channels.
  std::vector<TopicPartition> wanted;
  /// The group's last known generation.
  Generation generation{};
  /// The least time between two times of storing positions, except at a revocation and in `close`.
  Duration store_interval{};
  std::vector<std::string> created{};
};

/// Adds the partitions of one channel to what is wanted, once.
void add_partitions(ConsumerOrder& order, std::string const& channel, std::int32_t partitions);

/// The consumer of both brokers: a member of a group, or a listener to everything.
class LocalConsumer final : public Consumer {
 public:
  LocalConsumer(ConsumerParts parts, ConsumerOrder order);
  ~LocalConsumer() override;
  LocalConsumer(LocalConsumer const&) = delete;
  LocalConsumer& operator=(LocalConsumer const&) = delete;

  std::vector<ConsumerEvent> poll() override;
  void acknowledge(TopicPartition const& partition, Position last) override;
  void pause(TopicPartition const& partition) override;
  void resume(TopicPartition const& partition) override;
  void close(Duration timeout) noexcept override;
  [[nodiscard]] int descriptor() const override { return parts_.signal->descriptor(); }
  [[nodiscard]] std::vector<std::string> created_channels() const override {
    return order_.created;
  }

 private:
  struct Owned {
    TopicPartition partition;
    Generation generation{};
    /// Where to read on.
    Offset next{};
    /// One past the last record that is done.
    std::optional<Offset> acknowledged;
    bool paused{};
    /// The caller knows that it is revoked; the next poll gives it up.
    bool leaving{};
  };
  using Events = std::vector<ConsumerEvent>;

  void listen();
  void announce(Events& events);
  void follow_group(Events& events);
  void tell_others(std::set<std::string> const& others, Events& events);
  void join();
  void lose_everything(Events& events);
  void finish_revocations();
  void begin_revocations(std::vector<TopicPartition> const& partitions, Events& events);
  void assign(Events& events);
  [[nodiscard]] Offset start_of(Claim const& claim);
  [[nodiscard]] bool storing_is_due() const;
  void store_acknowledged();
  [[nodiscard]] bool try_to_store() noexcept;
  void deliver(Events& events);
  void read(Owned& owned, std::size_t max, Events& events);
  void raise_later(Events const& events);
  [[nodiscard]] Owned* find(TopicPartition const& partition);
  void leave() noexcept;

  ConsumerParts parts_;
  ConsumerOrder order_;
  std::optional<Membership> membership_;
  std::vector<Owned> owned_;
  /// Taken in the group, not yet claimed in the store.
  std::deque<Claim> claims_;
  /// What was told last.
  std::vector<std::string> others_;
  std::size_t first_to_read_{};
  SteadyTime stored_at_{};
  bool announced_{};
  bool closed_{};
};

}  // namespace tram::embedded
