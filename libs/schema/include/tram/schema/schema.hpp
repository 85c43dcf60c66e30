#pragma once

#include <string>

#include "tram/storage/schema.hpp"

#pragma GCC visibility push(default)

namespace tram {

// The tables of outbox, subscriber and relay together: what a program of Tram needs. `further` are
// the parts that other modules bring. Everything else is as the functions in
// `tram/storage/schema.hpp` say.
//
//     tram::install_schema(database, tram::SchemaName{});

/// The parts of outbox, subscriber and relay, and `further` behind them.
TableParts all_tables(Dialect const& dialect, TableParts further = {});

/// As `install_tables`.
void install_schema(Database& database, SchemaName const& schema, TableParts further = {});
/// As `prepare_tables`.
[[nodiscard]] std::string prepare_schema(Database& database, SchemaName const& schema,
                                         TableParts further = {});
/// As `tables_status`.
SchemaStatus schema_status(Database& database, SchemaName const& schema, TableParts further = {});
/// As `require_tables`.
void require_schema(Database& database, SchemaName const& schema, TableParts further = {});
/// As `print_tables`.
std::string print_schema(Dialect const& dialect, SchemaName const& schema, TableParts further = {});

}  // namespace tram

#pragma GCC visibility pop
