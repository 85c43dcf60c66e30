#pragma once

#include <benchmark/benchmark.h>

#include <cstdio>
#include <map>
#include <string>
#include <vector>

namespace benchmarks {

/// Remembers the median of each benchmark while it prints.
class Medians final : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(std::vector<Run> const& runs) override {
    for (auto const& run : runs) {
      if (run.aggregate_name == "median")
        medians_[run.run_name.function_name] = run.GetAdjustedCPUTime();
    }
    ConsoleReporter::ReportRuns(runs);
  }
  [[nodiscard]] double of(std::string const& name) const { return medians_.at(name); }

 private:
  std::map<std::string, double> medians_;
};

/// Runs all benchmarks nine times, in turns.
inline void run(Medians& medians, int count, char** arguments) {
  std::vector<char*> all(arguments, arguments + count);
  std::string repetitions = "--benchmark_repetitions=9";
  std::string interleaved = "--benchmark_enable_random_interleaving=true";
  std::string aggregates = "--benchmark_report_aggregates_only=true";
  all.push_back(repetitions.data());
  all.push_back(aggregates.data());
  all.push_back(interleaved.data());
  auto all_count = static_cast<int>(all.size());
  benchmark::Initialize(&all_count, all.data());
  benchmark::RunSpecifiedBenchmarks(&medians);
}

inline void print_ratio(char const* what, double by_hand, double ours) {
  std::printf("%s: %.0f ns by hand, %.0f ns by tram, ratio %.2f\n", what, by_hand, ours,
              by_hand / ours);
}

}  // namespace benchmarks
