#include "manual.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace tram::programs {
namespace {

std::string capitals(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

/// As roff shows it: a dash is one that may be copied, and no line is taken for a request.
std::string roff(std::string_view text) {
  std::string escaped;
  bool is_line_start = true;
  for (char const c : text) {
    if (is_line_start && (c == '.' || c == '\'')) escaped += "\\&";
    if (c == '\\') escaped += "\\e";
    else if (c == '-') escaped += "\\-";
    else escaped += c;
    is_line_start = c == '\n';
  }
  return escaped;
}

std::string bold(std::string_view text) { return "\\fB" + roff(text) + "\\fR"; }
std::string italic(std::string_view text) { return "\\fI" + roff(text) + "\\fR"; }

std::string option_line(OptionWords const& option) {
  auto value = option.takes_value() ? " " + italic(option.value_name) : std::string{};
  auto line = option.is_argument() ? italic(option.name) : bold(option.name) + value;
  std::string values;
  for (auto const& each : option.values) values.append(values.empty() ? "" : ", ").append(each);
  auto const text = roff(option.text + (values.empty() ? "" : " [" + values + "]"));
  return ".TP\n" + line + "\n" + text + "\n";
}

std::string option_lines(CommandWords const& command, std::string_view left_out) {
  std::string lines;
  for (auto const& option : command.options) {
    if (option.name != left_out) lines += option_line(option);
  }
  return lines;
}

/// Those that do something, with their whole names.
std::string command_lines(CommandWords const& command, std::string const& path) {
  auto const name = path + " " + command.name;
  std::string lines;
  if (command.commands.empty()) {
    lines = ".SS " + bold(name);
    for (auto const& option : command.options) {
      if (option.is_argument()) lines += " [" + italic(option.name) + "]";
    }
    lines += "\n" + roff(command.text) + "\n" + option_lines(command, "--help");
  }
  for (auto const& each : command.commands) lines += command_lines(each, name);
  return lines;
}

std::string section_lines(Section const& section) {
  auto lines = ".SH " + roff(capitals(section.title)) + "\n" + roff(section.text) + "\n";
  for (auto const& term : section.terms)
    lines += ".TP\n" + bold(term.name) + "\n" + roff(term.text) + "\n";
  return lines;
}

/// As the list of all manual pages shows it.
std::string short_text(std::string text) {
  if (text.ends_with('.')) text.pop_back();
  if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

}  // namespace

std::string manual_page(ProgramWords const& program, std::string const& version, int section) {
  auto const& root = program.root;
  auto page = ".TH " + roff(capitals(root.name)) + " " + std::to_string(section) + " \"\" \"" +
              root.name + " " + version + "\" \"Tram\"\n";
  page += ".SH NAME\n" + roff(root.name) + " \\- " + roff(short_text(root.text)) + "\n";
  page += ".SH SYNOPSIS\n" + bold(root.name) + " [" + italic("options") + "] [" +
          italic("command") + "]\n.SH DESCRIPTION\n" + roff(root.text) + "\n";
  page += ".SH OPTIONS\n" + option_lines(root, "");
  page += ".SH COMMANDS\n";
  for (auto const& command : root.commands) page += command_lines(command, root.name);
  for (auto const& each : program.sections) page += section_lines(each);
  return page;
}

}  // namespace tram::programs
