#include "tram/base/secrets.hpp"

#include <gtest/gtest.h>

#include "tram/base/host_port.hpp"

namespace tram {
namespace {

TEST(Secrets, are_replaced_by_their_names) {
  Secrets secrets;
  secrets.add("password", "hunter2");
  secrets.add("user", "u");
  secrets.add("empty", "");
  EXPECT_EQ(secrets.hidden_in("password hunter2 is wrong for user \"u\", unused"),
            "password <password> is wrong for user \"<user>\", unused");
  EXPECT_EQ(secrets.hidden_in("hunter2hunter2"), "<password><password>");
  EXPECT_EQ(secrets.hidden_in("nothing"), "nothing");
  EXPECT_EQ(Secrets{}.hidden_in("anything"), "anything");
}

TEST(Secrets, are_found_in_part) {
  Secrets secrets;
  secrets.add("config", "principal=alice,scope=everything");
  EXPECT_EQ(secrets.hidden_in("unrecognized beginning at: scope=everything"),
            "unrecognized beginning at: <config>");
  EXPECT_EQ(secrets.hidden_in("every day"), "every day");
}

TEST(Secrets, that_may_be_common_words_are_found_in_quotes) {
  Secrets secrets;
  secrets.add_quoted("user", "server");
  EXPECT_EQ(secrets.hidden_in("the server says no to user \"server\""),
            "the server says no to user \"<user>\"");
}

TEST(Hosts, are_names_and_addresses) {
  for (auto const* host : {"db", "db-1.example", "127.0.0.1", "::1", "fe80::1%eth0", "my_host"})
    EXPECT_TRUE(is_plain_host(host)) << host;
  for (auto const* host : {"", "a@b", "a/b", "user:beef", "a b", "[::1]", "a:1", "::1%a@b", "é"})
    EXPECT_FALSE(is_plain_host(host)) << host;
  using namespace std::string_view_literals;
  EXPECT_FALSE(is_plain_host("::1\0 secret"sv)) << "a NUL ends an address for the C library only";
}

TEST(Ports, are_numbers) {
  EXPECT_TRUE(is_port("1"));
  EXPECT_TRUE(is_port("65535"));
  for (auto const* port : {"", "0", "65536", "-1", "+1", "1 ", "secret"})
    EXPECT_FALSE(is_port(port)) << port;
}

TEST(HostsAndPorts, stand_together) {
  for (auto const* text : {"h", "h:1", "[::1]", "[::1]:9092"}) EXPECT_TRUE(is_host_and_port(text));
  for (auto const* text : {"", ":1", "h:", "h:x", "[::1", "[::1]x", "[h]", "u:p@h:1", "h:1/x"})
    EXPECT_FALSE(is_host_and_port(text)) << text;
}

}  // namespace
}  // namespace tram
