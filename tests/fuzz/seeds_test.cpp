#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "targets.hpp"

namespace tram::fuzz {
namespace {

std::string content_of(std::filesystem::path const& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// Each seed, each beginning of it, and some that differ in a few bytes.
TEST(Fuzzing, finds_nothing_around_the_seeds) {
  constexpr int runs_per_seed{200};
  std::minstd_rand random{20'014};
  for (auto const& target : targets()) {
    std::size_t seeds = 0;
    for (auto const& entry : std::filesystem::directory_iterator{
             std::filesystem::path{TRAM_FUZZ_SEEDS} / target.name}) {
      auto const seed = content_of(entry.path());
      ++seeds;
      target.run(seed);
      for (std::size_t size = 0; size < std::min<std::size_t>(seed.size(), 500); ++size)
        target.run(seed.substr(0, size));
      for (int run = 0; run < runs_per_seed; ++run) {
        auto bytes = seed;
        for (auto changes = random() % 4; changes > 0 && !bytes.empty(); --changes)
          bytes[random() % bytes.size()] = static_cast<char>(random() % 256);
        target.run(bytes);
      }
    }
    EXPECT_GE(seeds, 2U) << target.name;
  }
}

}  // namespace
}  // namespace tram::fuzz
