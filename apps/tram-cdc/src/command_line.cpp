#include "command_line.hpp"

#include <algorithm>
#include <map>

#include "about.hpp"
#include "configuration.hpp"
#include "environment.hpp"
#include "nearest_name.hpp"
#include "shown.hpp"
#include "tram/base/error.hpp"

#include <CLI/CLI.hpp>

namespace tram::relay_program {
namespace {

std::vector<programs::Term> setting_terms() {
  std::vector<programs::Term> terms;
  for (auto const& key : key_descriptions())
    terms.push_back({.name = key.key, .text = variable_of(key.key) + ": " + key.text});
  terms.push_back({.name = "broker.properties.NAME", .text = "of the broker's client library"});
  return terms;
}

std::vector<programs::Section> sections() {
  return {
      {.title = "Settings",
       .text = "flags win over the environment (TRAM_CDC_DATABASE_URL for database.url, and the "
               "Java CDC service's own variables), that over the file, that over the defaults.",
       .terms = setting_terms()},
      {.title = "Exit status",
       .text = "0 done, 1 a check or takeover said no, 2 wrong settings, 3 it could not start, 70 "
               "it could not go on, 75 it did not stop in time, 130 or 143 a second signal ended "
               "it.",
       .terms = {{"0", "done"},
                 {"1", "a check or takeover said no"},
                 {"2", "wrong settings"},
                 {"3", "it could not start"},
                 {"70", "it could not go on"},
                 {"75", "it did not stop in time"},
                 {"130, 143", "a second signal ended it"}}},
  };
}

programs::KnownValues known_values() {
  programs::KnownValues values;
  for (auto const& key : key_descriptions()) {
    if (!key.values.empty()) values.insert_or_assign(key.flag, key.values);
  }
  return values;
}

class Parser {
 public:
  Parser() {
    app_.add_option("--config", result_.configuration_file, "settings in TOML")->type_name("FILE");
    app_.add_flag("--check", check_, "check everything, change nothing, and report what is wrong");
    for (auto const& key : key_descriptions()) {
      if (key.flag.empty()) continue;
      auto* option = app_.add_option(key.flag, values_[key.key], key.text);
      option->type_name(key.value_name);
      options_.emplace_back(key.key, option);
      flags_.push_back(key.flag);
    }
    takeover_ = app_.add_subcommand("takeover", "take over an outbox from the Java relay: "
                                                "prepare, status, run, finish");
    takeover_->fallthrough()->allow_extras();
    add_step(*takeover_, "prepare", "while the Java relay runs", Action::takeover_prepare);
    add_step(*takeover_, "status", "where it stands, and what to do", Action::takeover_status);
    add_step(*takeover_, "run", "when the Java relay is stopped", Action::takeover_run);
    add_step(*takeover_, "finish", "drop the old slot, and with it the way back",
             Action::takeover_finish);
    app_.allow_extras();
  }

  CommandLine run(std::vector<std::string> arguments) {
    std::ranges::reverse(arguments);  // As the library wants them.
    try {
      app_.parse(std::vector{arguments});
    } catch (CLI::CallForHelp const&) {
      return printed(app_.help());
    } catch (CLI::CallForAllHelp const&) {
      return printed(app_.help("", CLI::AppFormatMode::All));
    } catch (CLI::CallForVersion const& call) {
      return printed(call.what() + std::string{"\n"});
    } catch (CLI::ParseError const& error) {
      throw Error{Fault::rejected,
                  programs::without_passwords(error.what(), arguments) + "; see tram-cdc --help"};
    }
    refuse_extras();
    if (auto text = about_.answer()) return printed(std::move(*text));
    require_step();
    for (auto const& [key, option] : options_) {
      if (option->count() > 0)
        result_.settings.push_back({key, values_.at(key), option->get_name()});
    }
    if (check_) result_.action = Action::check;
    return std::move(result_);
  }

 private:
  void add_step(CLI::App& takeover, char const* name, char const* text, Action action) {
    steps_.emplace_back(name);
    takeover.add_subcommand(name, text)->fallthrough()->callback([this, action] {
      result_.action = action;
    });
  }

  static CommandLine printed(std::string text) {
    return {
        .action = Action::print, .configuration_file = {}, .settings = {}, .text = std::move(text)};
  }

  void refuse_extras() {
    auto const extras = app_.remaining(true);
    if (extras.empty()) return;
    auto flags = flags_;
    flags.insert(flags.end(), {"--help", "--version", "--completion", "--man", "--config",
                               "--check", "takeover"});
    if (takeover_->parsed()) flags.insert(flags.end(), steps_.begin(), steps_.end());
    throw Error{Fault::rejected,
                programs::no_such_argument(extras.front(), flags) + "; see tram-cdc --help"};
  }

  void require_step() const {
    if (takeover_->parsed() && takeover_->get_subcommands().empty()) {
      throw Error{Fault::rejected,
                  "say which step of the takeover: prepare, status, run or finish"};
    }
  }

  CommandLine result_;
  bool check_{};
  CLI::App* takeover_{};
  std::vector<std::string> steps_;
  std::map<std::string, std::string> values_;
  std::vector<std::string> flags_;
  CLI::App app_{"Publishes committed rows of an outbox to a broker, at least once and in order per "
                "key.",
                "tram-cdc"};
  programs::About about_{app_,
                         {.manual_section = 8, .sections = sections(), .values = known_values()}};
  std::vector<std::pair<std::string, CLI::Option*>> options_;
};

}  // namespace

CommandLine parse_command_line(std::vector<std::string> const& arguments) {
  return Parser{}.run(arguments);
}

}  // namespace tram::relay_program
