#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

namespace tram {

/// Of entries with equal `name` the last one stays, at the place of the first: what a map of Java
/// makes of them. Sorts, so that it is quick for as many names as a stranger may send.
template <class Entry>
std::vector<Entry> last_wins(std::vector<Entry> entries) {
  std::vector<std::size_t> positions(entries.size());
  std::iota(positions.begin(), positions.end(), std::size_t{0});
  std::ranges::stable_sort(positions, {},
                           [&](std::size_t at) -> std::string_view { return entries[at].name; });
  std::vector<bool> repeated(entries.size());
  std::size_t first = 0;
  for (std::size_t i = 1; i < positions.size(); ++i) {
    if (entries[positions[i]].name != entries[positions[first]].name) {
      first = i;
      continue;
    }
    entries[positions[first]] = std::move(entries[positions[i]]);
    repeated[positions[i]] = true;
  }
  std::size_t at = 0;
  std::erase_if(entries, [&](Entry const&) { return repeated[at++]; });
  return entries;
}

}  // namespace tram
