#pragma once

#include <iosfwd>

#include "arguments.hpp"
#include "tram/base/runtime.hpp"
#include "tram/sql/database.hpp"
#include "tram/sql/dialect.hpp"

namespace tram::operator_program {

/// What the machine gives; all of it outlives the command.
struct Machine {
  Runtime runtime;
  std::ostream& out;
  std::ostream& complaints;
};

/// What a command works on.
struct CommandContext {
  Database& database;
  SchemaName schema;
  Arguments const& arguments;
  std::ostream& out;
};

inline constexpr int exit_done{0};
inline constexpr int exit_no{1};
inline constexpr int exit_wrong_arguments{2};
inline constexpr int exit_trouble{3};

// Each returns the process' exit status; see the program's help for their meaning. Faults: those of
// the database.

int schema_install(CommandContext const& place);
int schema_status_command(CommandContext const& place);
/// Needs no database.
int schema_print(Dialect const& dialect, SchemaName const& schema, Arguments const& arguments,
                 std::ostream& out);
int outbox_list(CommandContext const& place);
int outbox_status(CommandContext const& place);
int held_list(CommandContext const& place);
int held_show(CommandContext const& place);
int held_retry(CommandContext const& place);
int held_drop(CommandContext const& place);
/// Waits for the answer of a service.
int request(CommandContext const& place, Random& random);
/// Trouble with database and broker is a finding.
int doctor(Arguments const& arguments, SchemaName const& schema, Machine const& machine);

}  // namespace tram::operator_program
