// The programs' completion, in the shells themselves.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace tram::programs {
namespace {

using Words = std::set<std::string>;

std::string output_of(std::string const& command) {
  std::string text;
  auto* const pipe = ::popen(("{ " + command + "; } 2>&1 </dev/null").c_str(), "r");
  std::array<char, 4096> buffer{};
  while (auto const size = std::fread(buffer.data(), 1, buffer.size(), pipe))
    text.append(buffer.data(), size);
  EXPECT_EQ(WEXITSTATUS(::pclose(pipe)), 0) << command << "\n" << text;
  return text;
}

/// Without the letters that a backspace strikes out, which make others bold.
std::string shown_page(std::string const& command) {
  std::string shown;
  for (char const c : output_of(command)) {
    if (c == '\b') shown.pop_back();
    else shown += c;
  }
  return shown;
}

std::string program_of(std::string const& line) {
  return line.starts_with("tram-cdc ") ? TRAM_CDC_PROGRAM : TRAM_PROGRAM;
}

/// A shell that reads the program's script and says what it offers at the end of a line.
class Completion : public ::testing::TestWithParam<std::string> {
 protected:
  Completion() {
    std::string folder = (std::filesystem::temp_directory_path() / "tram-completion-XXXXXX");
    folder_ = ::mkdtemp(folder.data());
    std::ofstream{folder_ / "tram.toml"};
  }
  ~Completion() override { std::filesystem::remove_all(folder_); }

  Words offers(std::string const& line) {
    auto const script = (folder_ / "script").string();
    output_of(program_of(line) + " --completion " + GetParam() + " > " + script);
    std::istringstream lines{output_of("cd " + folder_.string() + " && " + ask(script, line))};
    Words words;
    for (std::string word; std::getline(lines, word);) {
      word = word.substr(0, word.find('\t'));
      if (!word.empty()) words.insert(word);
    }
    return words;
  }

  Words with_prefix(std::string const& line, std::string const& prefix) {
    Words chosen;
    for (auto const& word : offers(line)) {
      if (word.starts_with(prefix)) chosen.insert(word);
    }
    return chosen;
  }

 private:
  static std::string ask(std::string const& script, std::string const& line) {
    if (GetParam() == "fish") {
      return "HOME=$PWD XDG_DATA_HOME=$PWD fish --no-config --command \"source " + script +
             "; complete --do-complete '" + line + "'\"";
    }
    if (GetParam() == "zsh") return "zsh -f " TRAM_COMPLETE_ZSH " " + script + " '" + line + "'";
    // As readline cuts the line into words: at blanks, and = and : stand alone.
    return "bash --norc -c '. " + script + R"(
      line="$1 "; line=${line//=/ = }; line=${line//:/ : }
      read -ra COMP_WORDS <<<"$line"
      [[ $1 == *[\ =:] ]] && COMP_WORDS+=("")
      COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
      $(complete -p ${COMP_WORDS[0]} | sed "s/.*-F \([^ ]*\).*/\1/")
      ((${#COMPREPLY[@]} == 0)) || printf "%s\n" "${COMPREPLY[@]}"' - ')" +
           line + "'";
  }

  std::filesystem::path folder_;
};

INSTANTIATE_TEST_SUITE_P(Shell, Completion, ::testing::Values("bash", "zsh", "fish"),
                         [](auto const& each) { return each.param; });

TEST_P(Completion, offers_commands) {
  EXPECT_EQ(offers("tram sch"), Words{"schema"});
  EXPECT_EQ(offers("tram held d"), Words{"drop"});
  EXPECT_EQ(offers("tram-cdc takeover st"), Words{"status"});
  auto const first = offers("tram ");
  for (auto const* command : {"schema", "outbox", "held", "request", "doctor"})
    EXPECT_TRUE(first.contains(command)) << command;
  auto const held = offers("tram held ");
  for (auto const* command : {"list", "show", "retry", "drop"})
    EXPECT_TRUE(held.contains(command)) << command;
  EXPECT_FALSE(held.contains("schema"));
}

TEST_P(Completion, offers_options_of_the_command_and_of_those_above_it) {
  EXPECT_EQ(with_prefix("tram held list --", "--"),
            (Words{"--help", "--limit", "--subscriber", "--relay", "--channel", "--key",
                   "--database", "--schema", "--json"}));
  EXPECT_EQ(offers("tram held retry --al"), Words{"--all"});
  EXPECT_EQ(offers("tram --ver"), Words{"--version"});
}

TEST_P(Completion, offers_values_where_they_are_few) {
  auto const print = offers("tram schema print ");
  EXPECT_TRUE(print.contains("sqlite") && print.contains("postgresql"));
  EXPECT_EQ(offers("tram-cdc --log-level "), (Words{"debug", "info", "warning", "error"}));
  EXPECT_EQ(offers("tram-cdc --install-schema t"), Words{"true"});
  EXPECT_EQ(offers("tram-cdc --new-slot sk"), Words{"skip_existing_rows"});
  EXPECT_EQ(offers("tram --completion "), (Words{"bash", "fish", "zsh"}));
  EXPECT_EQ(offers("tram-cdc --config tr"), Words{"tram.toml"});
  EXPECT_EQ(offers("tram held list --limit "), Words{});
}

TEST_P(Completion, takes_a_value_for_no_command) {
  EXPECT_EQ(offers("tram --database sqlite:held held s"), Words{"show"});
  EXPECT_EQ(offers("tram --database=sqlite:a.db held s"), Words{"show"});
  EXPECT_EQ(offers("tram --schema held sch"), Words{"schema"});
}

TEST_P(Completion, offers_a_value_behind_an_equals_sign) {
  auto const words = offers("tram-cdc --log-level=w");
  // Bash and zsh complete what stands behind it, fish the whole word.
  EXPECT_EQ(words, GetParam() == "fish" ? Words{"--log-level=warning"} : Words{"warning"});
}

TEST(Manual, has_no_mistake) {
  for (auto const* program : {TRAM_PROGRAM, TRAM_CDC_PROGRAM}) {
    auto const page = std::string{program} + " --man | ";
    EXPECT_EQ(output_of(page + "MANWIDTH=80 LC_ALL=C.UTF-8 man --warnings -l - > /dev/null"), "");
    // The pages have no date: they belong to a version.
    EXPECT_EQ(output_of(page + "{ mandoc -T lint -W warning | grep -v 'missing date' || true; }"),
              "");
  }
}

TEST(Manual, tells_every_command_and_option_of_the_help) {
  auto const page = shown_page(std::string{TRAM_PROGRAM} + " --man | mandoc -T utf8 -O width=200");
  for (auto const* command : {"tram held retry", "tram schema print", "tram doctor"})
    EXPECT_NE(page.find(command), std::string::npos) << command;
  std::istringstream help{output_of(std::string{TRAM_PROGRAM} + " held retry --help")};
  int options = 0;
  for (std::string word; help >> word;) {
    if (!word.starts_with("--")) continue;
    ++options;
    EXPECT_NE(page.find(word), std::string::npos) << word;
  }
  EXPECT_GE(options, 6);
  auto const relay =
      shown_page(std::string{TRAM_CDC_PROGRAM} + " --man | mandoc -T utf8 -O width=200");
  for (auto const* part : {"TRAM-CDC(8)", "TRAM_CDC_BROKER_URL", "tram-cdc takeover finish"})
    EXPECT_NE(relay.find(part), std::string::npos) << part;
}

}  // namespace
}  // namespace tram::programs
