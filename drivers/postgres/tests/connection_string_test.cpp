#include "connection_string.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>

#include "libpq.hpp"
#include "tram/base/error.hpp"

namespace tram::postgres {
namespace {

using Values = std::map<std::string, std::string>;

Values by_libpq(std::string const& uri) {
  std::unique_ptr<PQconninfoOption, FreeOptions> const options{
      PQconninfoParse(uri.c_str(), nullptr)};
  Values values;
  for (auto const* option = options.get(); option && option->keyword != nullptr; ++option) {
    if (option->val != nullptr) values[option->keyword] = option->val;
  }
  return values;
}

Values by_us(std::string const& uri) {
  Values values;
  for (auto const& [keyword, value] : parse_uri(uri)) values[keyword] = value;
  return values;
}

TEST(Uri, comes_apart_into_libpq_s_keywords) {
  EXPECT_EQ(
      by_us("postgresql://fred:p%40ss:w%2Frd#@db:6543,[::1]/or%20ders?sslmode=require&ssl=true"),
      (Values{{"user", "fred"},
              {"password", "p@ss:w/rd#"},
              {"host", "db,::1"},
              {"port", "6543,"},
              {"dbname", "or ders"},
              {"sslmode", "require"}}));
  EXPECT_EQ(by_us("PostgreSQL://"), Values{});
}

TEST(Uri, has_names_for_all_its_parameters) {
  for (auto const* const query : {"=", "=x", "a=b&=", "&=x"})
    EXPECT_THROW((void)parse_uri(std::string{"postgresql://?"} + query), Error) << query;
}

/// Without what is as good as none.
Values given(Values values) {
  std::erase_if(values, [](auto const& one) {
    bool const is_list = one.first == "host" || one.first == "port";
    return one.second.empty() ||
           (is_list && one.second.find_first_not_of(',') == std::string::npos);
  });
  return values;
}

/// Texts of the pieces that a URI is made of: what we take, libpq takes with the same meaning.
TEST(Uri, means_to_us_what_it_means_to_libpq) {
  constexpr std::array<char const*, 26> pieces{"@",
                                               ":",
                                               "/",
                                               "?",
                                               "[",
                                               "]",
                                               ",",
                                               "&",
                                               "=",
                                               "%",
                                               "#",
                                               "%40",
                                               "%2F",
                                               "u",
                                               "h",
                                               "d",
                                               "5432",
                                               "[::1]",
                                               "1",
                                               "a",
                                               "host",
                                               "user=",
                                               "port=",
                                               "ssl=true",
                                               "sslmode=require",
                                               "application_name=x"};
  std::minstd_rand random{20'011};
  int taken = 0;
  for (int run = 0; run < 50'000; ++run) {
    std::string uri = "postgresql://";
    for (auto left = random() % 9; left > 0; --left) uri += pieces[random() % pieces.size()];
    Values ours;
    try {
      ours = by_us(uri);
    } catch (Error const&) { continue; }
    auto const theirs = by_libpq(uri);
    // Keywords that nobody knows are refused later on.
    if (theirs.empty()) continue;
    ++taken;
    ASSERT_EQ(given(ours), given(theirs)) << uri;
  }
  EXPECT_GT(taken, 1'000);
}

}  // namespace
}  // namespace tram::postgres
