#include "tram/commands/resource_path.hpp"

#include <gtest/gtest.h>

#include "tram/base/error.hpp"

namespace {

using tram::Error;
using tram::ResourcePattern;

TEST(ResourcePattern, matches_paths_of_as_many_segments) {
  ResourcePattern const pattern{"/customers/{id}/cards"};
  auto const variables = pattern.match("/customers/7/cards");
  ASSERT_TRUE(variables);
  EXPECT_EQ(*variables->find("id"), "7");
  EXPECT_EQ(variables->find("cards"), nullptr);
  EXPECT_TRUE(pattern.match("/customers/a%20b/cards/"));
  EXPECT_TRUE(pattern.match("/customers//cards"));
  for (auto const* path : {"/customers/7", "/customers/7/cards/1", "/customers/7/Cards", "/", "",
                           "customers/7/cards", "//customers/7/cards"})
    EXPECT_FALSE(pattern.match(path)) << path;
}

TEST(ResourcePattern, takes_no_notice_of_slashes_at_the_end) {
  EXPECT_TRUE(ResourcePattern{"/a/b/"}.match("/a/b"));
  EXPECT_TRUE(ResourcePattern{"/"}.match("//"));
  EXPECT_FALSE(ResourcePattern{"/"}.match("/a"));
}

TEST(ResourcePattern, is_filled_by_position) {
  EXPECT_EQ(tram::resource_path("/foo/{bar}", "baz"), "/foo/baz");
  EXPECT_EQ(tram::resource_path("/a/{b}/{c}", 1, tram::Id<struct Tag>{"x"}), "/a/1/x");
  EXPECT_EQ(tram::resource_path("/"), "/");
  EXPECT_THROW(tram::resource_path("/a/{b}"), Error);
  EXPECT_THROW(tram::resource_path("/a", 1), Error);
  EXPECT_THROW(tram::resource_path("/a/{b}", "x/y"), Error);
  EXPECT_THROW(tram::resource_path("/a/{b}/c", ""), Error);
}

TEST(ResourcePattern, has_variables_that_are_whole_segments_of_different_names) {
  for (auto const* pattern :
       {"/u/{id", "/u/id}", "/u/{}", "/u/x{id}", "/{a}/{a}", "/{{a}}", "/u//v", "/{a}b"})
    EXPECT_THROW(ResourcePattern{pattern}, Error) << pattern;
}

TEST(ResourcePattern, covers_those_whose_paths_are_all_its_own) {
  EXPECT_TRUE(ResourcePattern{"/a/{b}"}.covers(ResourcePattern{"/a/{c}"}));
  EXPECT_TRUE(ResourcePattern{"/{a}/b"}.covers(ResourcePattern{"/a/b"}));
  EXPECT_FALSE(ResourcePattern{"/a/b"}.covers(ResourcePattern{"/a/{b}"}));
  EXPECT_FALSE(ResourcePattern{"/a"}.covers(ResourcePattern{"/a/b"}));
}

TEST(ResourcePattern, begins_with_a_slash) {
  EXPECT_THROW(ResourcePattern{"a/b"}, Error);
  EXPECT_THROW(ResourcePattern{""}, Error);
}

}  // namespace
