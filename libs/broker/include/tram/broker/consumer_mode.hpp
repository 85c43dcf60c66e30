#pragma once

#include <cstdint>
#include <string>

#pragma GCC visibility push(default)

namespace tram {

/// How a consumer takes part.
struct ConsumerMode {
  enum class Kind : std::uint8_t {
    /// Partitions are shared among the members of `group`; positions are kept per group.
    group,
    /// Every consumer gets every record from now on; nothing is kept. For replies awaited by one
    /// process.
    broadcast,
  };
  Kind kind{Kind::group};
  /// The group's name at the broker (after subscriber mapping); ignored for broadcast.
  std::string group{};
  /// On whose behalf it takes part, as the name of a service: the members of a group should all be
  /// one owner's, or messages are split between several. 200 bytes of it count; a member without
  /// one reports nothing, and is not reported.
  std::string owner{};
  /// Where a new group starts: at the first record, or behind the last one. With `latest` the
  /// broker stores that place before it announces a partition, so that the group passes over
  /// nothing from then on. Partitions and topics that come later are read from their beginning. Two
  /// exceptions on Kafka: a group is new again when Kafka has dropped its positions
  /// (`offsets.retention.minutes`, a week unless changed), or when its only topic was deleted and
  /// created again while no process with a member ran.
  enum class Start : std::uint8_t { earliest, latest } start{Start::earliest};
  /// Off: a channel that is missing is refused. Where teams create channels themselves, a name that
  /// is mistyped is told in place of a channel that nobody writes to.
  bool create_channels{true};
};

}  // namespace tram

#pragma GCC visibility pop
