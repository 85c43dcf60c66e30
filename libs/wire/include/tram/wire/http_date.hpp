#pragma once

#include <string>
#include <string_view>

#include "tram/base/time.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// The moment as header `DATE` has it: `Tue, 3 Jun 2008 11:05:30 GMT`. Whole seconds, rounded down;
/// the day of the month has one digit where one is enough, as Java writes it. A clock beyond the
/// years 0 to 9999 gives the first or last moment of them, since sending must not depend on it.
std::string http_date(WallTime time);

/// Reads such a date, with the day padded or not. Anything else, a date that does not exist or a
/// weekday that does not belong to it: malformed.
WallTime parse_http_date(std::string_view text);

}  // namespace tram

#pragma GCC visibility pop
