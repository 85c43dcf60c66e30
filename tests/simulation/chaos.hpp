#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "trace.hpp"
#include "tram/base/error.hpp"
#include "tram/base/random.hpp"

namespace tram::simulation {

/// What goes wrong by chance.
enum class Trouble : std::uint8_t {
  // At any call through a seam.
  crash,
  transient,
  // At the database.
  conflict,
  broken,
  in_doubt,
  idle_lost,
  no_connection,
  role_refused,
  // At the broker.
  refused,
  first_refused,
  window_full,
  late_completion,
  landed_twice,
  // In handlers and writers.
  handler_trouble,
  hook_trouble,
  slow_handler,
  rolled_back,
  // In the log.
  silent_log,
};
inline constexpr std::size_t troubles{18};

std::string_view to_string(Trouble trouble);

/// Stands in what counts against no message.
inline constexpr std::string_view no_attempt{"(no attempt)"};

/// One number for each kind of trouble.
using PerTrouble = std::array<unsigned, troubles>;

/// Decides what goes wrong and when, from a seed, until the world is healed.
///
/// Every run draws its own rates, and each kind of fault is off in some runs: faults hide each
/// other, and a world that always fails never gets anywhere.
class Chaos {
 public:
  Chaos(std::uint64_t seed, Clock const& clock, bool loud);

  [[nodiscard]] bool happens(Trouble trouble);
  /// `of_ten_thousand` for things that have no rate of their own; does not end with the faults.
  [[nodiscard]] bool chance(unsigned of_ten_thousand) {
    return random_.below(10'000) < of_ten_thousand;
  }
  void heal() { healed_ = true; }
  [[nodiscard]] bool healed() const { return healed_; }

  /// How often each has happened.
  [[nodiscard]] PerTrouble const& happened() const { return happened_; }

  Random& random() { return random_; }
  Trace& trace() { return trace_; }

 private:
  SeededRandom random_;
  Trace trace_;
  /// Of 10 000 occasions.
  PerTrouble rates_;
  PerTrouble happened_{};
  bool healed_{};
};

/// What ties one process to the world: everything it calls asks here first. Once cut, nothing it
/// does has an effect any more, as if it had been killed at that very call.
class Lifeline {
 public:
  Lifeline(Chaos& chaos, std::string name) : chaos_{chaos}, name_{std::move(name)} {}

  /// Before a call has its effect, and after it had it: the process may die at either. Faults:
  /// broken, when it is dead.
  void enter(std::string_view call);
  void leave(std::string_view call);
  /// Fails the call with `fault` now and then.
  void fail(Trouble trouble, Fault fault, std::string_view call);
  /// For calls that raise nothing: true when they have an effect.
  [[nodiscard]] bool holds(std::string_view call);
  void cut(std::string_view why);
  [[nodiscard]] bool is_cut() const { return cut_; }

  Chaos& chaos() { return chaos_; }
  [[nodiscard]] std::string const& name() const { return name_; }

 private:
  [[noreturn]] void gone(std::string_view call) const;

  Chaos& chaos_;
  std::string name_;
  bool cut_{};
};

}  // namespace tram::simulation
