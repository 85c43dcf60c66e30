#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "world.hpp"

namespace {
using tram::simulation::RunOptions;

constexpr auto* usage = "tram_simulation --seed N [--trace]     one run; --trace prints all of it\n"
                        "tram_simulation --seeds FIRST COUNT    until one fails\n"
                        "tram_simulation --file PATH            seeds from a file, one a line\n";

/// What a broken invariant leaves behind when it aborts the program.
std::array<char, 64> running;

void tell_seed(int) {
  [[maybe_unused]] auto const written =
      ::write(STDERR_FILENO, running.data(), std::strlen(running.data()));
}

bool run_seed(RunOptions const& options) {
  auto const seed = static_cast<unsigned long long>(options.seed);
  std::snprintf(running.data(), running.size(), "in tram_simulation --seed %llu --trace\n", seed);
  auto const result = tram::simulation::run(options);
  if (result.findings.empty()) return true;
  std::printf("seed %llu failed; the last faults and actions:\n", seed);
  for (auto const& line : result.last_events) std::printf("  %s\n", line.c_str());
  for (auto const& finding : result.findings) std::printf("%s\n", to_string(finding).c_str());
  std::printf("again: tram_simulation --seed %llu --trace\n", seed);
  return false;
}

std::optional<std::uint64_t> number(std::string const& text) {
  std::uint64_t value = 0;
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    value = value * 10 + static_cast<std::uint64_t>(text[digits++] - '0');
  }
  return digits == 0 ? std::nullopt : std::optional{value};
}

/// The numbers that lines of a file begin with.
std::vector<std::uint64_t> seeds_of(std::string const& path) {
  std::ifstream file{path};
  std::vector<std::uint64_t> seeds;
  for (std::string line; std::getline(file, line);) {
    if (auto const seed = number(line)) seeds.push_back(*seed);
  }
  return seeds;
}

std::vector<std::uint64_t> seeds_of(std::vector<std::string> const& arguments) {
  std::vector<std::uint64_t> seeds;
  auto const& what = arguments.front();
  if (what == "--file") return seeds_of(arguments.at(1));
  auto const first = number(arguments.at(1)).value_or(1);
  auto const count = what == "--seeds" ? number(arguments.at(2)).value_or(1) : 1;
  for (auto seed = first; seed < first + count; ++seed) seeds.push_back(seed);
  return seeds;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> const arguments{argv + 1, argv + argc};
  if (arguments.size() < 2) {
    std::fputs(usage, stderr);
    return EXIT_FAILURE;
  }
  std::signal(SIGABRT, tell_seed);
  auto const seeds = seeds_of(arguments);
  bool const loud = arguments.back() == "--trace";
  for (auto const seed : seeds) {
    if (!run_seed({.seed = seed, .loud = loud})) return EXIT_FAILURE;
  }
  std::printf("%zu seeds are clean\n", seeds.size());
}
