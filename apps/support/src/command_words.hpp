#pragma once

#include <map>
#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace tram::programs {

/// What a program's command line is made of, in words: the one source of its help, its manual page
/// and its completion in shells.
struct OptionWords {
  /// `--limit`; without dashes where it is an argument, `ID`.
  std::string name;
  /// What stands for its value: `N`. Empty for a flag.
  std::string value_name;
  std::string text;
  /// The values it takes, where they are few.
  std::vector<std::string> values;

  [[nodiscard]] bool is_argument() const { return !name.starts_with("-"); }
  [[nodiscard]] bool takes_value() const { return !value_name.empty(); }
};

struct CommandWords {
  std::string name;
  std::string text;
  std::vector<OptionWords> options;
  std::vector<CommandWords> commands;
};

/// Of a setting or an exit status: `TRAM_CDC_BROKER_URL`, and what it is.
struct Term {
  std::string name;
  std::string text;
};

/// What help and manual say about a program as a whole. The terms are for the manual alone.
struct Section {
  std::string title;
  std::string text;
  std::vector<Term> terms{};
};

struct ProgramWords {
  CommandWords root;
  std::vector<Section> sections;
};

/// Few values, by the name of their option or argument.
using KnownValues = std::map<std::string, std::vector<std::string>>;

/// Of a parser, with all that it knows.
CommandWords command_words(CLI::App const& app, KnownValues const& values);

/// Formats the sections for the end of a help text.
std::string help_footer(std::vector<Section> const& sections);

}  // namespace tram::programs
