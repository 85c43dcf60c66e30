#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "relay_round.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/base/retry_gate.hpp"
#include "tram/relay/relay.hpp"

namespace tram {

/// One of the sides that a relay works with. Everything is attempted in one way: a failure is
/// counted, and the next attempt waits.
class RelaySide final {
 public:
  RelaySide(std::string_view name, std::uint64_t RelayCounters::* errors, RelayParts const& parts,
            RelayOptions const& options, RelayRound& round)
      : clock_{parts.clock},
        round_{round},
        errors_{errors},
        gate_{{.events = "relay", .owner_field = "relay", .owner = options.name, .with = name},
              {.first = options.back_off_first, .longest = options.back_off_longest},
              parts.random,
              parts.logger} {}

  [[nodiscard]] bool may_be_tried() const { return gate_.may_be_tried(round_.now()); }
  [[nodiscard]] SteadyTime not_before() const { return gate_.not_before(); }
  /// The last error, empty when all is well.
  [[nodiscard]] std::string const& trouble() const { return gate_.trouble(); }

  /// True when `work` did not throw, which proves that this side is well.
  template <class Work>
  bool attempt(Work const& work) {
    if (!attempt_without_proof(work)) return false;
    succeeded();
    return true;
  }
  /// The same for work that also succeeds while this side is away.
  template <class Work>
  bool attempt_without_proof(Work const& work) {
    try {
      work();
      return true;
    } catch (Error const& error) {
      failed(error);
      return false;
    }
  }
  void failed(Error const& error) {
    ++(round_.counters().*errors_);
    // The pause begins where the call ends, however long it took.
    gate_.failed(error, clock_.steady());
  }
  void succeeded() { gate_.succeeded(); }

 private:
  Clock& clock_;
  RelayRound& round_;
  std::uint64_t RelayCounters::* errors_;
  RetryGate gate_;
};

}  // namespace tram
