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

TEST(TextTable, shows_times_in_utc) {
  EXPECT_EQ(utc_text(1'795'422'496'999), "2026-11-23 08:28:16");
  EXPECT_EQ(utc_text(0), "1970-01-01 00:00:00");
}

}  // namespace
}  // namespace tram::operator_program
