#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "file_channels.hpp"
#include "file_connection.hpp"

namespace tram::embedded {

/// Removes old records, a few at a time, in transactions that others have open. One thread only.
class Retention {
 public:
  /// `age` 0 keeps all.
  Retention(FileConnection& connection, std::chrono::milliseconds age);

  /// Removes up to `max` records of this partition that are too old at `now` (milliseconds of the
  /// epoch). Costs a comparison when it is known that there are none.
  void remove_some(FilePartition& partition, std::size_t max, std::int64_t now);

 private:
  [[nodiscard]] Position first_to_keep(FilePartition& partition, std::size_t max, std::int64_t now);

  std::int64_t age_;
  Statement oldest_;
  Statement remove_;
  Statement move_first_;
};

}  // namespace tram::embedded
