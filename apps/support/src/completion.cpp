#include "completion.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace tram::programs {
namespace {

/// A command with all that may stand behind it. Its place is the names that lead to it, each with
/// a blank before it: empty for the program itself, ` held list`.
struct Place {
  std::string path;
  CommandWords const* command;
  std::vector<OptionWords const*> options;
};

/// These are for the program alone; all other options may stand behind any command.
bool is_inherited(OptionWords const& option) {
  constexpr std::array<std::string_view, 4> own{"--help", "--version", "--completion", "--man"};
  return !option.is_argument() && std::ranges::find(own, option.name) == own.end();
}

void collect(CommandWords const& command, std::string const& path,
             std::vector<OptionWords const*> const& inherited, std::vector<Place>& places) {
  Place place{.path = path, .command = &command, .options = {}};
  auto passed_on = inherited;
  for (auto const& option : command.options) {
    place.options.push_back(&option);
    if (is_inherited(option)) passed_on.push_back(&option);
  }
  place.options.insert(place.options.end(), inherited.begin(), inherited.end());
  places.push_back(std::move(place));
  for (auto const& each : command.commands)
    collect(each, path + " " + each.name, passed_on, places);
}

std::vector<Place> places_of(CommandWords const& program) {
  std::vector<Place> places;
  collect(program, "", {}, places);
  return places;
}

/// One of each name.
std::vector<OptionWords const*> options_with_values(std::vector<Place> const& places) {
  std::vector<OptionWords const*> found;
  std::set<std::string> names;
  for (auto const& place : places) {
    for (auto const* option : place.options) {
      if (option->is_argument() || !option->takes_value()) continue;
      if (names.insert(option->name).second) found.push_back(option);
    }
  }
  return found;
}

std::string joined(std::vector<std::string> const& texts, std::string_view between) {
  std::string all;
  for (auto const& text : texts) all.append(all.empty() ? "" : between).append(text);
  return all;
}

std::string option_names(std::vector<OptionWords const*> const& options, std::string_view between) {
  std::vector<std::string> names;
  for (auto const* option : options) names.push_back(option->name);
  return joined(names, between);
}

/// All but the program's own, each in quotes.
std::string paths(std::vector<Place> const& places, char quote, std::string_view between) {
  std::vector<std::string> found;
  for (auto const& place : places) {
    if (!place.path.empty()) found.push_back(quote + place.path + quote);
  }
  return joined(found, between);
}

/// What may be typed there, each with what it is.
std::vector<Term> offers(Place const& place) {
  std::vector<Term> found;
  for (auto const& command : place.command->commands)
    found.push_back({.name = command.name, .text = command.text});
  for (auto const* option : place.options) {
    if (!option->is_argument()) found.push_back({.name = option->name, .text = option->text});
    else
      for (auto const& value : option->values) found.push_back({.name = value, .text = {}});
  }
  return found;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

/// A name for a function.
std::string word_of(std::string name) {
  replace_all(name, "-", "_");
  return name;
}

/// The template with its names filled in: `@NAME@`.
std::string filled(std::string text, std::vector<Term> const& terms) {
  for (auto const& term : terms) replace_all(text, "@" + term.name + "@", term.text);
  return text;
}

constexpr auto bash_script{
    R"(# Completion of @program@ for bash, printed by "@program@ --completion bash".
_@word@() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} place= at=1 each
  COMPREPLY=()
  # Bash takes = and : for words of their own.
  case $word in
    =) word= ;;
    :*) return ;;
    *) case $before in
         =) before=${COMP_WORDS[COMP_CWORD - 2]} ;;
         :*) return ;;
       esac ;;
  esac
  while ((at < COMP_CWORD)); do
    each=${COMP_WORDS[at]}
    case $each in
      [=:]*) ((at += 1)) ;;
      @takers@) [[ ${COMP_WORDS[at + 1]} == = ]] || ((at += 1)) ;;
      -*) ;;
      *) case "$place $each" in
           @paths@) place="$place $each" ;;
         esac ;;
    esac
    ((at += 1))
  done
  case $before in
@values@  esac
  local words=
  case $place in
@offers@  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _@word@ @program@
)"};

std::string bash(std::string const& program, std::vector<Place> const& places) {
  std::string values;
  for (auto const* option : options_with_values(places)) {
    values += "    " + option->name + ") ";
    if (!option->values.empty())
      values += "COMPREPLY=($(compgen -W \"" + joined(option->values, " ") + "\" -- \"$word\")); ";
    else if (option->value_name == "FILE")
      values += "compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$word\")); ";
    values += "return ;;\n";
  }
  std::string all;
  for (auto const& place : places) {
    std::vector<std::string> names;
    for (auto const& offer : offers(place)) names.push_back(offer.name);
    all += "    \"" + place.path + "\") words=\"" + joined(names, " ") + "\" ;;\n";
  }
  return filled(bash_script, {{"program", program},
                              {"word", word_of(program)},
                              {"takers", option_names(options_with_values(places), "|")},
                              {"paths", paths(places, '"', "|")},
                              {"values", values},
                              {"offers", all}});
}

