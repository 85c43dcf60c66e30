#pragma once

#include <string>
#include <vector>

#include "tram/metrics/metric.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// What keeps Prometheus from reading the page that shows this metric beside the others and the
/// service's own: one bad line spoils all of it. Empty when nothing does.
std::string problem_of(Metric const& metric, std::vector<Metric> const& others);

}  // namespace tram

#pragma GCC visibility pop
