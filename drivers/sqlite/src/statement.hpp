#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>
#include <string_view>

#include "tram/base/error.hpp"
#include "tram/sql/parameter.hpp"
#include "tram/sql/rows.hpp"

namespace tram::sqlite {

/// One prepared statement of a connection. Faults of all calls: see `error_of`.
class Statement {
 public:
  /// Placeholders are `?`; SQLite has no operator that a literal `??` could mean.
  Statement(sqlite3* connection, std::string_view sql);

  /// Runs it to its end and takes all rows.
  Rows run(Parameters parameters);
  /// It could change the database.
  [[nodiscard]] bool writes() const { return ::sqlite3_stmt_readonly(statement_.get()) == 0; }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { ::sqlite3_finalize(statement); }
  };
  void bind(Parameters parameters);
  void bind_value(int place, Parameter::Value const& value);
  [[nodiscard]] std::string operation() const;

  sqlite3* connection_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// The connection's last error: conflict (busy, locked), transient (interrupted at the deadline,
/// disk full, I/O, cannot open), broken (read-only, damaged, no database), rejected (constraint,
/// syntax, unknown table).
Error error_of(sqlite3* connection, int code, std::string const& operation);

}  // namespace tram::sqlite
