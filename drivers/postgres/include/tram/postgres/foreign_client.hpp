#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tram/base/error.hpp"
#include "tram/sql/parameter.hpp"
#include "tram/sql/rows.hpp"

#pragma GCC visibility push(default)

namespace tram::postgres {

// For adapters of other client libraries that speak to PostgreSQL and hide libpq's connection, such
// as `tram/adapters/libpqxx.hpp`: a statement on its way to the server, and what comes back.
// Nothing here waits, and all of it may be called from any thread.

/// A statement of Tram's as the server takes it.
struct ForeignStatement {
  /// With `$1`, `$2`, … in place of `?`.
  std::string text;
  /// In the text format, of types that the server infers; bytes in the hex form of BYTEA.
  std::vector<std::optional<std::string>> values;
};

/// Throws: rejected for a statement that is empty, begins or ends a transaction, holds a NUL or has
/// another number of values than placeholders, and for a text with a NUL.
///
///     auto const statement = tram::postgres::foreign_statement(sql, parameters);
///     auto const result = client.run(statement.text, statement.values);
ForeignStatement foreign_statement(std::string_view sql, Parameters parameters);

/// A value of a result in the text format, by the OID of its type: truth values, integers and
/// floats as numbers, bytes as they are, everything else as its text. `text` ends with a NUL.
Cell foreign_cell(unsigned int type, std::string_view text);

/// What the client reports of a failed statement, with the fault that its SQLSTATE stands for. An
/// empty one means that the connection is lost.
Error foreign_error(std::string_view sql, std::string_view sqlstate, std::string_view message);

}  // namespace tram::postgres

#pragma GCC visibility pop
