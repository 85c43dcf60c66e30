// What the program writes with --json, against the page that promises it:
// docs/reference/tram-json.md. A member that is renamed, removed or retyped fails here, and so does
// one that the page does not have.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>

#include "tram/base/clock.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/requests/request_tables.hpp"
#include "tram/sqlite/sqlite.hpp"
#include "tram/storage/schema.hpp"
#include "tram/subscriber/held_messages.hpp"
#include "tram/wire/id_generator.hpp"

namespace tram {
namespace {

using Json = nlohmann::json;

struct Member {
  std::string type;
  bool may_be_missing{};
};

/// What the page says of one command.
struct Promise {
  Json example;
  std::map<std::string, Member> members;
};

std::string page() {
  std::ifstream file{TRAM_JSON_PAGE};
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// The part of the page below `## `command``.
std::string part_of(std::string const& command) {
  auto const text = page();
  auto const begin = text.find("\n## `" + command + "`\n");
  EXPECT_NE(begin, std::string::npos) << "the page says nothing of " << command;
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find("\n## ", begin + 1) - begin);
}

std::map<std::string, Member> members_in(std::string const& part) {
  std::map<std::string, Member> members;
  std::regex const row{R"(\n\| `([A-Za-z.]+)` \| ([a-z ]+)(, may be missing)? \|)"};
  for (std::sregex_iterator at{part.begin(), part.end(), row}; at != std::sregex_iterator{}; ++at)
    members[(*at)[1]] = {.type = (*at)[2], .may_be_missing = (*at)[3].matched};
  return members;
}

Promise promise_of(std::string const& command, std::string const& members_of) {
  auto const part = part_of(command);
  auto const begin = part.find("```json\n");
  auto const end = part.find("\n```\n", begin);
  Promise promise{.example = Json::parse(part.substr(begin + 8, end - begin - 8), nullptr, false),
                  .members = members_in(part_of(members_of))};
  EXPECT_FALSE(promise.example.is_discarded()) << part;
  return promise;
}

std::string type_of(Json const& value) {
  if (value.is_string()) return "text";
  if (value.is_boolean()) return "true or false";
  if (value.is_array()) return "list";
  return value.is_number() ? "number" : value.type_name();
}

/// Times and ids are of the day.
Json masked(Json value) {
  if (value.is_number_integer() && value.get<std::int64_t>() > 1'000'000'000'000) return "a time";
  if (value.is_string() &&
      std::regex_match(value.get<std::string>(), std::regex{"[0-9a-f]{16}-[0-9a-f]{16}"}))
    return "an id";
  if (value.is_structured()) {
    for (auto& each : value) each = masked(each);
  }
  return value;
}

/// How `shown` breaks what the example promises; empty where it does not. More members are none.
std::string difference(Json const& promised, Json const& shown, std::string const& at) {
  if (promised.is_string() && shown.is_string()) {
    auto text = promised.get<std::string>();
    bool const goes_on = text.ends_with("…");
    if (goes_on) text.resize(text.size() - std::string_view{"…"}.size());
    auto const real = shown.get<std::string>();
    return (goes_on ? real.starts_with(text) : real == text) ? "" : at + ": " + shown.dump();
  }
  if (promised.is_object() && shown.is_object()) {
    for (auto const& [name, value] : promised.items()) {
      if (!shown.contains(name)) return at + "." + name + " is missing";
      if (auto found = difference(value, shown[name], at + "." + name); !found.empty())
        return found;
    }
    return {};
  }
  if (promised.is_array() && shown.is_array() && promised.size() == shown.size()) {
    for (std::size_t i = 0; i < promised.size(); ++i) {
      auto found = difference(promised[i], shown[i], at + "[" + std::to_string(i) + "]");
      if (!found.empty()) return found;
    }
    return {};
  }
  return promised == shown ? "" : at + ": " + shown.dump() + " in place of " + promised.dump();
}

/// Each member of what is shown has its row in the table, with its type, and each row its member.
void expect_members(Json const& shown, std::map<std::string, Member> const& members,
                    std::string const& prefix) {
  if (shown.is_array()) {
    for (auto const& each : shown) expect_members(each, members, prefix);
    return;
  }
  if (!shown.is_object()) return;
  for (auto const& [name, value] : shown.items()) {
    auto const member = members.find(prefix + name);
    ASSERT_NE(member, members.end()) << "the page has no row for `" << prefix + name << "`";
    EXPECT_EQ(type_of(value), member->second.type) << prefix + name;
    expect_members(value, members, prefix + name + ".");
  }
  for (auto const& [path, member] : members) {
    if (!path.starts_with(prefix)) continue;
    auto const name = path.substr(prefix.size());
    if (name.find('.') != std::string::npos) continue;
    EXPECT_TRUE(member.may_be_missing || shown.contains(name)) << path << " is missing";
  }
}

class JsonShapes : public ::testing::Test {
 protected:
  JsonShapes() {
    std::string folder = (std::filesystem::temp_directory_path() / "tram-json-XXXXXX").string();
    folder_ = ::mkdtemp(folder.data());
    EXPECT_EQ(run("schema install --json").front(), '{');
  }
  ~JsonShapes() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string run(std::string const& arguments) const {
    auto const command = std::string{TRAM_TEST_PROGRAM} + " --database sqlite:" + path() + " " +
                         arguments + " < /dev/null";
    std::string text;
    auto* const pipe = ::popen(command.c_str(), "r");
    std::array<char, 4096> buffer{};
    while (auto const size = std::fread(buffer.data(), 1, buffer.size(), pipe))
      text.append(buffer.data(), size);
    ::pclose(pipe);
    return text;
  }
  [[nodiscard]] std::string path() const { return (folder_ / "orders.db").string(); }
  Database database() { return sqlite::connect({.path = path()}, {}, clock_, random_); }

