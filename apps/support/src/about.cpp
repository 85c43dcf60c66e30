#include "about.hpp"

#include <utility>

#include "completion.hpp"
#include "manual.hpp"
#include "tram/base/error.hpp"
#include "version.hpp"

#include <CLI/CLI.hpp>

namespace tram::programs {

About::About(CLI::App& app, Parts parts) : app_{app}, parts_{std::move(parts)} {
  app_.set_help_flag("--help", "print this and exit");
  app_.set_version_flag("--version", app_.get_name() + " " + version, "print the version and exit");
  app_.add_option("--completion", shell_,
                  "print the script with which a shell completes this command line, and exit")
      ->type_name("SHELL");
  app_.add_flag("--man", manual_, "print the manual page and exit");
  app_.footer(help_footer(parts_.sections));
  parts_.values.insert_or_assign("--completion", shells());
}

std::optional<std::string> About::answer() const {
  if (shell_.empty() && !manual_) return std::nullopt;
  auto const words = command_words(app_, parts_.values);
  if (manual_) {
    return manual_page({.root = words, .sections = parts_.sections}, version,
                       parts_.manual_section);
  }
  auto script = completion_script(words, shell_);
  if (!script)
    throw Error{Fault::rejected, "--completion: there is a script for bash, zsh and fish"};
  return script;
}

}  // namespace tram::programs
