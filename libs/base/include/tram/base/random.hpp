#pragma once

#include <cstdint>
#include <string>

#pragma GCC visibility push(default)

namespace tram {

/// Where randomness comes from: ids, jitter, simulations. A parameter everywhere.
///
///     auto const jitter = pause * random.unit();
class Random {
 public:
  virtual ~Random() = default;
  /// 64 independent random bits. Whether several threads may call is said by the implementation.
  virtual std::uint64_t bits() = 0;
  /// Uniform in [0, bound). A bound of 0: rejected.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [0, 1).
  double unit() { return static_cast<double>(bits() >> 11U) * 0x1.0p-53; }
};

/// A generator per thread, seeded by the operating system, again in a forked process; callable from
/// any thread.
///
///     tram::SystemRandom random;  // in main; everything else takes a Random&
class SystemRandom final : public Random {
 public:
  std::uint64_t bits() override;
};

/// A reproducible sequence (SplitMix64) for simulations and tests; one thread only.
///
///     tram::SeededRandom random{seed};  // print the seed of a test that fails
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_{seed} {}
  std::uint64_t bits() override;

 private:
  std::uint64_t state_;
};

/// A random UUID, version 4 (RFC 4122 section 4.4), lower case with hyphens, 36 characters.
std::string random_uuid(Random& random);

}  // namespace tram

#pragma GCC visibility pop
