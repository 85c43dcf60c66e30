#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "tram/base/error.hpp"
#include "tram/base/time.hpp"
#include "tram/broker/record.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// One record of one partition.
struct Delivery {
  TopicPartition source;
  Position position{};
  std::string key;
  std::string value;
};
/// This consumer owns the partition from here on; deliveries start after the last acknowledged
/// position.
struct Assigned {
  TopicPartition partition;
};
/// The partition is revoked. It is lost at the *next* `poll`: until then acknowledgements still
/// count.
struct Revoked {
  TopicPartition partition;
};
/// The group has members of other services, which take messages that this consumer's owner misses
/// (see `ConsumerMode::owner`). Comes when that changes, at the latest half a minute later; without
/// owners when the last of them has left.
struct GroupShared {
  std::vector<std::string> owners;
};
/// The broker does not answer, though there are events before this one. A poll without events
/// throws `transient` instead.
struct BrokerAway {
  Error why;
};
/// The broker removed records before the group read them; not for records older than the group.
struct RecordsExpired {
  TopicPartition partition;
  /// An upper bound: positions may have gaps.
  std::int64_t records{};
};
using ConsumerEvent =
    std::variant<Delivery, Assigned, Revoked, GroupShared, BrokerAway, RecordsExpired>;

/// Receives records as a member of a group, or all of them in broadcast. One thread only. Never
/// waits.
///
///     for (auto const& event : consumer.poll()) {
///       auto const* const record = std::get_if<tram::Delivery>(&event);
///       if (record == nullptr) continue;
///       handle(record->value);
///       consumer.acknowledge(record->source, record->position);
///     }
class Consumer {
 public:
  virtual ~Consumer() = default;
  /// What happened since the last call; at most a few hundred deliveries at once. Must be called at
  /// least once a second, paused or not, for that is also what keeps the membership. Deliveries of
  /// one partition come in order, and none comes twice without a Revoked and an Assigned in
  /// between. Throws: transient (the broker does not answer; the consumer recovers by itself),
  /// broken (take a new consumer), rejected (not authorised, illegal channel).
  virtual std::vector<ConsumerEvent> poll() = 0;
  /// Everything up to the record at `last` is done, that record included: after a restart or a
  /// rebalance deliveries start with the one after it. Stored soon, at the latest at a revocation
  /// and in `close`; late is harmless, since the inbox filters repeats. Ignored for a partition not
  /// owned any more.
  virtual void acknowledge(TopicPartition const& partition, Position last) = 0;
  /// No deliveries of this partition until resumed; those already returned stay with the caller.
  virtual void pause(TopicPartition const& partition) = 0;
  virtual void resume(TopicPartition const& partition) = 0;
  /// Stores what was acknowledged and leaves the group, so that others take over at once. Waits at
  /// most `timeout`; later calls do nothing. The destructor drops everything without storing, as a
  /// crash would.
  virtual void close(Duration timeout) noexcept = 0;
  /// Readable (poll(2), POLLIN) when `poll` has something; -1 for a consumer that must simply be
  /// polled.
  [[nodiscard]] virtual int descriptor() const = 0;
  /// The channels that were missing and were created for it.
  [[nodiscard]] virtual std::vector<std::string> created_channels() const { return {}; }
};

struct ConsumerMode;

/// What a driver says where the mode allows no channel to be created. Throws: rejected, unless
/// `missing` is empty.
void refuse_missing_channels(ConsumerMode const& mode, std::vector<std::string> const& missing);

}  // namespace tram

#pragma GCC visibility pop
