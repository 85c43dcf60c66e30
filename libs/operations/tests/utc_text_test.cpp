#include "tram/operations/utc_text.hpp"

#include <gtest/gtest.h>

namespace tram {
namespace {

TEST(UtcText, is_what_people_read) {
  EXPECT_EQ(utc_text(1'795'422'496'999), "2026-11-23 08:28:16");
  EXPECT_EQ(utc_text(0), "1970-01-01 00:00:00");
}

}  // namespace
}  // namespace tram
