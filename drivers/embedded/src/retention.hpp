#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "file_channels.hpp"
#include "file_connection.hpp"
#include "groups.hpp"
#include "offset.hpp"

namespace tram::embedded {

/// Removes old records, a few at a time, in transactions that others have open. One thread only.
class Retention {
 public:
  /// `age` 0 keeps all. A group that was not seen for `group_age` keeps nothing; 0: it does.
  Retention(FileConnection& connection, std::chrono::milliseconds age,
            std::chrono::milliseconds group_age);

  /// Notes that these groups have members now that read these channels, by the broker's own time,
  /// and returns those that keep no records any more.
  std::vector<GroupChannel> note_groups(std::set<GroupChannel> const& present, std::int64_t now);
  /// Removes up to `max` records of this partition that are too old at `now` and that no group has
  /// still to handle. Costs a comparison when it is known that there are none.
  void remove_some(FilePartition& partition, std::size_t max, std::int64_t now);

 private:
  [[nodiscard]] Offset removable(FilePartition& partition, std::size_t max, std::int64_t now);
  [[nodiscard]] Offset first_to_keep(FilePartition& partition, std::size_t max, std::int64_t now);
  [[nodiscard]] std::int64_t gone_before(std::int64_t now) const;
  [[nodiscard]] Offset first_unhandled(FilePartition const& partition, std::int64_t now);

  std::int64_t age_;
  std::int64_t group_age_;
  Statement note_;
  Statement note_new_;
  Statement gone_;
  Statement unhandled_;
  Statement oldest_;
  Statement remove_;
  Statement move_first_;
};

}  // namespace tram::embedded
