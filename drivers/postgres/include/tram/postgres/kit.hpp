#pragma once

#include "tram/relay/database_kit.hpp"

#pragma GCC visibility push(default)

namespace tram::postgres {

/// PostgreSQL as one value. Its URL: `postgresql://user@host:5432/name?sslmode=require`, as libpq
/// reads it, several hosts included. With `tram_statements=unnamed` it goes through a pooler in
/// transaction mode.
extern DatabaseKit const kit;

}  // namespace tram::postgres

#pragma GCC visibility pop
