#pragma once

#include <cstdint>

namespace tram::postgres {

/// PostgreSQL's log sequence number: a byte of its log, counted from the first one ever written.
/// What this driver stores and computes with; everybody else knows it as a `LogPosition`.
using Lsn = std::uint64_t;

}  // namespace tram::postgres
