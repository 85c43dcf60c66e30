#include "tram/base/url.hpp"

#include <gtest/gtest.h>

#include "tram/base/error.hpp"

namespace tram {
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
  EXPECT_EQ(parse_url("POSTGRES://h/d").scheme, "postgres");
}

TEST(Url, is_refused_without_showing_what_may_hold_a_password) {
  for (auto const* text :
       {"secret", "", ":secret", "/secret/path", "sec ret:x", "sqlite:secret%2"}) {
    auto const why = refusal(text);
    EXPECT_FALSE(why.empty()) << text;
    EXPECT_EQ(why.find("secret"), std::string::npos) << why;
  }
}

TEST(Url, gives_parameters_as_what_they_must_be) {
  auto const url = parse_url("x:a?number=7&nothing=0&word=two&file_mode=0640");
  EXPECT_EQ(url.whole_number("number", 1), 7);
  EXPECT_EQ(url.whole_number("other", 4), 4);
  EXPECT_THROW((void)url.whole_number("nothing", 4), Error);
  EXPECT_EQ(url.choice("word", {"one", "two"}), 1U);
  EXPECT_EQ(url.choice("other", {"one", "two"}), 0U);
  EXPECT_THROW((void)url.choice("word", {"one"}), Error);
  EXPECT_EQ(url.file_mode(), 0640U);
  EXPECT_THROW(url.require_parameters({"number"}), Error);
}

TEST(Url, of_a_server_is_no_path) {
  EXPECT_THROW(parse_url("sqlite:user:secret@host").require_path(), Error);
  EXPECT_NO_THROW(parse_url("sqlite:/a@b/c:d").require_path());
}

}  // namespace
}  // namespace tram
