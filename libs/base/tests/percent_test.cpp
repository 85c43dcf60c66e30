#include "tram/base/percent.hpp"

#include <gtest/gtest.h>

namespace tram {
namespace {

TEST(PercentDecoding, gives_the_bytes_that_are_escaped) {
  EXPECT_EQ(percent_decoded("a+b%2B%c3%A9%20/"), "a+b+é /");
  EXPECT_EQ(percent_decoded("%00"), (std::string{"\0", 1}));
  EXPECT_EQ(percent_decoded(""), "");
}

TEST(PercentDecoding, gives_nothing_for_a_broken_escape) {
  for (auto const* const text : {"%", "a%", "%1", "%+1", "%g1", "%1g", "%%41"}) {
    EXPECT_EQ(percent_decoded(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace tram
