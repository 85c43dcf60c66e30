#include "nearest_name.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace tram::programs {

std::size_t edit_distance(std::string_view left, std::string_view right) {
  // Optimal string alignment: row i says how far left's first i letters are from each beginning of
  // right.
  std::vector<std::size_t> before_last;
  std::vector<std::size_t> last(right.size() + 1);
  for (std::size_t j = 0; j <= right.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    std::vector<std::size_t> row(right.size() + 1);
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      std::size_t const replaced = left[i - 1] == right[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + replaced});
      bool const swapped =
          i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = std::exchange(last, std::move(row));
  }
  return last.back();
}

std::string nearest_name(std::string_view name, std::span<std::string const> known) {
  // A third of the letters wrong is no slip any more.
  std::size_t best = std::max<std::size_t>(name.size() / 3, 1) + 1;
  std::string nearest;
  for (auto const& candidate : known) {
    auto const distance = edit_distance(name, candidate);
    if (distance >= best) continue;
    best = distance;
    nearest = candidate;
  }
  return nearest;
}

std::string no_such_argument(std::string_view word, std::span<std::string const> known) {
  auto const name = word.substr(0, word.find('='));
  auto const meant = did_you_mean(name, known);
  if (meant.empty()) return "there is a word that is no command, flag or flag's value";
  return "there is no '" + std::string{name} + "'" + meant;
}

std::string did_you_mean(std::string_view name, std::span<std::string const> known) {
  auto const nearest = nearest_name(name, known);
  return nearest.empty() ? "" : "; did you mean '" + nearest + "'?";
}

}  // namespace tram::programs
