#pragma once

#include <cstddef>
#include <limits>

#include "tram/base/clock.hpp"
#include "tram/base/time.hpp"

namespace tram::kafka {

/// Whether the next record of a partition may be handed to the client. Pure.
///
/// A partition's leader takes any first sequence number of a producer that it does not know. If it
/// refused the first request of a producer while a second was on its way, it could take the second,
/// and librdkafka then counts the first as written, too. So one record goes alone until one was
/// acknowledged; from there on the leader knows the producer and refuses what leaves a gap. What a
/// leader knew may be gone after a while in which nothing was sent: the topic may have been made
/// anew.
///
/// Where the leader takes smaller batches than the client makes, no more bytes are on their way
/// than one batch may have: so none is refused for its size, with later ones behind it that land. A
/// record that is too large by itself goes alone.
class PartitionGate {
 public:
  static constexpr Duration known_for{std::chrono::seconds{1}};

  static constexpr std::size_t no_limit{std::numeric_limits<std::size_t>::max()};

  /// For a record that counts as `bytes`, where one batch may have `most`.
  [[nodiscard]] bool open(std::size_t bytes = 0, std::size_t most = no_limit) const {
    return on_its_way_ == 0 || (leader_knows_producer_ && bytes + bytes_ <= most);
  }
  void handed_over(Clock const& clock, std::size_t bytes = 0);
  /// One record is written, by the leader's own word.
  void acknowledged(Clock const& clock, std::size_t bytes = 0);
  void refused(std::size_t bytes = 0) { arrived(bytes); }

 private:
  /// A record may count as less than when it went, since the limit was told meanwhile.
  void arrived(std::size_t bytes) {
    --on_its_way_;
    bytes_ = on_its_way_ == 0 ? 0 : bytes_ - bytes;
  }

  std::size_t on_its_way_{};
  /// Of all on their way.
  std::size_t bytes_{};
  bool leader_knows_producer_{};
  SteadyTime acknowledged_{};
};

}  // namespace tram::kafka
