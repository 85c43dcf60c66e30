#pragma once

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include <stdlib.h>

/// What all examples are told: where they keep their files, or which database and broker they use.
namespace examples {

struct Options {
  std::string database_url;
  std::string broker_url;
  bool asyncapi{};
};

/// `--folder DIR` keeps files there, a temporary folder unless given; `--database URL` and
/// `--broker URL` use these instead of files. `--asyncapi`: see `Platform::run`.
inline Options options(int argc, char** argv) {
  std::vector<std::string> const arguments{argv + 1, argv + argc};
  auto const value = [&](char const* name) {
    auto const found = std::ranges::find(arguments, name);
    return found == arguments.end() || found + 1 == arguments.end() ? "" : *(found + 1);
  };
  Options chosen{.database_url = value("--database"),
                 .broker_url = value("--broker"),
                 .asyncapi = std::ranges::find(arguments, "--asyncapi") != arguments.end()};
  std::filesystem::path folder{value("--folder")};
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
