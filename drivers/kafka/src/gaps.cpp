#include "gaps.hpp"

#include <algorithm>

namespace tram::kafka {
namespace {

/// Of a partition, between two answers. More are taken as part of the last.
constexpr std::size_t gaps_max{1'000};

}  // namespace

void Gaps::note(TopicPartition const& partition, Gap gap) {
  auto& gaps = found_[partition];
  if (gaps.size() < gaps_max) gaps.push_back(gap);
  else gaps.back().next = gap.next;
}

Gaps::Gap Gaps::settle(TopicPartition const& partition, Offset beginning) {
  auto const gaps = found_.extract(partition);
  if (!gaps) return {};
  // Records are removed from the beginning on, so only the last gap before it was made by that.
  Gap removed;
  for (auto const& gap : gaps.mapped()) {
    if (gap.from < beginning) removed = {.from = gap.from, .next = std::min(gap.next, beginning)};
  }
  return removed;
}

}  // namespace tram::kafka
