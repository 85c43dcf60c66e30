#include "url.hpp"

#include <gtest/gtest.h>

#include "postgres_url.hpp"
#include "tram/base/error.hpp"

namespace tram::connect {
namespace {

std::string refusal(std::string_view text) {
  try {
    parse_url(text);
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::rejected);
    return error.what();
  }
  return {};
}

TEST(Url, comes_apart_into_what_chooses_a_driver) {
  auto const url = parse_url("kafka://a:9092,b:9092?compression.type=lz4&x=%20y&empty");
  EXPECT_EQ(url.scheme, "kafka");
  EXPECT_EQ(url.rest, "a:9092,b:9092");
  EXPECT_EQ(url.parameters.at("compression.type"), "lz4");
  EXPECT_EQ(url.parameters.at("x"), " y");
  EXPECT_EQ(url.parameters.at("empty"), "");
  EXPECT_EQ(parse_url("sqlite:/var/lib/or%20ders.db").rest, "/var/lib/or ders.db");
  EXPECT_EQ(parse_url("sqlite:///var/orders.db").rest, "/var/orders.db");
  EXPECT_EQ(parse_url("POSTGRES://h/d").scheme, "postgresql");
}

TEST(Url, is_refused_without_showing_what_may_hold_a_password) {
  for (auto const* text :
       {"secret", "", ":secret", "/secret/path", "sec ret:x", "sqlite:secret%2"}) {
    auto const why = refusal(text);
    EXPECT_FALSE(why.empty()) << text;
    EXPECT_EQ(why.find("secret"), std::string::npos) << why;
  }
}

TEST(Url, gives_libpq_everything_but_our_own_parameters) {
  EXPECT_EQ(libpq_url("postgresql://u:p%40@h1,h2/d?tram_statements=unnamed&sslmode=require&a=b"),
            "postgresql://u:p%40@h1,h2/d?sslmode=require&a=b");
  EXPECT_EQ(libpq_url("postgresql://h/d?tram_x=1"), "postgresql://h/d");
  EXPECT_EQ(libpq_url("postgresql://h/d"), "postgresql://h/d");
}

}  // namespace
}  // namespace tram::connect
