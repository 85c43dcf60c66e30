#pragma once

#include <sqlite3.h>

namespace tram::sqlite {

/// Resets a statement that was used. No read transaction stays open behind it, which would keep the
/// log from shrinking, and no borrowed text bound to it.
class StatementUse {
 public:
  explicit StatementUse(sqlite3_stmt* statement) : statement_{statement} {}
  ~StatementUse() {
    ::sqlite3_reset(statement_);
    ::sqlite3_clear_bindings(statement_);
  }
  StatementUse(StatementUse const&) = delete;
  StatementUse& operator=(StatementUse const&) = delete;

 private:
  sqlite3_stmt* statement_;
};

}  // namespace tram::sqlite
