#pragma once

#include <libpq-fe.h>

#include <memory>

namespace tram::postgres {

struct FinishConnection {
  void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};
struct ClearResult {
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};
struct FreeMemory {
  void operator()(void* memory) const noexcept { PQfreemem(memory); }
};
struct FreeOptions {
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};

using ConnectionPointer = std::unique_ptr<PGconn, FinishConnection>;
using Result = std::unique_ptr<PGresult, ClearResult>;
using Buffer = std::unique_ptr<char, FreeMemory>;

}  // namespace tram::postgres
