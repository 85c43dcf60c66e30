#include <gtest/gtest.h>

#include <vector>

#include "tram/base/clock.hpp"
#include "tram/base/deadline.hpp"
#include "tram/base/error.hpp"
#include "tram/base/log.hpp"
#include "tram/base/random.hpp"

namespace {
using namespace std::chrono_literals;
using namespace tram;

TEST(Error, quotes_anything_as_a_text_that_logs_and_columns_take) {
  using namespace std::string_literals;
  auto const told = [](std::string const& what) {
    return std::string{Error{Fault::rejected, what}.what()};
  };
  EXPECT_EQ(told("no 'M\xfcller' \0 here\xed\xa0\x80"s), "no 'M?ller' ? here???");
  EXPECT_EQ(told("Müller"), "Müller");
  auto const text = told("about " + std::string(100'000, 'x') + " is too long");
  EXPECT_TRUE(text.starts_with("about x") && text.ends_with("x is too long"));
  EXPECT_LT(text.size(), 4100U);
}

TEST(Error, carries_its_fault_its_code_and_the_place_of_the_throw) {
  Error const error{Fault::rejected, "sqlite: no such table", 1};
  EXPECT_EQ(error.fault(), Fault::rejected);
  EXPECT_EQ(error.native_code(), 1);
  EXPECT_STREQ(error.what(), "sqlite: no such table");
  EXPECT_NE(std::string{error.where().file_name()}.find("base_test"), std::string::npos);
}

TEST(ManualClock, moves_both_clocks_by_the_same_amount_and_loses_no_fraction) {
  ManualClock clock;
  auto const wall = clock.wall();
  auto const steady = clock.steady();
  clock.advance(400us);
  clock.advance(700us);
  EXPECT_EQ(clock.wall() - wall, 1ms);
  EXPECT_EQ(clock.steady() - steady, 1100us);
}

TEST(Deadline, tells_what_is_left_and_when_it_is_reached) {
  ManualClock clock;
  auto const deadline = Deadline::after(clock, 10ms);
  EXPECT_EQ(deadline.remaining(clock), 10ms);
  clock.advance(10ms);
  EXPECT_TRUE(deadline.reached(clock));
  EXPECT_EQ(deadline.remaining(clock), 0ms);
  EXPECT_TRUE(Deadline::now().reached(clock));
  EXPECT_FALSE(Deadline::never().reached(clock));
}

TEST(Random, makes_uuids_of_version_4) {
  SeededRandom random{7};
  auto const uuid = random_uuid(random);
  ASSERT_EQ(uuid.size(), 36U);
  EXPECT_EQ(uuid[14], '4');
  EXPECT_NE(std::string{"89ab"}.find(uuid[19]), std::string::npos);
  EXPECT_NE(uuid, random_uuid(random));
}

TEST(Random, stays_below_its_bound_and_reaches_every_value) {
  SeededRandom random{1};
  std::vector<int> seen(5);
  for (int i = 0; i < 1000; ++i) ++seen.at(random.below(5));
  for (int const count : seen) EXPECT_GT(count, 100);
}

TEST(Logger, quotes_only_the_values_that_need_it) {
  std::string line;
  Logger const logger{[&](LogLevel, std::string const& text) { line = text; }, LogLevel::info};
  logger.info("relay.started", {{"source", "sqlite"}, {"rows", 3}, {"why", "a \"b\"\nc"}});
  EXPECT_EQ(line, "level=info event=relay.started source=sqlite rows=3 why=\"a \\\"b\\\"\\nc\"");
  line.clear();
  logger.debug("relay.tick");
  EXPECT_EQ(line, "");
}

}  // namespace
