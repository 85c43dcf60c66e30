#pragma once

#include <cstdint>
#include <string>

namespace tram {

/// `2026-11-23 08:28:16` in UTC, of epoch milliseconds.
std::string utc_text(std::int64_t milliseconds);

}  // namespace tram
