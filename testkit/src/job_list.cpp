#include "tram/testkit/job_list.hpp"

#include <utility>

namespace tram::testkit {

bool JobList::run_first() { return !jobs_.empty() && run(0); }

bool JobList::run_any(Random& random) {
  return !jobs_.empty() && run(static_cast<std::size_t>(random.below(jobs_.size())));
}

bool JobList::run(std::size_t place) {
  auto const chosen = jobs_.begin() + static_cast<std::ptrdiff_t>(place);
  // Out of the list first, for a job may submit others.
  auto const job = std::move(*chosen);
  jobs_.erase(chosen);
  job();
  return true;
}

}  // namespace tram::testkit
