#include "router.hpp"

#include <gtest/gtest.h>

#include "tram/base/error.hpp"

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

std::string refusal(std::vector<Route> routes) {
  try {
    Router const router{std::move(routes)};
    return "nothing was refused";
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::rejected);
    return error.what();
  }
}

TEST(Router, refuses_by_name_routes_that_could_not_be_asked) {
  auto const ok = says("");
  auto const expect = [](std::vector<Route> routes, std::string const& name,
                         std::string const& why) {
    auto const text = refusal(std::move(routes));
    EXPECT_NE(text.find("route '" + name + "'"), std::string::npos) << text;
    EXPECT_NE(text.find(why), std::string::npos) << text;
  };
  for (auto const* method : {"get", "Get", "", "GE T", "GET "})
    expect({{method, "/a", ok}}, std::string{method} + " /a", "in capitals");
  expect({{"HEAD", "/a", ok}}, "HEAD /a", "write GET");
  expect({{"GET", "a", ok}}, "GET a", "slash");
  expect({{"GET", "", ok}}, "GET ", "slash");
  for (auto const* pattern : {"/u/{id", "/u/id}", "/u/x{id}", "/u/{id}.json", "/{a{b}}"})
    EXPECT_NE(refusal({{"GET", pattern, ok}}).find(pattern), std::string::npos) << pattern;
  expect({{"GET", "/{}", ok}}, "GET /{}", "no word");
  expect({{"GET", "/{a}/{a}", ok}}, "GET /{a}/{a}", "'a'");
  for (auto const* pattern : {"/a?b", "/a#b", "/a b", "/%20", "/a\n"})
    EXPECT_NE(refusal({{"GET", pattern, ok}}).find("unescaped"), std::string::npos) << pattern;
  for (auto const* pattern : {"/a/../b", "/.", "/a/..", "/\xff", "/\xc0\x80"})
    EXPECT_NE(refusal({{"GET", pattern, ok}}).find("never asked"), std::string::npos) << pattern;
  expect({{"CONNECT", "/a", ok}}, "CONNECT /a", "for proxies");
  expect({{"GET", "/a", {}}}, "GET /a", "no handler");
  expect({{"GET", "/a", ok}, {"POST", "/a", ok}, {"GET", "/a", ok}}, "GET /a", "twice");
  expect({{"GET", "/u/{id}", ok}, {"GET", "/u/{name}", ok}}, "GET /u/{name}", "never reached");
  expect({{"GET", "/u/{id}", ok}, {"GET", "/u/all", ok}}, "GET /u/all", "'/u/{id}' takes");
  EXPECT_EQ(refusal({{"GET", "/u/all", ok},
                     {"GET", "/u/{id}", ok},
                     {"GET", "/u/", ok},
                     {"GET", "/", ok},
                     {"GET", "/u", ok}}),
            "nothing was refused");
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

}  // namespace
}  // namespace tram::http
