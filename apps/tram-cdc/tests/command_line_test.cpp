#include "command_line.hpp"

#include "nearest_name.hpp"
#include "refusal.hpp"

namespace tram::relay_program {
namespace {

std::string wrong(std::vector<std::string> const& arguments) {
  return refusal([&] { parse_command_line(arguments); });
}

TEST(CommandLine, gives_settings_with_their_flags) {
  auto const line =
      parse_command_line({"--database", "sqlite:a.db", "--http-port=0", "--config", "tram.toml"});
  EXPECT_EQ(line.action, Action::relay);
  EXPECT_EQ(line.configuration_file, "tram.toml");
  ASSERT_EQ(line.settings.size(), 2U);
  EXPECT_EQ(line.settings[0].key, "database.url");
  EXPECT_EQ(line.settings[0].value, "sqlite:a.db");
  EXPECT_EQ(line.settings[0].place, "--database");
  EXPECT_EQ(line.settings[1].key, "http.port");
}

TEST(CommandLine, knows_its_actions) {
  EXPECT_EQ(parse_command_line({"--check"}).action, Action::check);
  EXPECT_EQ(parse_command_line({"takeover", "prepare"}).action, Action::takeover_prepare);
  EXPECT_EQ(parse_command_line({"takeover", "status"}).action, Action::takeover_status);
  EXPECT_EQ(parse_command_line({"takeover", "finish"}).action, Action::takeover_finish);
  auto const run = parse_command_line({"takeover", "run", "--database", "postgresql://h/d"});
  EXPECT_EQ(run.action, Action::takeover_run);
  EXPECT_EQ(run.settings.size(), 1U);
}

TEST(CommandLine, prints_help_and_version) {
  auto const help = parse_command_line({"--help"});
  EXPECT_EQ(help.action, Action::print);
  EXPECT_TRUE(says(help.text, "--database"));
  EXPECT_TRUE(says(help.text, "Exit status"));
  EXPECT_TRUE(says(parse_command_line({"--version"}).text, "tram-cdc "));
}

TEST(CommandLine, names_the_nearest_flag_for_an_unknown_one) {
  EXPECT_TRUE(
      says(wrong({"--databse", "x"}), "there is no '--databse'; did you mean '--database'?"));
  EXPECT_TRUE(says(wrong({"--http-prot=1"}), "'--http-port'"));
  EXPECT_TRUE(says(wrong({"takover", "run"}), "'takeover'"));
  EXPECT_TRUE(says(wrong({"takeover", "prepar"}), "'prepare'"));
  EXPECT_TRUE(says(wrong({"--something-else"}), "--help"));
  EXPECT_FALSE(says(wrong({"secret"}), "secret"));
  EXPECT_TRUE(says(wrong({"takeover"}), "which step"));
  EXPECT_TRUE(says(wrong({"--database"}), "--database"));
}

TEST(NearestName, counts_slips_of_the_pen) {
  EXPECT_EQ(programs::edit_distance("", "abc"), 3U);
  EXPECT_EQ(programs::edit_distance("abc", "abc"), 0U);
  EXPECT_EQ(programs::edit_distance("prot", "port"), 1U);
  EXPECT_EQ(programs::edit_distance("kitten", "sitting"), 3U);
  std::vector<std::string> const known{"database.url", "broker.url"};
  EXPECT_EQ(programs::nearest_name("brker.url", known), "broker.url");
  EXPECT_EQ(programs::nearest_name("nothing.like.it", known), "");
  EXPECT_EQ(programs::nearest_name("x", known), "");
}

}  // namespace
}  // namespace tram::relay_program
