#pragma once

#include "tram/base/distinct_number.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// A point in the database's log up to which everything is published. Ascending; what its number
/// means only the source knows: an LSN, a row number, a binlog file number and offset. The relay
/// compares positions and passes them back; how far two are apart only the source says.
///
///     if (row.ends_at && *row.ends_at > reached) reached = *row.ends_at;
///     source.confirm(reached);
class LogPosition final : public DistinctNumber<LogPosition> {
 public:
  using DistinctNumber::DistinctNumber;
};

}  // namespace tram

#pragma GCC visibility pop
