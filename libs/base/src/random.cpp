#include "tram/base/random.hpp"

#include <random>

#include "tram/base/error.hpp"
#include "tram/base/process_family.hpp"

namespace tram {

std::uint64_t Random::below(std::uint64_t bound) {
  if (bound == 0) throw Error{Fault::rejected, "random: there is no number below 0"};
  // The bias of the remainder is below bound / 2^64: it does not matter for jitter and test cases.
  return bits() % bound;
}

namespace {

std::mt19937_64 seeded_by_the_system() {
  std::random_device device;
  std::seed_seq seed{device(), device(), device(), device(),
                     device(), device(), device(), device()};
  return std::mt19937_64{seed};
}

}  // namespace

std::uint64_t SystemRandom::bits() {
  thread_local std::uint64_t generation = process_generation();
  thread_local std::mt19937_64 engine = seeded_by_the_system();
  if (auto const here = process_generation(); generation != here) {
    engine = seeded_by_the_system();
    generation = here;
  }
  return engine();
}

std::uint64_t SeededRandom::bits() {
  state_ += 0x9e3779b97f4a7c15ULL;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31U);
}

std::string random_uuid(Random& random) {
  constexpr char const* digits = "0123456789abcdef";
  std::uint64_t const high = (random.bits() & 0xffffffffffff0fffULL) | 0x4000ULL;
  std::uint64_t const low = (random.bits() & 0x3fffffffffffffffULL) | 0x8000000000000000ULL;
  std::string text;
  text.reserve(36);
  for (unsigned position = 0; position < 32; ++position) {
    if (position == 8 || position == 12 || position == 16 || position == 20) text += '-';
    std::uint64_t const half = position < 16 ? high : low;
    text += digits[(half >> (60U - 4U * (position % 16))) & 0xfU];
  }
  return text;
}

}  // namespace tram
