#include "program.hpp"

#include <ostream>

#include "command_line.hpp"
#include "configuration.hpp"
#include "configuration_file.hpp"
#include "environment.hpp"
#include "tram/base/error.hpp"
#include "tram/host/exit_status.hpp"

namespace tram::relay_program {
namespace {

constexpr int exit_wrong_settings{2};

struct Wanted {
  Action action{};
  Configuration configuration;
  std::vector<std::string> notes;
};

bool is_takeover(Action action) {
  return action != Action::relay && action != Action::check && action != Action::print;
}

/// Flags win over the environment, that over the file, that over the defaults.
Wanted read_settings(CommandLine const& line, Variables const& variables) {
  Settings settings;
  if (!line.configuration_file.empty()) settings = read_configuration_file(line.configuration_file);
  auto environment = read_environment(variables);
  settings.insert(settings.end(), environment.settings.begin(), environment.settings.end());
  settings.insert(settings.end(), line.settings.begin(), line.settings.end());
  auto const purpose = is_takeover(line.action) ? Purpose::takeover : Purpose::relay;
  return {.action = line.action,
          .configuration = configure(settings, purpose),
          .notes = std::move(environment.notes)};
}

int act(Wanted const& wanted, Machine const& machine) {
  if (wanted.action == Action::check) {
    for (auto const& note : wanted.notes) machine.out << "note   " << note << "\n";
    return check_command(wanted.configuration, machine);
  }
  if (is_takeover(wanted.action))
    return takeover_command(wanted.action, wanted.configuration, machine);
  auto const logger = Logger::to_stderr(wanted.configuration.log_level);
  for (auto const& note : wanted.notes) logger.info("cdc.note", {{"what", note}});
  try {
    return relay_command(wanted.configuration, machine, logger);
  } catch (Error const& error) {
    logger.error("cdc.cannot_start", {{"fault", to_string(error.fault())}, {"what", error.what()}});
    return exit_cannot_start;
  }
}

}  // namespace

int run(std::vector<std::string> const& arguments, Variables const& variables,
        Machine const& machine) {
  Wanted wanted;
  try {
    auto const line = parse_command_line(arguments);
    if (line.action == Action::print) {
      machine.out << line.text << std::flush;
      return machine.out ? 0 : exit_cannot_start;
    }
    wanted = read_settings(line, variables);
  } catch (Error const& error) {
    machine.complaints << error.what() << "\n";
    return exit_wrong_settings;
  }
  int const status = act(wanted, machine);
  if (machine.out.flush()) return status;
  machine.complaints << "the output cannot be written\n";
  return exit_cannot_start;
}

}  // namespace tram::relay_program
