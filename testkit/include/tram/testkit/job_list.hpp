#pragma once

#include <cstddef>
#include <vector>

#include "tram/base/random.hpp"
#include "tram/subscriber/workers.hpp"

#pragma GCC visibility push(default)

namespace tram::testkit {

/// Workers without threads: jobs wait until the test runs them. For worlds that run on one thread.
/// Destroyed with jobs left, it drops them, as a pool does.
///
///     tram::testkit::JobList workers;
///     while (workers.run_first()) {}
class JobList final : public Workers {
 public:
  /// How many workers it pretends to have.
  static constexpr std::size_t workers{8};

  void submit(Job job) override { jobs_.push_back(std::move(job)); }
  [[nodiscard]] std::size_t count() const override { return workers; }

  [[nodiscard]] bool empty() const { return jobs_.empty(); }
  /// Runs the oldest job; false when the list is empty.
  bool run_first();
  /// Drops all of them.
  void clear() { jobs_.clear(); }
  /// Runs any of them, as real workers might.
  bool run_any(Random& random);

 private:
  bool run(std::size_t place);

  std::vector<Job> jobs_;
};

}  // namespace tram::testkit

#pragma GCC visibility pop
