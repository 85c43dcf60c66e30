#include "router.hpp"

#include <gtest/gtest.h>

#include "percent.hpp"

namespace tram::http {
namespace {

Handler says(std::string const& text) {
  return [text](Request const&) { return Response{.body = text}; };
}

TEST(Router, takes_the_first_route_that_fits) {
  Router const router{{{"GET", "/", says("top")},
                       {"GET", "/readers/all", says("all")},
                       {"GET", "/readers/{name}", says("one")}}};
  auto const body = [&](std::string_view path) {
    Request request{.method = "GET"};
    return router.answer(request, path).body;
  };
  EXPECT_EQ(body("/"), "top");
  EXPECT_EQ(body("/readers/all"), "all");
  EXPECT_EQ(body("/readers/x"), "one");
  EXPECT_NE(body("/readers/x/"), "one");
  EXPECT_NE(body("/readers"), "one");
}

TEST(Router, names_every_method_of_a_path) {
  Router const router{{{"POST", "/a", says("")}, {"GET", "/a", says("")}}};
  Request request{.method = "PUT"};
  auto const answer = router.answer(request, "/a");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.headers.at("Allow"), "GET, POST");
}

TEST(Router, refuses_what_is_no_path) {
  Router const router{{}};
  for (auto const* path : {"", "*", "http://elsewhere/", "/%", "/%a", "/%gg"}) {
    Request request{.method = "GET"};
    EXPECT_EQ(router.answer(request, path).status, 400) << path;
  }
}

TEST(PercentDecoding, knows_plus_only_where_it_is_a_space) {
  EXPECT_EQ(percent_decoded("a+b%2B", Plus::is_itself), "a+b+");
  EXPECT_EQ(percent_decoded("a+b%2B", Plus::is_a_space), "a b+");
  EXPECT_EQ(percent_decoded("%", Plus::is_itself), std::nullopt);
  EXPECT_EQ(percent_decoded("%+1", Plus::is_itself), std::nullopt);
}

}  // namespace
}  // namespace tram::http
