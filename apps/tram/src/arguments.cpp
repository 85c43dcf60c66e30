#include "arguments.hpp"

#include <algorithm>
#include <map>

#include "about.hpp"
#include "nearest_name.hpp"
#include "shown.hpp"
#include "tram/all_drivers.hpp"
#include "tram/base/error.hpp"
#include "tram/connect/database.hpp"
#include "values.hpp"

#include <CLI/CLI.hpp>

namespace tram::operator_program {
namespace {

std::vector<programs::Section> sections() {
  return {
      {.title = "Database",
       .text = "sqlite:orders.db or postgresql://user@host/name; also from the environment, as "
               "TRAM_DATABASE_URL. Flags may be anywhere."},
      {.title = "JSON",
       .text = "With --json each command writes one JSON value to standard output; its members are "
               "described in docs/reference/tram-json.md and stay. What went wrong is text, on "
               "standard error."},
      {.title = "Exit status",
       .text = "0 done; 1 the answer is no: nothing matched, or something is wrong; 2 this command "
               "line is wrong; 3 the database or the broker refused or is down, or the output "
               "cannot be written.",
       .terms = {{"0", "done"},
                 {"1", "the answer is no: nothing matched, or something is wrong"},
                 {"2", "the command line is wrong"},
                 {"3", "the database or the broker refused or is down, or the output cannot be "
                       "written"},
                 {"130, 143", "SIGINT or SIGTERM ended it"}}},
  };
}

[[noreturn]] void refuse(std::string const& what) {
  throw Error{Fault::rejected, what + "; see tram --help"};
}

constexpr std::size_t limit_max{1'000'000};

/// A flag's value, understood; complaints name the flag.
template <class Parse>
auto value_of(char const* flag, std::string const& text, Parse const& parse) {
  try {
    return parse(text);
  } catch (Error const& error) { refuse(std::string{flag} + ": " + error.what()); }
}

/// What there are tables for, as `schema print` takes it.
std::vector<std::string> database_schemes() {
  std::vector<std::string> schemes;
  auto const drivers = all_drivers();
  for (auto const* kit : drivers.databases) schemes.emplace_back(kit->scheme);
  return schemes;
}

std::string databases() {
  std::string names;
  for (auto const& scheme : database_schemes())
    names.append(names.empty() ? "'" : " and '").append(scheme).append("'");
  return names;
}

/// What the library cannot know.
void check(Arguments const& arguments) {
  auto const& held = arguments.held;
  if (programs::may_hold_a_password(arguments.schema)) {
    refuse("--schema takes the name of a schema, and what it was given looks like a URL; give that "
           "to --database");
  }
  if (!arguments.kind.empty() && connect::database_kit(arguments.kind, all_drivers()) == nullptr)
    refuse("there are tables for " + databases() + ", not for " + programs::shown(arguments.kind));
  if (arguments.database_url.empty() && arguments.kind.empty()) {
    refuse("say which database: --database sqlite:orders.db, or postgresql://user@host/name, or "
           "set TRAM_DATABASE_URL");
  }
  if (arguments.command == Command::request && arguments.request.kind.empty())
    refuse("say what is asked for, as the service's module names it: sagas.retry");
  if (!held.subscriber.empty() && !held.relay.empty()) {
    refuse("a message is held by a subscription or by a relay: give one of --subscriber and "
           "--relay");
  }
  bool const one =
      arguments.command == Command::held_show || arguments.command == Command::held_drop;
  if (one && held.message.empty()) {
    refuse("say which message: its id, as \"tram held list --json\" shows it");
  }
  bool const narrowed = arguments.all_held || !held.subscriber.empty() || !held.relay.empty() ||
                        !held.channel.empty() || !held.key.empty() || !held.message.empty();
  if (arguments.command == Command::held_retry && !narrowed) {
    refuse("say what to try again: a message's id, --subscriber, --relay, --channel, --key, or "
           "--all");
  }
}

class Parser {
 public:
  Parser() {
    option(app_, "--database", result_.database_url, "URL", "which database")
        ->envname("TRAM_DATABASE_URL");
    option(app_, "--schema", result_.schema, "NAME",
           "where the tables stand; 'eventuate' unless given, 'none' for unqualified");
    app_.add_flag("--json", result_.json, "for programs: one JSON value instead of text");
    add_schema();
    add_outbox();
    add_held();
    add_request();
    add_doctor();
    app_.allow_extras();
  }

  Arguments run(std::vector<std::string> arguments) {
    std::ranges::reverse(arguments);  // As the library wants them.
    try {
      app_.parse(std::vector{arguments});
    } catch (CLI::CallForHelp const&) {
      return printed(app_.help());
    } catch (CLI::CallForVersion const& call) {
      return printed(call.what() + std::string{"\n"});
    } catch (CLI::ParseError const& error) {
      refuse(programs::without_passwords(error.what(), arguments));
    }
    refuse_extras();
    if (auto text = about_.answer()) return printed(std::move(*text));
    require_command();
    take_values();
    check(result_);
    return std::move(result_);
  }

 private:
  template <class Value>
  static CLI::Option* option(CLI::App& app, std::string const& flag, Value& value,
                             std::string const& value_name, std::string const& text) {
    return app.add_option(flag, value, text)->type_name(value_name);
  }

  CLI::App& group(char const* name, char const* text) {
    auto* group = app_.add_subcommand(name, text);
    return *group->fallthrough()->allow_extras();
  }

  CLI::App& command(CLI::App& group, char const* name, char const* text, Command command) {
    auto* added = group.add_subcommand(name, text);
    added->callback([this, command] {
      result_.command = command;
      chosen_ = true;
    });
    return *added->fallthrough()->allow_extras();
  }

