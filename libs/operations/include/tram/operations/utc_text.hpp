#pragma once

#include <cstdint>
#include <string>

#pragma GCC visibility push(default)

namespace tram {

/// `2026-11-23 08:28:16` in UTC, of epoch milliseconds.
std::string utc_text(std::int64_t milliseconds);

}  // namespace tram

#pragma GCC visibility pop
