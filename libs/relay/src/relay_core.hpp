#pragma once

#include <cstdint>

#include "tram/base/time.hpp"

namespace tram {

/// What a relay knows when it decides what to do.
struct RelayFacts {
  SteadyTime now{};
  /// From here on nothing new is read or published.
  bool draining{};
  bool has_producer{};
  /// A producer broke, and nothing has landed since.
  bool broker_doubted{};
  /// Which keys are held was read since the last restart of the window.
  bool held_known{};
  /// Rows are read and not taken into the window.
  bool rows_pending{};
  bool window_open{};
  bool window_empty{};
  /// The source starts again at the confirmed position: what is in flight must be done first.
  bool read_after_completion{};
  /// The last read found nothing …
  bool source_empty{};
  /// … because there is nothing more.
  bool all_seen{};
  bool source_troubled{};
  /// Rows of the window are to be stored, or are stored rows that are published again, …
  bool waiting_to_be_held{};
  bool replays_in_flight{};
  /// … and what came of these is not written down.
  bool replays_to_settle{};
  /// There is a retention, and something is confirmed.
  bool has_old_rows{};

  /// Before these, a side that failed is not tried again.
  SteadyTime source_not_before{};
  SteadyTime broker_not_before{};
  SteadyTime held_not_before{};
  SteadyTime retention_not_before{};
  /// When rows may be read again, and when the source must be called also without taking rows.
  SteadyTime next_rows{};
  SteadyTime next_poll{};
  SteadyTime next_held_check{};
  SteadyTime next_retention{};
};

/// Decides what a relay does next, and when. Pure.
class RelayCore final {
 public:
  enum class Reading : std::uint8_t { nothing, rows, keep_alive };

  explicit RelayCore(RelayFacts const& facts) : facts_{facts} {}

  [[nodiscard]] bool makes_producer() const;
  [[nodiscard]] bool loads_held() const;
  [[nodiscard]] Reading reading() const;
  [[nodiscard]] bool replays_held() const;
  [[nodiscard]] bool publishes() const;
  [[nodiscard]] bool stores_held() const;
  [[nodiscard]] bool settles_replays() const;
  [[nodiscard]] bool removes_old_rows() const;
  /// Whether the broker is well again, no record will tell.
  [[nodiscard]] bool asks_broker() const;

  /// Everything that was committed is done.
  [[nodiscard]] bool caught_up() const;
  /// When to step although nothing happens.
  [[nodiscard]] SteadyTime next_step() const;
  /// New rows in the source are a reason to step.
  [[nodiscard]] bool waits_for_rows() const;

 private:
  [[nodiscard]] bool source_ready() const;
  [[nodiscard]] bool takes_rows() const;
  [[nodiscard]] bool waits_for_completions() const;
  [[nodiscard]] bool may_replay() const;
  [[nodiscard]] bool may_remove_old_rows() const;
  [[nodiscard]] SteadyTime next_read() const;

  RelayFacts facts_;
};

}  // namespace tram
