#pragma once

#include <map>
#include <vector>

#include "offset.hpp"
#include "tram/broker/record.hpp"

namespace tram::kafka {

/// Positions that a reader was not given. Compaction and the marks of transactions leave some out,
/// and so does the removal of records that nobody had read: only the beginning of the partition
/// tells them apart. Pure.
class Gaps {
 public:
  struct Gap {
    Offset from{};
    Offset next{};
  };
  using Found = std::map<TopicPartition, std::vector<Gap>>;

  void note(TopicPartition const& partition, Gap gap);
  [[nodiscard]] Found const& found() const { return found_; }
  /// `beginning`: of the partition, asked for after its gaps were noted. What was removed of them,
  /// as one; empty when nothing was. They are forgotten.
  Gap settle(TopicPartition const& partition, Offset beginning);

 private:
  Found found_;
};

}  // namespace tram::kafka
