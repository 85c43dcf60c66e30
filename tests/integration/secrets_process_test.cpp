#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "cdc_process.hpp"
#include "postgres_server.hpp"
#include "secret_shapes.hpp"

namespace tram::testing {
namespace {

using Texts = std::vector<std::string>;

/// Shapes per way of giving one to a command; others in each way.
constexpr std::size_t shapes_per_way{6};

/// Every command of every program is given URLs whose password does something to them, in every way
/// that takes one. All that it writes, and all that it serves, is searched for a piece of it.
class PasswordsOfProcesses : public ::testing::Test {
 protected:
  static Texts some(std::vector<std::string> const& forms) {
    static std::minstd_rand random{20'013};
    auto all = filled(forms);
    // An argument ends at a NUL, and so does a variable.
    Texts chosen;
    while (chosen.size() < shapes_per_way) chosen.push_back(all[random() % all.size()]);
    return chosen;
  }
  static Texts some_databases() { return some(database_forms()); }

  /// Runs it to its end, or until it serves; then asks for all there is, and ends it.
  void expect_silence(std::string const& program, Texts const& arguments, Texts const& variables,
                      std::string const& shape) {
    if (shape.find('\0') != std::string::npos) return;
    ProgramProcess process{program, arguments, variables};
    std::string said;
    if (!await_end_or_port(process)) {
      auto const port = process.number_logged("http_port");
      if (port != 0) ++served_;
      for (auto const* path : {"/health/live", "/health/ready", "/metrics", "/actuator/health",
                               "/actuator/prometheus", "/readers/relay/status"}) {
        said += http::ask(port, std::string{"GET "} + path);
      }
      process.signal(SIGTERM);
    }
    process.await_end();
    said += process.log();
    process.wait();
    ++runs_;
    EXPECT_EQ(said.find(secret_mark), std::string::npos)
        << program << " " << ::testing::PrintToString(arguments) << " "
        << ::testing::PrintToString(variables) << "\nsaid: " << said;
  }
  static bool await_end_or_port(ProgramProcess const& process) {
    bool ended = false;
    EXPECT_TRUE(eventually([&] {
      siginfo_t state{};
      ::waitid(P_PID, static_cast<id_t>(process.id()), &state, WEXITED | WNOWAIT | WNOHANG);
      ended = state.si_pid != 0;
      return ended || process.number_logged("http_port") != 0 ||
             process.log().find("service.waits_for_database") != std::string::npos;
    })) << process.log();
    return ended;
  }

  static std::vector<Texts> cdc_actions() {
    return {{},
            {"--check"},
            {"takeover", "prepare"},
            {"takeover", "status"},
            {"takeover", "run"},
            {"takeover", "finish"}};
  }
  static std::vector<Texts> tram_commands() {
    return {{"schema", "install"}, {"schema", "status"},
            {"schema", "print"},   {"outbox", "list"},
            {"outbox", "status"},  {"held", "list"},
            {"held", "show", "x"}, {"held", "retry", "--all"},
            {"held", "drop", "x"}, {"doctor"}};
  }
  static Texts with(Texts words, Texts const& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  /// A relay says nothing of itself at a port of its own; takeovers have none.
  static Texts cdc(Texts const& action, Texts const& more) {
    return with(with(action, more), {"--http-port", "0", "--http-address", "127.0.0.1",
                                     "--log-level", "debug", "--drain-timeout", "0s"});
  }

  Folder folder_;
  int runs_{};
  int served_{};
};

TEST_F(PasswordsOfProcesses, given_to_the_relay_by_flag) {
  for (auto const& action : cdc_actions()) {
    for (auto const& url : some_databases()) {
      expect_silence(TRAM_CDC_PROGRAM, cdc(action, {"--database", url, "--broker", "memory:"}), {},
                     url);
    }
  }
  for (auto const& url : some(broker_forms())) {
    for (Texts const& action : {Texts{}, Texts{"takeover", "status"}}) {
      expect_silence(TRAM_CDC_PROGRAM,
                     cdc(action, {"--database", "postgresql://127.0.0.1:1/d", "--broker", url}), {},
                     url);
    }
  }
  EXPECT_GT(served_, 0);
}

TEST_F(PasswordsOfProcesses, given_to_the_relay_by_the_environment) {
  for (auto const& action : cdc_actions()) {
    for (auto const& url : some_databases()) {
      expect_silence(TRAM_CDC_PROGRAM, cdc(action, {}),
                     {"TRAM_CDC_DATABASE_URL=" + url, "TRAM_CDC_BROKER_URL=memory:"}, url);
      // A secret where the name of a file belongs.
      expect_silence(TRAM_CDC_PROGRAM, cdc(action, {}),
                     {"TRAM_CDC_DATABASE_URL_FILE=" + url, "TRAM_CDC_BROKER_URL=memory:"}, url);
    }
  }
}

TEST_F(PasswordsOfProcesses, given_to_the_relay_by_a_file) {
  auto const file = folder_.file("tram-cdc.toml");
  auto const secret_file = folder_.file("url");
  for (auto const& action : cdc_actions()) {
    for (auto const& url : some_databases()) {
      // In no quotes, in each kind of them, and as a key.
      for (std::string const quotes : {"", "'", "\""}) {
        std::ofstream{file} << "[database]\nurl = " << quotes << url << quotes
                            << "\n[broker]\nurl = \"memory:\"\n";
        expect_silence(TRAM_CDC_PROGRAM, cdc(action, {"--config", file}), {}, url);
      }
      std::ofstream{file} << "[database]\n\"postgresql://u:" << url << "@h\" = 1\n";
      expect_silence(TRAM_CDC_PROGRAM, cdc(action, {"--config", file}), {}, url);
      std::ofstream{secret_file} << url << "\n";
      expect_silence(TRAM_CDC_PROGRAM, cdc(action, {"--broker", "memory:"}),
                     {"TRAM_CDC_DATABASE_URL_FILE=" + secret_file}, url);
    }
  }
}

TEST_F(PasswordsOfProcesses, given_to_the_relay_apart_from_the_url) {
  std::vector<std::string> passwords = awkward_passwords();
  for (std::size_t at = 0; at < passwords.size(); at += 5) {
    auto const& password = passwords[at];
    for (Texts const& action : {Texts{}, Texts{"--check"}, Texts{"takeover", "status"}}) {
      expect_silence(
          TRAM_CDC_PROGRAM,
          cdc(action, {"--database", "postgresql://127.0.0.1:1/d", "--broker", "memory:"}),
          {"TRAM_CDC_DATABASE_PASSWORD=" + password, "TRAM_CDC_DATABASE_USER=" + password},
          password);
    }
  }
}

TEST_F(PasswordsOfProcesses, given_to_the_relay_by_the_java_service_s_environment) {
  for (auto const& action : cdc_actions()) {
    for (auto const& url : some_databases()) {
      auto const jdbc = url.find("jdbc:") == 0 ? url : "jdbc:" + url;
      expect_silence(
          TRAM_CDC_PROGRAM, cdc(action, {}),
          {"SPRING_DATASOURCE_URL=" + jdbc, "SPRING_DATASOURCE_USERNAME=u",
           "SPRING_DATASOURCE_PASSWORD=Zq7", "EVENTUATELOCAL_KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:1"},
          url);
    }
    for (auto const& url : some(broker_forms())) {
      expect_silence(TRAM_CDC_PROGRAM, cdc(action, {}),
                     {"SPRING_DATASOURCE_URL=jdbc:postgresql://127.0.0.1:1/d",
                      "EVENTUATELOCAL_KAFKA_BOOTSTRAP_SERVERS=" + url},
                     url);
    }
  }
}

TEST_F(PasswordsOfProcesses, given_to_the_relay_at_the_wrong_place) {
  for (auto const& url : some_databases()) {
    for (auto const& words : std::vector<Texts>{{url},
                                                {"--databse", url},
                                                {"--databse=" + url},
                                                {"--check=" + url},
                                                {"takeover", url},
                                                {"--config", url},
                                                {"--http-port", url},
                                                {"--name", url, "--database", "sqlite:x"},
                                                {"--schema", url, "--database", "sqlite:x"},
                                                {"--retention", url},
                                                {"--new-slot", url},
                                                {"--http-address", url}}) {
      // What has none of a URL's signs could be the value that was meant.
      if (url.find_first_of("@=?&") == std::string::npos && words.size() > 1 &&
          words[0] != "takeover")
        continue;
      expect_silence(TRAM_CDC_PROGRAM, with(words, {"--broker", "memory:"}), {}, url);
    }
  }
}

TEST_F(PasswordsOfProcesses, given_to_the_operator_s_tool) {
  for (auto const& command : tram_commands()) {
    for (auto const& url : some_databases()) {
      expect_silence(TRAM_PROGRAM, with(command, {"--database", url}), {}, url);
      expect_silence(TRAM_PROGRAM, command, {"TRAM_DATABASE_URL=" + url}, url);
      expect_silence(TRAM_PROGRAM, with(command, {url}), {}, url);
    }
  }
  for (auto const& url : some_databases()) {
    for (auto const& words :
         std::vector<Texts>{{url}, {"schema", "print", url}, {"--json=" + url, "doctor"}})
      expect_silence(TRAM_PROGRAM, words, {}, url);
  }
}

TEST_F(PasswordsOfProcesses, given_to_an_example) {
  for (std::string const program : {TRAM_EXAMPLE, TRAM_EXAMPLE_02}) {
    for (auto const& url : some_databases()) {
      expect_silence(program, {url, "memory:"}, {}, url);
      expect_silence(program, {url}, {}, url);
    }
  }
}

}  // namespace
}  // namespace tram::testing
