#pragma once

#include "tram/relay/database_kit.hpp"

#pragma GCC visibility push(default)

namespace tram::sqlite {

/// SQLite as one value. Its URL: `sqlite:orders.db`, with the parameters `durability`
/// (`power_failure`, or `process_crash`: commits do not wait for the disk), `file_mode` (`0640`)
/// and `foreign_keys` (`off`, `on`).
extern DatabaseKit const kit;

}  // namespace tram::sqlite

#pragma GCC visibility pop
