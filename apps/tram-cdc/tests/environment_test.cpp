#include "environment.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <optional>

#include "refusal.hpp"

#include <stdlib.h>
#include <unistd.h>

namespace tram::relay_program {
namespace {

std::optional<std::string> value_of(Environment const& environment, std::string const& key) {
  std::optional<std::string> value;
  for (auto const& setting : environment.settings) {
    if (setting.key == key) value = setting.value;
  }
  return value;
}

TEST(Environment, has_a_variable_for_every_key) {
  auto const environment = read_environment({{"TRAM_CDC_DATABASE_URL", "sqlite:a"},
                                             {"TRAM_CDC_DATABASE_INSTALL_SCHEMA", "false"},
                                             {"PATH", "/bin"}});
  EXPECT_EQ(value_of(environment, "database.url"), "sqlite:a");
  EXPECT_EQ(value_of(environment, "database.install_schema"), "false");
  EXPECT_EQ(environment.settings.size(), 2U);
}

TEST(Environment, wins_with_our_own_variables_over_the_java_services) {
  auto const environment = read_environment(
      {{"EVENTUATELOCAL_CDC_READER_NAME", "java"}, {"TRAM_CDC_RELAY_NAME", "ours"}});
  EXPECT_EQ(value_of(environment, "relay.name"), "ours");
}

TEST(Environment, reads_secrets_from_files) {
  std::array<char, 32> path{"/tmp/tram-secret-XXXXXX"};
  int const descriptor = ::mkstemp(path.data());
  ASSERT_GE(descriptor, 0);
  ::close(descriptor);
  std::ofstream{path.data()} << "p ssw rd\n";
  auto const environment = read_environment({{"TRAM_CDC_DATABASE_PASSWORD_FILE", path.data()}});
  std::filesystem::remove(path.data());
  EXPECT_EQ(value_of(environment, "database.password"), "p ssw rd");
  EXPECT_TRUE(
      says(refusal([&] { read_environment({{"TRAM_CDC_DATABASE_PASSWORD_FILE", path.data()}}); }),
           "TRAM_CDC_DATABASE_PASSWORD_FILE: the file that it names cannot be read"));
}

TEST(Environment, tells_an_empty_secret_from_one_that_cannot_be_read) {
  auto const why =
      refusal([] { read_environment({{"TRAM_CDC_DATABASE_PASSWORD_FILE", "/dev/null"}}); });
  EXPECT_TRUE(says(why, "TRAM_CDC_DATABASE_PASSWORD_FILE: the file that it names is empty")) << why;
}

TEST(Environment, names_the_nearest_variable_for_an_unknown_one) {
  EXPECT_TRUE(says(refusal([] { read_environment({{"TRAM_CDC_DATABSE_URL", "x"}}); }),
                   "did you mean 'TRAM_CDC_DATABASE_URL'?"));
}

}  // namespace
}  // namespace tram::relay_program
