#pragma once

#include "tram/sql/dialect.hpp"

#pragma GCC visibility push(default)

namespace tram::postgres {

/// PostgreSQL's SQL: for an `Outbox` on adopted transactions, which needs it without a `Database`.
extern Dialect const dialect;

}  // namespace tram::postgres

#pragma GCC visibility pop
