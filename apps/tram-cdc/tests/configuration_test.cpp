#include "configuration.hpp"

#include <fstream>
#include <iterator>

#include "configuration_file.hpp"
#include "refusal.hpp"
#include "values.hpp"

namespace tram::relay_program {
namespace {

using namespace std::chrono_literals;

Settings complete(Settings more = {}) {
  Settings settings{{"database.url", "postgresql://h/d", "file:1"},
                    {"broker.url", "kafka://k:9092", "file:2"}};
  settings.insert(settings.end(), more.begin(), more.end());
  return settings;
}
Configuration configured(Settings more = {}) {
  return configure(complete(std::move(more)), Purpose::relay);
}
std::string wrong(Settings more) {
  return refusal([&] { configured(std::move(more)); });
}

TEST(Configuration, needs_no_more_than_two_urls) {
  auto const configuration = configured();
  EXPECT_EQ(configuration.database_url, "postgresql://h/d");
  EXPECT_EQ(configuration.http_port, 8080);
  EXPECT_EQ(configuration.retention_age, 48h);
  EXPECT_TRUE(says(refusal([] { configure({}, Purpose::relay); }), "database.url is missing"));
  EXPECT_TRUE(says(refusal([] { configure({}, Purpose::relay); }), "broker.url is missing"));
  EXPECT_EQ(
      refusal([] { configure({{"database.url", "postgresql://h/d", ""}}, Purpose::takeover); }),
      "");
}

TEST(Configuration, takes_the_last_of_several_values) {
  EXPECT_EQ(configured({{"relay.name", "a", "file"}, {"relay.name", "b", "--name"}}).relay.name,
            "b");
}

TEST(Configuration, numbers_outbox_tables_as_the_java_platform_does) {
  auto const number = [](std::string const& table) {
    return configured({{"database.table", table, ""}}).relay.outbox_table;
  };
  EXPECT_EQ(configured({}).relay.outbox_table, 0U);
  EXPECT_EQ(number("message"), 0U);
  EXPECT_EQ(number("message0"), 0U);
  EXPECT_EQ(number("message12"), 12U);
  EXPECT_EQ(number("message1b"), 0U);
  EXPECT_EQ(number("messages"), 0U);
  EXPECT_EQ(number("outbox3"), 0U);
}

TEST(Configuration, takes_every_key) {
  auto const configuration = configured({{"database.schema", "none", ""},
                                         {"database.table", "message2", ""},
                                         {"database.install_schema", "false", ""},
                                         {"source.slot", "s", ""},
                                         {"source.publication", "p", ""},
                                         {"source.new_slot", "skip_existing_rows", ""},
                                         {"broker.properties.linger.ms", "5", ""},
                                         {"relay.outbox_id", "7", ""},
                                         {"relay.hold_key", "false", ""},
                                         {"relay.create_channels", "false", ""},
                                         {"relay.window", "10", ""},
                                         {"relay.window_bytes", "2MiB", ""},
                                         {"relay.read_pause", "5ms", ""},
                                         {"relay.stall_after", "1m", ""},
                                         {"relay.drain_timeout", "0s", ""},
                                         {"retention.age", "off", ""},
                                         {"http.address", "::", ""},
                                         {"http.port", "off", ""},
                                         {"log.level", "debug", ""},
                                         {"takeover.old_slot", "old", ""},
                                         {"takeover.rows_again", "7", ""}});
  EXPECT_EQ(configuration.outbox.schema.name(), "");
  EXPECT_EQ(configuration.outbox.table, "message2");
  EXPECT_FALSE(configuration.install_schema);
  EXPECT_EQ(configuration.outbox.slot, "s");
  EXPECT_EQ(configuration.outbox.publication, "p");
  EXPECT_EQ(configuration.outbox.new_slot, NewSlot::skip_existing_rows);
  EXPECT_EQ(configuration.takeover.rows_again, 7U);
  EXPECT_EQ(configuration.broker_properties.at("linger.ms"), "5");
  EXPECT_EQ(configuration.relay.outbox_id, OutboxId{7});
  EXPECT_FALSE(configuration.relay.hold_key);
  EXPECT_FALSE(configuration.relay.create_channels);
  EXPECT_EQ(configuration.relay.window, 10U);
  EXPECT_EQ(configuration.relay.window_bytes, 2U << 20U);
  EXPECT_EQ(configuration.relay.read_pause, 5ms);
  EXPECT_EQ(configuration.relay.stall_after, 1min);
  EXPECT_EQ(configuration.relay.drain_timeout, 0s);
  EXPECT_EQ(configuration.retention_age, std::nullopt);
  EXPECT_EQ(configuration.http_address, "::");
  EXPECT_EQ(configuration.http_port, std::nullopt);
  EXPECT_EQ(configuration.log_level, LogLevel::debug);
  EXPECT_EQ(configuration.takeover.old_slot, "old");
}

TEST(Configuration, puts_credentials_into_the_url_without_changing_them) {
  auto const configuration =
      configured({{"database.user", "a&b", ""}, {"database.password", "p", ""}});
  EXPECT_EQ(configuration.database_url, "postgresql://h/d?user=%61%26%62&password=%70");
  EXPECT_TRUE(
      says(wrong({{"database.url", "postgresql://u@h/d", ""}, {"database.user", "x", "env"}}),
           "env: database.user is set, and the URL has one, too"));
  EXPECT_EQ(wrong({{"database.url", "postgresql://u@h/d", ""}, {"database.password", "x", ""}}),
            "");
}

TEST(Configuration, names_the_nearest_key_for_an_unknown_one) {
  EXPECT_EQ(wrong({{"http.prot", "1", "t.toml:3"}}),
            "t.toml:3: there is no key 'http.prot'; did you mean 'http.port'?");
  EXPECT_EQ(wrong({{"nothing", "1", "t.toml:3"}}), "t.toml:3: there is no key 'nothing'");
}

TEST(Configuration, says_all_that_is_wrong_with_places_and_remedies) {
  auto const why = wrong({{"http.port", "99999", "a:1"},
                          {"relay.window", "0", "a:2"},
                          {"relay.stall_after", "10", "a:3"},
                          {"log.level", "loud", "a:4"},
                          {"database.schema", "a b", "a:5"},
                          {"relay.hold_key", "yes", "a:6"},
                          {"relay.outbox_id", "-1", "a:7"}});
  EXPECT_TRUE(says(why, "a:1: http.port: '99999' is not a whole number from 0 to 65535")) << why;
  EXPECT_TRUE(says(why, "a:2: ")) << why;
  EXPECT_TRUE(says(why, "a:3: relay.stall_after: '10' is not a time with its unit")) << why;
  EXPECT_TRUE(says(why, "a:4: log.level: 'loud' is not one of debug, info")) << why;
  EXPECT_TRUE(says(why, "a:5: ")) << why;
  EXPECT_TRUE(says(why, "a:6: ")) << why;
  EXPECT_TRUE(says(why, "a:7: ")) << why;
}

TEST(Configuration, refuses_an_address_that_nobody_can_listen_at) {
  for (auto const* address : {"banana", "localhost", "1.2.3", "256.0.0.1", ":::", "127.0.0.1:80"})
    EXPECT_TRUE(says(wrong({{"http.address", address, "a:1"}}), "a:1: http.address: ")) << address;
  for (auto const* address : {"0.0.0.0", "127.0.0.1", "::", "::1", "fe80::1%lo"})
    EXPECT_EQ(configured({{"http.address", address, ""}}).http_address, address);
}

TEST(Configuration, refuses_what_a_client_library_would_cut_off) {
  using namespace std::string_literals;
  for (auto const* key : {"database.password", "relay.name", "broker.url"})
    EXPECT_TRUE(says(wrong({{key, "a\0b"s, "a:1"}}), "U+0000")) << key;
}

// None of these has what a name or a number has not, so the place where it stands is wrong.
TEST(Configuration, shows_nothing_of_what_looks_like_a_connection_string) {
  for (std::string const text :
       {"host=h password=secret", "kafka:h?sasl.password=secret", "secret@h", "user:secret@h/d",
        "memory:?key=secret", "postgresql://u:secret@h/d"}) {
    for (auto const* key :
         {"http.port", "log.level", "relay.window", "relay.name", "source.slot", "database.schema",
          "database.table", "retention.age", "http.address", "relay.hold_key", "source.new_slot"}) {
      auto const why = wrong({{key, text, "a:1"}});
      EXPECT_TRUE(says(why, "a:1: ")) << key << text;
      EXPECT_FALSE(says(why, "secret")) << why;
    }
  }
}

TEST(Configuration, refuses_contradictions) {
  EXPECT_TRUE(says(wrong({{"database.url", "sqlite:a", ""}, {"source.slot", "s", "f:9"}}),
                   "f:9: source.slot is for PostgreSQL"));
  EXPECT_TRUE(says(wrong({{"broker.url", "memory:", ""}, {"broker.properties.acks", "1", "f:9"}}),
                   "f:9: broker.properties.acks is for Kafka"));
  EXPECT_TRUE(says(wrong({{"source.slot", "eventuate_slot", "--slot"}}), "is the Java relay's"));
  EXPECT_TRUE(says(wrong({{"relay.read_pause", "1m", ""}}), "would never be ready"));
}

TEST(Configuration, is_described_key_by_key) {
  std::ifstream page{TRAM_DOCS "/reference/configuration.md"};
  std::string const text{std::istreambuf_iterator<char>{page}, {}};
  for (auto const& key : key_descriptions()) {
    auto const flag = key.flag.empty() ? "" : "`" + key.flag + "`";
    auto const row = "| `" + key.key + "` | " + flag + (flag.empty() ? "|" : " |");
    EXPECT_TRUE(says(text, row)) << row;
  }
}

TEST(ConfigurationFile, gives_settings_with_their_lines) {
  auto const settings = parse_configuration(R"(# The orders' relay
[database]
url = "postgresql://h/d"
install_schema = true

[http]
port = 8081
[broker.properties]
"linger.ms" = 5
compression.type = "lz4"
)",
                                            "t.toml");
  ASSERT_EQ(settings.size(), 5U);
  EXPECT_EQ(settings[0].key, "database.url");
  EXPECT_EQ(settings[0].place, "t.toml:3");
  EXPECT_EQ(settings[1].value, "true");
  EXPECT_EQ(settings[2].key, "http.port");
  EXPECT_EQ(settings[2].value, "8081");
  EXPECT_EQ(settings[3].key, "broker.properties.linger.ms");
  EXPECT_EQ(settings[4].key, "broker.properties.compression.type");
}

TEST(ConfigurationFile, says_where_it_is_broken) {
  EXPECT_TRUE(says(refusal([] { parse_configuration("a = 1\nb =", "t.toml"); }), "t.toml:2: "));
  EXPECT_TRUE(
      says(refusal([] { parse_configuration("a = [1]", "t.toml"); }), "t.toml:1: a must be"));
  EXPECT_TRUE(read_configuration_file("/dev/null").empty());
  EXPECT_TRUE(says(refusal([] { read_configuration_file("/"); }), "Is a directory"));
  EXPECT_TRUE(says(refusal([] { read_configuration_file("/nowhere/t.toml"); }),
                   "/nowhere/t.toml: cannot be read"));
  EXPECT_TRUE(says(refusal([] { read_configuration_file("/dev/zero"); }), "File too large"));
  EXPECT_FALSE(says(refusal([] { read_configuration_file("password=secret"); }), "secret"));
}

TEST(ConfigurationFile, refuses_keys_of_more_levels_than_any_setting_has) {
  auto const levels = [](int count, std::string const& part) {
    std::string key = part;
    for (int level = 1; level < count; ++level) key += "." + part;
    return key;
  };
  for (std::string const part : {"a", "\"a\"", "'a'", " a ", "\"=.\\\"\""}) {
    for (auto const& text :
         {"\n" + levels(30'000, part) + " = 1", "\n[" + levels(30'000, part) + "]\n",
          "\n[[" + levels(30'000, part) + "]]", "\nx = {" + levels(30'000, part) + " = 1}",
          "\nx = [{" + levels(30'000, part) + " = 1}]", "\n" + levels(30'000, part)}) {
      auto const why = refusal([&] { parse_configuration(text, "t.toml"); });
      EXPECT_TRUE(says(why, "t.toml:2: a key has more levels")) << why;
    }
  }
  for (auto const& text : {std::string(30'000, '['), "x = " + std::string(30'000, '['),
                           "x = " + std::string(30'000, '{'), "[" + std::string(30'000, '"'),
                           std::string(30'000, '.')}) {
    EXPECT_TRUE(says(refusal([&] { parse_configuration(text, "t.toml"); }), "t.toml:"));
  }
  std::string hosts = "h.example.com:9092";
  for (int count = 0; count < 100; ++count) hosts += ",h.example.com:9092";
  auto const settings =
      parse_configuration("# " + hosts + "\nbroker.url = \"" + hosts + "\"\nx = \"\"\"\n" + hosts +
                              "\"\"\"\na.b.c.d.e.f.g = 1",
                          "t.toml");
  EXPECT_EQ(settings.size(), 3U);
}

TEST(Values, have_units) {
  EXPECT_EQ(programs::parse_duration("250ms"), 250ms);
  EXPECT_EQ(programs::parse_duration("2d"), 48h);
  EXPECT_EQ(programs::parse_bytes("3kB"), 3000U);
  for (auto const* text :
       {"", "s", "1", "-1s", "1.5s", "1 s", "99999999999999999999s", "9999999999999d"}) {
    EXPECT_NE(refusal([&] { programs::parse_duration(text); }), "") << text;
  }
  EXPECT_NE(refusal([] { programs::parse_bytes("18446744073709551615MiB"); }), "");
}

}  // namespace
}  // namespace tram::relay_program
