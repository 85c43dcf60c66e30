#include "command_words.hpp"

#include <sstream>
#include <string_view>

#include <CLI/CLI.hpp>

namespace tram::programs {
namespace {

constexpr std::size_t columns{100};

OptionWords option_words(CLI::Option const& option, KnownValues const& values) {
  bool const is_argument = option.get_lnames().empty();
  OptionWords words{.name = is_argument ? option.get_type_name() : "--" + option.get_lnames()[0],
                    .value_name = option.get_expected_max() == 0 ? "" : option.get_type_name(),
                    .text = option.get_description(),
                    .values = {}};
  if (auto const known = values.find(words.name); known != values.end())
    words.values = known->second;
  else if (words.value_name == "BOOL") words.values = {"true", "false"};
  return words;
}

std::string wrapped(std::string const& text) {
  std::istringstream words{text};
  std::string lines;
  std::string line;
  for (std::string word; words >> word;) {
    if (!line.empty() && line.size() + 1 + word.size() > columns) {
      lines.append(line).append("\n");
      line.clear();
    }
    line.append(line.empty() ? "" : " ").append(word);
  }
  return lines + line;
}

}  // namespace

CommandWords command_words(CLI::App const& app, KnownValues const& values) {
  CommandWords words{
      .name = app.get_name(), .text = app.get_description(), .options = {}, .commands = {}};
  for (auto const* option : app.get_options())
    words.options.push_back(option_words(*option, values));
  for (auto const* command : app.get_subcommands([](CLI::App const*) { return true; }))
    words.commands.push_back(command_words(*command, values));
  return words;
}

std::string help_footer(std::vector<Section> const& sections) {
  std::string footer;
  for (auto const& section : sections) {
    if (!footer.empty()) footer += "\n\n";
    footer += wrapped(section.title + ": " + section.text);
  }
  return footer;
}

}  // namespace tram::programs
