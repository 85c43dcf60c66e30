#include "tram/base/file_uri.hpp"

#include <gtest/gtest.h>

namespace tram {
namespace {

TEST(FileUri, keeps_a_path_and_escapes_what_would_end_it) {
  EXPECT_EQ(file_uri("/a b/orders.db"), "file:/a b/orders.db");
  EXPECT_EQ(file_uri("50%?#.db"), "file:50%25%3f%23.db");
}

}  // namespace
}  // namespace tram