  /// The library would take them as well, and complain in its own words.
  void take_values() {
    if (!limit_.empty()) {
      result_.limit = value_of("--limit", limit_, [](std::string const& text) {
        return static_cast<std::size_t>(programs::parse_number(text, 1, limit_max));
      });
    }
    auto const take_age = [](char const* flag, std::string const& text, auto& into) {
      if (!text.empty()) into = value_of(flag, text, programs::parse_duration);
    };
    take_age("--wait", wait_, result_.request.wait);
    take_age("--broker-retention", broker_retention_, result_.broker_retention);
    take_age("--inbox-retention", inbox_retention_, result_.inbox_retention);
  }

  void add_schema() {
    auto& schema = group("schema", "Tram's tables: install, status, print");
    command(schema, "install", "create what is missing; safe to repeat", Command::schema_install);
    command(schema, "status", "which tables are there", Command::schema_status);
    auto& print =
        command(schema, "print", "the statements, for other tools", Command::schema_print);
    option(print, "kind", result_.kind, "DATABASE",
           "sqlite or postgresql; that of the database unless given");
  }

  void add_outbox() {
    auto& outbox = group("outbox", "messages sent: list, status");
    add_limit(command(outbox, "list", "the newest rows", Command::outbox_list));
    command(outbox, "status", "how many rows, and how far relays are", Command::outbox_status);
  }

  void add_held() {
    auto& held = group("held", "messages held by subscriptions, and rows held by relays: list, "
                               "show, retry, drop");
    auto& list = command(held, "list", "oldest first", Command::held_list);
    add_limit(list);
    add_choice(list);
    auto& show = command(held, "show", "one message in full", Command::held_show);
    add_message(show);
    add_owner(show);
    auto& retry = command(held, "retry", "have them handled or published again, in order per key",
                          Command::held_retry);
    add_message(retry);
    add_choice(retry);
    retry.add_flag("--all", result_.all_held, "everything that is held");
    auto& drop = command(held, "drop", "give a message up for good", Command::held_drop);
    add_message(drop);
    add_owner(drop);
  }

  void add_request() {
    auto& request = command(app_, "request",
                            "ask the services for something, and wait for the "
                            "answer",
                            Command::request);
    auto& result = result_.request;
    option(request, "kind", result.kind, "KIND", "what a module of theirs can do: sagas.retry");
    option(request, "argument", result.argument, "ARGUMENT", "what it is about");
    option(request, "--by", result.asked_by, "NAME", "who asks (tram)");
    option(request, "--reason", result.reason, "TEXT", "why, for the module's history");
    option(request, "--wait", wait_, "AGE", "maximum time to wait for the answer (10s)");
  }

  void add_doctor() {
    auto& doctor = command(app_, "doctor", "check everything, change nothing, report what is wrong",
                           Command::doctor);
    option(doctor, "--broker", result_.broker_url, "URL",
           "is it there: kafka://host:9092, embedded:channels.db");
    option(doctor, "--broker-retention", broker_retention_, "AGE",
           "how long the broker keeps records: 36h (assumed: 7d)");
    option(doctor, "--inbox-retention", inbox_retention_, "AGE",
           "how long the services keep inbox rows: 30d (assumed: 14d)");
  }

  void add_limit(CLI::App& app) { option(app, "--limit", limit_, "N", "rows at most (50)"); }
  void add_message(CLI::App& app) {
    option(app, "message", result_.held.message, "ID", "a message's id");
  }
  void add_owner(CLI::App& app) {
    option(app, "--subscriber", result_.held.subscriber, "ID", "held by this subscription");
    option(app, "--relay", result_.held.relay, "NAME", "held by this relay");
  }
  void add_choice(CLI::App& app) {
    add_owner(app);
    option(app, "--channel", result_.held.channel, "NAME", "of this channel");
    option(app, "--key", result_.held.key, "KEY", "of this key");
  }

  static Arguments printed(std::string text) {
    Arguments arguments;
    arguments.text = std::move(text);
    return arguments;
  }

  static CLI::App const* innermost(CLI::App const& app) {
    auto const commands = app.get_subcommands();
    return commands.empty() ? &app : innermost(*commands.front());
  }

  /// What may stand where the innermost command ended.
  [[nodiscard]] std::vector<std::string> known_names() const {
    std::vector<std::string> names{"--help", "--version"};
    for (auto const* app = innermost(app_); app != nullptr; app = app->get_parent()) {
      for (auto const* each : app->get_options()) {
        if (!each->get_lnames().empty()) names.push_back("--" + each->get_lnames().front());
      }
      for (auto const* each : app->get_subcommands([](CLI::App const*) { return true; })) {
        names.push_back(each->get_name());
      }
    }
    return names;
  }

  void refuse_extras() const {
    auto const extras = app_.remaining(true);
    if (extras.empty()) return;
    refuse(programs::no_such_argument(extras.front(), known_names()));
  }

  void require_command() const {
    if (chosen_) return;
    auto const* app = innermost(app_);
    std::string names;
    for (auto const* each : app->get_subcommands([](CLI::App const*) { return true; })) {
      names += (names.empty() ? "" : ", ") + each->get_name();
    }
    refuse("say what to do: " + names);
  }

  Arguments result_;
  std::string limit_;
  std::string wait_;
  std::string broker_retention_;
  std::string inbox_retention_;
  bool chosen_{};
  CLI::App app_{"The operator's tool: Tram's tables, the outbox, and held messages (dead letters).",
                "tram"};
  programs::About about_{
      app_,
      {.manual_section = 1, .sections = sections(), .values = {{"DATABASE", database_schemes()}}}};
};

}  // namespace

Arguments parse_arguments(std::vector<std::string> const& arguments) {
  return Parser{}.run(arguments);
}

}  // namespace tram::operator_program