  /// `command` and `members_of` as the page names them.
  void expect_as_promised(std::string const& command, std::string const& arguments,
                          std::string const& members_of) {
    auto const text = run(command + " " + arguments + " --json");
    auto const shown = Json::parse(text, nullptr, false);
    ASSERT_FALSE(shown.is_discarded()) << text;
    EXPECT_EQ(std::ranges::count(text, '\n'), 1) << text;
    auto const promise = promise_of(command, members_of);
    EXPECT_EQ(difference(masked(promise.example), masked(shown), "value"), "")
        << command << " now shows\n"
        << shown.dump(2);
    expect_members(shown, promise.members, "");
    promised_.insert(command);
  }
  void expect_as_promised(std::string const& command, std::string const& arguments = "") {
    expect_as_promised(command, arguments, command);
  }

  void send() {
    auto sender = database();
    IdGenerator ids{clock_, {1}};
    auto const outbox = Outbox::of(sender, ids, random_);
    sender.transact([&](Transaction& tx) {
      outbox.send(tx, "orders", Message{.headers = {}, .payload = "abc"}, {.partition_key = "7"});
      tx.execute("INSERT INTO tram_relay_position (relay, position) VALUES ('relay', 0)");
    });
  }
  void hold(std::string const& subscriber) {
    auto held_in = database();
    HeldMessages const held{held_in.dialect(), SchemaName{}};
    held_in.transact([&](Transaction& tx) {
      held.hold(tx, {.key = {.subscriber_id = subscriber, .channel = "orders", .key = "7"},
                     .message_id = "m1",
                     .headers_json = R"({"ID":"m1"})",
                     .payload = R"({"total":5})",
                     .reason = "no such customer",
                     .attempts = 4});
    });
  }
  void install_request_tables() {
    auto tables = database();
    install_tables(tables, SchemaName{}, {request_tables(tables.dialect())});
  }

  SystemClock clock_;
  SystemRandom random_;
  std::filesystem::path folder_;
  std::set<std::string> promised_;
};

TEST_F(JsonShapes, are_those_of_the_page) {
  expect_as_promised("schema install");
  expect_as_promised("schema status", "", "schema install");
  expect_as_promised("schema print", "sqlite");
  expect_as_promised("doctor");
  send();
  expect_as_promised("outbox list");
  expect_as_promised("outbox status");
  hold("billing");
  expect_as_promised("held list");
  expect_as_promised("held show", "m1", "held list");
  expect_as_promised("held retry", "m1");
  hold("audit");
  expect_as_promised("held drop", "m1");
  install_request_tables();
  expect_as_promised("request", "locks.release shelf --wait 1ms");

  std::set<std::string> on_the_page;
  std::regex const heading{"\n## `([a-z ]+)`\n"};
  auto const text = page();
  for (std::sregex_iterator at{text.begin(), text.end(), heading}; at != std::sregex_iterator{};
       ++at)
    on_the_page.insert((*at)[1]);
  EXPECT_EQ(on_the_page, promised_);
}

TEST(JsonShape, breaks_where_a_member_is_renamed_removed_or_retyped_and_takes_a_new_one) {
  auto const promised = Json::parse(R"({"rows":1,"relays":[{"relay":"a"}]})");
  auto const breaks = [&](char const* shown) {
    return !difference(promised, Json::parse(shown), "value").empty();
  };
  EXPECT_FALSE(breaks(R"({"rows":1,"relays":[{"relay":"a","new":1}],"more":true})"));
  EXPECT_TRUE(breaks(R"({"row":1,"relays":[{"relay":"a"}]})"));
  EXPECT_TRUE(breaks(R"({"relays":[{"relay":"a"}]})"));
  EXPECT_TRUE(breaks(R"({"rows":"1","relays":[{"relay":"a"}]})"));
  EXPECT_TRUE(breaks(R"({"rows":1,"relays":[{"name":"a"}]})"));
  EXPECT_TRUE(breaks(R"({"rows":1,"relays":{}})"));
}

}  // namespace
}  // namespace tram
