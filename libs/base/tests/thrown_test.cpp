#include "tram/base/thrown.hpp"

#include <gtest/gtest.h>

#include <exception>
#include <functional>
#include <stdexcept>
#include <string>

#include "tram/base/error.hpp"

namespace tram {
namespace {

struct Refusal {};

std::string described(std::function<void()> const& throws) {
  try {
    throws();
  } catch (...) {  // thread top: what is tested
    return describe_current_exception();
  }
  return "nothing was thrown";
}

TEST(Thrown, gives_the_text_of_an_exception) {
  EXPECT_EQ(described([] { throw std::runtime_error{"the table is gone"}; }), "the table is gone");
  EXPECT_EQ(described([] { throw Error{Fault::broken, "away"}; }), "away");
}

TEST(Thrown, gives_the_type_where_there_is_no_text) {
  EXPECT_EQ(described([] { throw std::runtime_error{""}; }),
            "an exception without a text, of type std::runtime_error");
  EXPECT_EQ(described([] { throw 7; }),
            "something that is no std::exception was thrown, of type int");
  EXPECT_NE(described([] { throw Refusal{}; }).find("Refusal"), std::string::npos);
  EXPECT_NE(described([] { throw "text"; }).find("char const*"), std::string::npos);
}

TEST(Thrown, tells_why_an_exception_was_thrown_behind_another) {
  EXPECT_EQ(described([] {
              try {
                throw std::runtime_error{"disk full"};
              } catch (std::runtime_error const&) {
                std::throw_with_nested(std::runtime_error{"cannot book"});
              }
            }),
            "cannot book; because: disk full");
  EXPECT_EQ(described([] {
              try {
                throw 7;
              } catch (int) { std::throw_with_nested(std::logic_error{"cannot book"}); }
            }),
            "cannot book; because: something that is no std::exception was thrown, of type int");
}

TEST(Thrown, is_empty_where_nothing_was_caught) { EXPECT_EQ(describe_current_exception(), ""); }

}  // namespace
}  // namespace tram
