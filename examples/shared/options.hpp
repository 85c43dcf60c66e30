#pragma once

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <stdlib.h>

/// What all examples are told: where they keep their files, or which database and broker they use.
namespace examples {

struct Options {
  std::string database_url;
  std::string broker_url;
  bool asyncapi{};
};

inline constexpr std::string_view usage =
    R"(usage: PROGRAM [--folder DIR] [--database URL] [--broker URL] [--asyncapi]

  --folder DIR    keeps its files there; a temporary folder unless given
  --database URL  uses this in place of a file: postgresql://USER@HOST:PORT/NAME, sqlite:PATH
  --broker URL    uses this in place of a file: kafka://HOST:PORT, embedded:PATH
  --asyncapi      only prints what the service sends and receives (examples 02 and 03)
  --help          prints this
)";

/// What `main` does not catch ends the program with its reason, not with a core dump.
[[noreturn]] inline void end_with_reason() {
  auto const thrown = std::current_exception();
  if (!thrown) std::abort();
  try {
    std::rethrow_exception(thrown);
  } catch (std::exception const& error) { std::cerr << "error: " << error.what() << std::endl; }
  std::_Exit(1);
}

/// The flags' values by name, empty where they take none. Ends the program after `--help`, and with
/// status 2 when there are others.
/// What is no plain flag may be a URL with a password in it.
inline std::string shown(std::string const& argument) {
  auto const plain = [](char c) { return c == '-' || (c >= 'a' && c <= 'z'); };
  bool const is_flag = argument.starts_with("--") && std::ranges::all_of(argument, plain);
  return is_flag ? argument : "argument";
}

inline std::map<std::string, std::string> flags(std::vector<std::string> const& arguments) {
  std::map<std::string, std::string> given;
  for (auto argument = arguments.begin(); argument != arguments.end(); ++argument) {
    if (*argument == "--help") {
      std::cout << usage;
      std::exit(0);
    }
    bool const takes_value =
        *argument == "--folder" || *argument == "--database" || *argument == "--broker";
    if (takes_value && argument + 1 != arguments.end()) {
      given[*argument] = *(argument + 1);
      ++argument;
    } else if (*argument == "--asyncapi") {
      given[*argument] = "";
    } else {
      std::cerr << "error: " << shown(*argument)
                << (takes_value ? " needs a value" : " is no flag of this program") << "\n"
                << usage;
      std::exit(2);
    }
  }
  return given;
}

/// What is told by flags, with files for what is not.
inline Options options(int argc, char** argv) {
  std::set_terminate(end_with_reason);
  auto given = flags({argv + 1, argv + argc});
  Options chosen{.database_url = given["--database"],
                 .broker_url = given["--broker"],
                 .asyncapi = given.contains("--asyncapi")};
  std::filesystem::path folder{given["--folder"]};
  bool const needs_files = chosen.database_url.empty() || chosen.broker_url.empty();
  if (folder.empty() && needs_files) {
    auto name = (std::filesystem::temp_directory_path() / "tram-example-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) folder = name;
  }
  if (needs_files) {
    std::filesystem::create_directories(folder);
    if (!chosen.asyncapi) std::cout << "files are in " << folder.string() << "\n";
  }
  auto const file = [&](char const* name) { return (folder / name).string(); };
  if (chosen.database_url.empty()) chosen.database_url = "sqlite:" + file("database.db");
  if (chosen.broker_url.empty()) chosen.broker_url = "embedded:" + file("channels.db");
  return chosen;
}

}  // namespace examples
