#pragma once

#include "relay_side.hpp"
#include "tram/relay/change_source.hpp"

namespace tram {

class OutboxRetention;

/// Has old rows of the outbox removed, a few at a time, so that publishing does not wait for it.
class OldRowRemover final {
 public:
  OldRowRemover(RelayParts const& parts, RelayOptions const& options, RelayRound& round);

  [[nodiscard]] RelaySide const& side() const { return side_; }
  /// Old rows are removed at all.
  [[nodiscard]] bool removes() const { return retention_ != nullptr; }
  [[nodiscard]] SteadyTime next() const { return next_; }
  /// One batch, of rows that are published up to here.
  void remove_some(LogPosition published);

 private:
  OutboxRetention* retention_;
  RelayOptions const& options_;
  RelayRound& round_;
  RelaySide side_;
  SteadyTime next_{};
};

}  // namespace tram
