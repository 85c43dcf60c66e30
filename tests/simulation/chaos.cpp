#include "chaos.hpp"

#include <array>
#include <string>

namespace tram::simulation {
namespace {

struct Kind {
  std::string_view name;
  /// Of 10 000 occasions.
  unsigned highest_rate;
};

constexpr std::array<Kind, troubles> kinds{{{"crash", 250},
                                            {"transient", 600},
                                            {"conflict", 600},
                                            {"broken", 300},
                                            {"in doubt", 3'000},
                                            {"idle lost", 1'000},
                                            {"no connection", 4'000},
                                            {"role refused", 2'000},
                                            {"refused", 1'500},
                                            {"first request refused", 3'000},
                                            {"window full", 2'000},
                                            {"late completion", 7'000},
                                            {"landed twice", 2'000},
                                            {"handler trouble", 4'000},
                                            {"hook trouble", 2'000},
                                            {"slow handler", 300},
                                            {"rolled back", 4'000},
                                            {"silent log", 2'000}}};

/// Off in one of three runs, and seldom high.
PerTrouble draw_rates(Random& random) {
  PerTrouble rates{};
  for (std::size_t i = 0; i < troubles; ++i) {
    if (random.below(3) == 0) continue;
    auto const part = random.unit();
    rates[i] = static_cast<unsigned>(part * part * kinds[i].highest_rate);
  }
  return rates;
}

}  // namespace

Chaos::Chaos(std::uint64_t seed, Clock const& clock, bool loud)
    : random_{seed}, trace_{clock, loud}, rates_{draw_rates(random_)} {}

bool Chaos::happens(Trouble trouble) {
  auto const place = static_cast<std::size_t>(trouble);
  if (healed_ || rates_[place] == 0 || !chance(rates_[place])) return false;
  ++happened_[place];
  return true;
}

std::string_view to_string(Trouble trouble) {
  return kinds[static_cast<std::size_t>(trouble)].name;
}

void Lifeline::enter(std::string_view call) {
  if (cut_) gone(call);
  chaos_.trace().call(name_, call);
  if (!chaos_.happens(Trouble::crash)) return;
  cut("killed before " + std::string{call});
  gone(call);
}

void Lifeline::leave(std::string_view call) {
  if (!chaos_.happens(Trouble::crash)) return;
  cut("killed after " + std::string{call});
  gone(call);
}

void Lifeline::fail(Trouble trouble, Fault fault, std::string_view call) {
  if (!chaos_.happens(trouble)) return;
  auto const what = std::string{to_string(fault)} + " at " + std::string{call};
  chaos_.trace().event(name_, what);
  throw Error{fault, "simulation: " + what};
}

bool Lifeline::holds(std::string_view call) {
  if (cut_) return false;
  chaos_.trace().call(name_, call);
  if (!chaos_.happens(Trouble::crash)) return true;
  cut("killed before " + std::string{call});
  return false;
}

void Lifeline::cut(std::string_view why) {
  if (cut_) return;
  cut_ = true;
  chaos_.trace().event(name_, why);
}

void Lifeline::gone(std::string_view call) const {
  throw Error{Fault::broken, "simulation: " + name_ + " is dead at " + std::string{call}};
}

}  // namespace tram::simulation
