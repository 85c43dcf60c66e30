#include "targets.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

namespace tram::fuzz {

std::span<Target const> targets() {
  static auto const all = [] {
    std::vector<Target> collected;
    for (auto const part : {wire_targets(), server_targets(), http_targets(), settings_targets(),
                            statement_targets(), stored_targets()}) {
      std::ranges::copy(part, std::back_inserter(collected));
    }
    return collected;
  }();
  return all;
}

}  // namespace tram::fuzz
