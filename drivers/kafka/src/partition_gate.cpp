#include "partition_gate.hpp"

namespace tram::kafka {

void PartitionGate::handed_over(Clock const& clock, std::size_t bytes) {
  if (on_its_way_ == 0 && clock.steady() - acknowledged_ > known_for) {
    leader_knows_producer_ = false;
  }
  ++on_its_way_;
  bytes_ += bytes;
}

void PartitionGate::acknowledged(Clock const& clock, std::size_t bytes) {
  arrived(bytes);
  leader_knows_producer_ = true;
  if (on_its_way_ == 0) acknowledged_ = clock.steady();
}

}  // namespace tram::kafka