constexpr auto zsh_script{R"(#compdef @program@
# Completion of @program@ for zsh, printed by "@program@ --completion zsh".
_@word@() {
  local before=$words[CURRENT-1] place= at=2 each
  local -a offers
  while (( at < CURRENT )); do
    each=$words[at]
    case $each in
      (@takers@) (( at += 1 )) ;;
      (-*) ;;
      (*) case "$place $each" in
            (@paths@) place="$place $each" ;;
          esac ;;
    esac
    (( at += 1 ))
  done
  if [[ $PREFIX == --*=* ]]; then
    before=${PREFIX%%=*}
    compset -P '*='
  fi
  case $before in
@values@  esac
  case $place in
@offers@  esac
  _describe -o -t words @program@ offers
}
if [[ $funcstack[1] == _@word@ ]]; then _@word@ "$@"; else compdef _@word@ @program@; fi
)"};

/// In single quotes.
std::string zsh_offer(Term const& offer) {
  auto text = offer.text;
  replace_all(text, "'", R"('\'')");
  return "'" + offer.name + (text.empty() ? "" : ":" + text) + "'";
}

std::string zsh(std::string const& program, std::vector<Place> const& places) {
  std::string values;
  for (auto const* option : options_with_values(places)) {
    values += "    (" + option->name + ") ";
    if (!option->values.empty()) values += "compadd -- " + joined(option->values, " ");
    else if (option->value_name == "FILE") values += "_files";
    else values += "_message '" + option->value_name + "'";
    values += "; return ;;\n";
  }
  std::string all;
  for (auto const& place : places) {
    all += "    (\"" + place.path + "\") offers=(\n";
    for (auto const& offer : offers(place)) all += "      " + zsh_offer(offer) + "\n";
    all += "    ) ;;\n";
  }
  return filled(zsh_script, {{"program", program},
                             {"word", word_of(program)},
                             {"takers", option_names(options_with_values(places), "|")},
                             {"paths", paths(places, '"', "|")},
                             {"values", values},
                             {"offers", all}});
}

constexpr auto fish_script{
    R"(# Completion of @program@ for fish, printed by "@program@ --completion fish".
function __@word@_place
    set -l place ""
    set -l is_value no
    for each in (commandline -opc)[2..-1]
        if test $is_value = yes
            set is_value no
            continue
        end
        switch $each
            case @takers@
                set is_value yes
            case '-*'
            case '*'
                if contains -- "$place $each" @paths@
                    set place "$place $each"
                end
        end
    end
    test "$place" = "$argv[1]"
end
complete -c @program@ -f
)"};

std::string in_fish_quotes(std::string text) {
  replace_all(text, "\\", "\\\\");
  replace_all(text, "'", "\\'");
  return "'" + text + "'";
}

std::string fish_option(OptionWords const& option) {
  std::string line = " -l " + option.name.substr(2);
  if (!option.values.empty()) line += " -x -a " + in_fish_quotes(joined(option.values, " "));
  else if (option.value_name == "FILE") line += " -r -F";
  else if (option.takes_value()) line += " -x";
  return line + " -d " + in_fish_quotes(option.text);
}

std::string fish(std::string const& program, std::vector<Place> const& places) {
  auto script = filled(fish_script, {{"program", program},
                                     {"word", word_of(program)},
                                     {"takers", option_names(options_with_values(places), " ")},
                                     {"paths", paths(places, '"', " ")}});
  for (auto const& place : places) {
    auto const line =
        "complete -c " + program + " -n '__" + word_of(program) + "_place \"" + place.path + "\"'";
    for (auto const& command : place.command->commands)
      script += line + " -a " + command.name + " -d " + in_fish_quotes(command.text) + "\n";
    for (auto const* option : place.options) {
      if (!option->is_argument()) script += line + fish_option(*option) + "\n";
      else if (!option->values.empty())
        script += line + " -a " + in_fish_quotes(joined(option->values, " ")) + "\n";
    }
  }
  return script;
}

}  // namespace

std::vector<std::string> const& shells() {
  static std::vector<std::string> const names{"bash", "zsh", "fish"};
  return names;
}

std::optional<std::string> completion_script(CommandWords const& program, std::string_view shell) {
  auto const places = places_of(program);
  if (shell == "bash") return bash(program.name, places);
  if (shell == "zsh") return zsh(program.name, places);
  if (shell == "fish") return fish(program.name, places);
  return std::nullopt;
}

}  // namespace tram::programs
