#include "arguments.hpp"

#include <gtest/gtest.h>

#include "tram/base/error.hpp"

namespace tram::operator_program {
namespace {

Arguments parsed(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--database", "sqlite:a.db"});
  return parse_arguments(arguments);
}

std::string wrong(std::vector<std::string> const& arguments) {
  try {
    parse_arguments(arguments);
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::rejected);
    return error.what();
  }
  return "";
}

bool says(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

TEST(Arguments, name_a_command_and_what_it_works_on) {
  EXPECT_EQ(parsed({"schema", "install"}).command, Command::schema_install);
  EXPECT_EQ(parsed({"outbox", "status"}).command, Command::outbox_status);
  EXPECT_EQ(parsed({"doctor"}).command, Command::doctor);
  auto const list = parsed({"held", "list", "--subscriber", "billing", "--json", "--limit=3"});
  EXPECT_EQ(list.command, Command::held_list);
  EXPECT_EQ(list.database_url, "sqlite:a.db");
  EXPECT_EQ(list.held.subscriber, "billing");
  EXPECT_TRUE(list.json);
  EXPECT_EQ(list.limit, 3U);
  EXPECT_EQ(parsed({"--schema", "custom", "schema", "print"}).schema, "custom");
  EXPECT_EQ(parsed({"held", "show", "4-2"}).held.message, "4-2");
}

TEST(Arguments, take_help_for_every_command) {
  EXPECT_TRUE(says(parse_arguments({"--help"}).text, "Exit status"));
  EXPECT_TRUE(says(parse_arguments({"held", "retry", "--help"}).text, "--all"));
  EXPECT_TRUE(says(parse_arguments({"held", "--help"}).text, "tram held"));
  EXPECT_EQ(parse_arguments({"schema", "print", "sqlite"}).kind, "sqlite");
  EXPECT_TRUE(says(parse_arguments({"--version"}).text, "tram "));
}

TEST(Arguments, that_are_not_known_bring_the_nearest_to_mind) {
  EXPECT_TRUE(says(wrong({"held", "list", "--subscribr", "b"}), "did you mean '--subscriber'?"));
  EXPECT_TRUE(says(wrong({"held", "lst"}), "did you mean 'list'?"));
  EXPECT_TRUE(says(wrong({"docter"}), "did you mean 'doctor'?"));
  EXPECT_TRUE(says(wrong({"--databse=x", "doctor"}), "did you mean '--database'?"));
}

TEST(Arguments, that_are_no_legal_values_are_named_with_what_is_legal) {
  auto const of_database = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--database", "sqlite:a.db"});
    return wrong(arguments);
  };
  for (std::string const limit : {"-1", "0", "x", "1.5", "99999999999999999999"}) {
    auto const text = of_database({"outbox", "list", "--limit", limit});
    EXPECT_EQ(text,
              "--limit: '" + limit + "' is not a whole number from 1 to 1000000; see tram --help");
  }
  for (std::string const flag : {"--broker-retention", "--inbox-retention"}) {
    for (std::string const age : {"xx", "7", "-1d"}) {
      auto const text = of_database({"doctor", flag, age});
      EXPECT_EQ(text, flag + ": '" + age +
                          "' is not a time with its unit, such as 500ms, 10s, 5m, 48h or 2d; see "
                          "tram --help");
    }
  }
}

TEST(Arguments, that_are_missing_are_named) {
  EXPECT_TRUE(says(wrong({}), "schema, outbox, held, request, doctor"));
  EXPECT_TRUE(says(wrong({"held"}), "list, show, retry, drop"));
  EXPECT_TRUE(says(wrong({"held", "list"}), "TRAM_DATABASE_URL"));
  std::vector<std::string> const database{"--database", "sqlite:a.db"};
  EXPECT_TRUE(says(wrong({"held", "retry", "--database", "sqlite:a.db"}), "--all"));
  EXPECT_TRUE(says(wrong({"held", "drop", "--database", "sqlite:a.db"}), "its id"));
  EXPECT_TRUE(says(
      wrong({"held", "list", "--database", "sqlite:a.db", "--relay", "r", "--subscriber", "s"}),
      "give one of"));
}

}  // namespace
}  // namespace tram::operator_program
