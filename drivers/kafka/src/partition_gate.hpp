#pragma once

#include <cstddef>

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
class PartitionGate {
 public:
  static constexpr Duration known_for{std::chrono::seconds{1}};

  [[nodiscard]] bool open() const { return on_its_way_ == 0 || leader_knows_producer_; }
  void handed_over(Clock const& clock);
  /// One record is written, by the leader's own word.
  void acknowledged(Clock const& clock);
  void refused() { --on_its_way_; }

 private:
  std::size_t on_its_way_{};
  bool leader_knows_producer_{};
  SteadyTime acknowledged_{};
};

}  // namespace tram::kafka
