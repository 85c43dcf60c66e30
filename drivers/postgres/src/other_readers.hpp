#pragma once

#include <string>
#include <vector>

#include "tram/postgres/change_source.hpp"

namespace tram::postgres {

/// Another slot of the database that somebody reads: maybe another relay of the same outbox.
struct OtherReader {
  std::string slot;
  std::string plugin;
  /// The server's process for whoever reads it.
  std::string process;
};

/// One statement without parameters; it returns those, all columns text.
std::string other_readers_question(ChangeSourceConfig const& config);
/// Those that are not read as this relay reads its own: the Java relay's is one of them.
std::vector<OtherReader> of_other_plugins(std::vector<OtherReader> const& readers);
/// Their names, for messages.
std::string names_of(std::vector<OtherReader> const& readers);
/// What is wrong about those of other plugins, and what to do.
std::string complaint_about(std::vector<OtherReader> const& readers);

}  // namespace tram::postgres
