#pragma once

#include "tram/sql/dialect.hpp"

#pragma GCC visibility push(default)

namespace tram::sqlite {

/// SQLite's SQL: for an `Outbox` on adopted transactions, which needs it without a `Database`.
extern Dialect const dialect;

}  // namespace tram::sqlite

#pragma GCC visibility pop
