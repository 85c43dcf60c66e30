#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "lsn.hpp"
#include "tram/relay/change_source.hpp"

namespace tram::postgres {

/// What a takeover leaves for the relay, in the comment on the publication: until the slot's
/// position is beyond that of the copy, rows of before come again.
struct TakeoverMark {
  std::string slot;
  Lsn copied_at{};
  /// So many before the horizon, and all behind it; 0: none at all.
  std::size_t rows{};
  /// The old slot's catalog_xmin.
  std::string horizon;
};

std::string format_takeover_mark(TakeoverMark const& mark);
/// Nothing for any other comment.
std::optional<TakeoverMark> parse_takeover_mark(std::string const& comment);

}  // namespace tram::postgres
