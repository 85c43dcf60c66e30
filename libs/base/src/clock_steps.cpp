#include "tram/base/clock_steps.hpp"

#include <algorithm>
#include <utility>

namespace tram {
namespace {

using Milliseconds = ClockSteps::Milliseconds;

constexpr Milliseconds smallest_step{std::chrono::minutes{1}};

}  // namespace

Milliseconds ClockSteps::ahead(Milliseconds civil, SteadyTime steady, Milliseconds age) {
  auto const elapsed = std::chrono::duration_cast<Milliseconds>(steady - last_steady_);
  if (std::exchange(began_, true)) note(civil - last_civil_ - elapsed, steady);
  last_civil_ = civil;
  last_steady_ = steady;
  std::erase_if(steps_, [&](Step const& step) {
    return std::chrono::duration_cast<Milliseconds>(steady - step.at) >= age;
  });
  Milliseconds sum{};
  for (auto const& step : steps_) sum += step.size;
  return sum;
}

void ClockSteps::note(Milliseconds drift, SteadyTime steady) {
  if (drift >= smallest_step) steps_.push_back({.size = drift, .at = steady});
  if (drift > -smallest_step) return;
  for (auto back = -drift; back > Milliseconds{} && !steps_.empty();) {
    auto const part = std::min(back, steps_.back().size);
    back -= part;
    steps_.back().size -= part;
    if (steps_.back().size == Milliseconds{}) steps_.pop_back();
  }
}

}  // namespace tram
