#include "tram/base/random.hpp"

#include <random>

#include "tram/base/error.hpp"
#include "tram/base/process_family.hpp"
#include "tram/base/uuid.hpp"

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

std::string random_uuid(Random& random) { return Uuid::make(random).text(); }

}  // namespace tram
