#include "text_table.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace tram::operator_program {
namespace {

TEST(TextTable, makes_columns_as_wide_as_they_must_be) {
  std::ostringstream out;
  print_table(out, {"KEY", "TEXT"}, {{"gr\u00fcn", "a\nb"}, {"1", std::string(61, 'x')}});
  EXPECT_EQ(out.str(), "KEY   TEXT\n"
                       "gr\u00fcn  a\\nb\n"
                       "1     " +
                           std::string(60, 'x') + "\u2026\n");
}

}  // namespace
}  // namespace tram::operator_program
