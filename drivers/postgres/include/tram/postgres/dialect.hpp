#pragma once

#include "tram/sql/dialect.hpp"

namespace tram::postgres {

/// PostgreSQL's SQL: for an `Outbox` on adopted transactions, which needs it without a `Database`.
extern Dialect const dialect;

}  // namespace tram::postgres
