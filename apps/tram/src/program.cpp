#include "program.hpp"

#include <optional>
#include <ostream>

#include "tram/all_drivers.hpp"
#include "tram/base/error.hpp"
#include "tram/connect/database.hpp"

namespace tram::operator_program {
namespace {

int act(CommandContext const& place) {
  switch (place.arguments.command) {
    case Command::schema_install: return schema_install(place);
    case Command::schema_status: return schema_status_command(place);
    case Command::outbox_list: return outbox_list(place);
    case Command::outbox_status: return outbox_status(place);
    case Command::held_list: return held_list(place);
    case Command::held_show: return held_show(place);
    case Command::held_retry: return held_retry(place);
    case Command::held_drop: return held_drop(place);
    case Command::schema_print:
    case Command::request:
    case Command::doctor:
    case Command::print: break;
  }
  return exit_wrong_arguments;
}

/// Whoever looks makes nothing, and only who installs makes a database.
Opening opening_of(Command command) {
  switch (command) {
    case Command::schema_install: return Opening::create;
    case Command::held_retry:
    case Command::held_drop:
    case Command::request: return Opening::existing;
    default: return Opening::read_only;
  }
}

/// What is to be done and where; connects to nothing yet.
struct Task {
  Arguments arguments;
  SchemaName schema;
  std::optional<Database> database;
};

Task understand(std::vector<std::string> const& arguments, Machine const& machine) {
  Task task{.arguments = parse_arguments(arguments), .schema = SchemaName{}, .database = {}};
  if (task.arguments.command == Command::print) return task;
  task.schema = SchemaName{task.arguments.schema};
  if (!task.arguments.kind.empty()) return task;
  task.database.emplace(connect::database(task.arguments.database_url, all_drivers(),
                                          machine.runtime, {.connections_max = 1},
                                          opening_of(task.arguments.command)));
  return task;
}

int act(Task& task, Machine const& machine) {
  if (task.arguments.command == Command::print) {
    machine.out << task.arguments.text;
    return exit_done;
  }
  if (task.arguments.command == Command::schema_print) {
    auto const& dialect = task.database
                              ? task.database->dialect()
                              : connect::database_kit(task.arguments.kind, all_drivers())->dialect;
    return schema_print(dialect, task.schema, task.arguments, machine.out);
  }
  if (task.arguments.command == Command::doctor)
    return doctor(task.arguments, task.schema, machine);
  CommandContext const place{.database = *task.database,
                             .schema = schema_in(task.database->dialect(), task.schema),
                             .arguments = task.arguments,
                             .out = machine.out};
  if (task.arguments.command == Command::request) return request(place, machine.runtime.random);
  return act(place);
}

}  // namespace

int run(std::vector<std::string> const& arguments, Machine const& machine) {
  std::optional<Task> task;
  try {
    task.emplace(understand(arguments, machine));
  } catch (Error const& error) {
    machine.complaints << "tram: " << error.what() << "\n";
    return exit_wrong_arguments;
  }
  try {
    int const status = act(*task, machine);
    if (machine.out.flush()) return status;
    machine.complaints << "tram: the output cannot be written\n";
    return exit_trouble;
  } catch (Error const& error) {
    machine.complaints << "tram: " << error.what() << "\n";
    return exit_trouble;
  }
}

}  // namespace tram::operator_program
