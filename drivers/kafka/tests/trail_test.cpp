#include "trail.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace tram::kafka {
namespace {

using Step = Trail::Step;

Landmark old_record(Offset position) {
  return landmark_of(position, 1'000 + position, "key", "old " + std::to_string(position));
}
Landmark new_record(Offset position) {
  return landmark_of(position, 9'000 + position, "key", "new " + std::to_string(position));
}

class TrailOfAReader : public ::testing::Test {
 protected:
  void read(Offset first, Offset end) {
    for (auto at = first; at < end; ++at) EXPECT_EQ(trail_.take(old_record(at)).step, Step::news);
  }
  Trail trail_;
};

TEST_F(TrailOfAReader, begins_at_the_record_before_what_is_stored_and_gives_it_to_nobody) {
  trail_ = Trail{10, old_record(9)};
  EXPECT_EQ(trail_.begin(), 9);
  auto const taken = trail_.take(old_record(9));
  EXPECT_EQ(taken.step, Step::known);
  EXPECT_TRUE(taken.found);
  EXPECT_EQ(trail_.take(old_record(10)).step, Step::news);
}

TEST_F(TrailOfAReader, gives_the_record_at_what_is_stored) {
  trail_ = Trail{0, old_record(0)};
  EXPECT_EQ(trail_.begin(), 0);
  auto const taken = trail_.take(old_record(0));
  EXPECT_EQ(taken.step, Step::news);
  EXPECT_TRUE(taken.found);
}

TEST_F(TrailOfAReader, notices_another_record_in_its_place) {
  trail_ = Trail{10, old_record(9)};
  EXPECT_EQ(trail_.take(new_record(9)).step, Step::foreign);
}

TEST_F(TrailOfAReader, notices_positions_that_begin_anew) {
  trail_ = Trail{10, old_record(9)};
  EXPECT_EQ(trail_.take(new_record(0)).step, Step::foreign);
}

TEST_F(TrailOfAReader, says_nothing_where_the_record_is_gone) {
  trail_ = Trail{10, old_record(9)};
  auto const taken = trail_.take(old_record(12));
  EXPECT_EQ(taken.step, Step::news);
  EXPECT_FALSE(taken.found);
  EXPECT_TRUE(taken.missed);
  ASSERT_TRUE(taken.gap);
  EXPECT_EQ(taken.gap->from, 10);
  EXPECT_EQ(taken.gap->next, 12);
}

/// A position that was moved by hand keeps what was noted beside another one.
TEST_F(TrailOfAReader, begins_at_what_is_stored_without_a_landmark_for_it) {
  EXPECT_EQ((Trail{10, std::nullopt}.begin()), 10);
  EXPECT_EQ((Trail{5, old_record(9)}.begin()), 5);
  EXPECT_EQ((Trail{12, old_record(9)}.begin()), 12);
}

TEST_F(TrailOfAReader, has_the_landmark_of_what_is_acknowledged) {
  read(0, 10);
  EXPECT_EQ(trail_.landmark_for(0), old_record(0));
  trail_.acknowledge(4);
  EXPECT_EQ(trail_.landmark_for(4), old_record(3));
  trail_.acknowledge(10);
  EXPECT_EQ(trail_.landmark_for(10), old_record(9));
  EXPECT_EQ(trail_.landmark_for(5), std::nullopt);
}

TEST_F(TrailOfAReader, keeps_the_landmark_that_was_noted) {
  trail_ = Trail{10, old_record(9)};
  EXPECT_EQ(trail_.landmark_for(10), old_record(9));
}

TEST_F(TrailOfAReader, wants_to_look_back_after_a_store) {
  EXPECT_FALSE(trail_.wants_to_look_back());
  trail_.stored();
  EXPECT_FALSE(trail_.wants_to_look_back()) << "there is no record to look for";
  read(0, 10);
  EXPECT_TRUE(trail_.wants_to_look_back());
  EXPECT_EQ(trail_.look_back(), 9);
  EXPECT_FALSE(trail_.wants_to_look_back());
  auto const taken = trail_.take(old_record(9));
  EXPECT_EQ(taken.step, Step::known);
  EXPECT_TRUE(taken.found);
  EXPECT_FALSE(trail_.wants_to_look_back());
  EXPECT_EQ(trail_.take(old_record(10)).step, Step::news);
}

TEST_F(TrailOfAReader, finds_another_topic_when_it_looks_back) {
  read(0, 10);
  trail_.stored();
  (void)trail_.look_back();
  EXPECT_EQ(trail_.take(new_record(9)).step, Step::foreign);
}

/// The record may have been fetched before the store was made.
TEST_F(TrailOfAReader, wants_to_look_back_again_after_a_store_meanwhile) {
  read(0, 10);
  trail_.stored();
  (void)trail_.look_back();
  trail_.stored();
  EXPECT_TRUE(trail_.take(old_record(9)).found);
  EXPECT_TRUE(trail_.wants_to_look_back());
}

TEST_F(TrailOfAReader, finds_another_topic_where_the_log_ends_before_what_it_looks_for) {
  EXPECT_FALSE(trail_.waits());
  EXPECT_TRUE(trail_.ends_at(0));
  read(0, 10);
  trail_.stored();
  (void)trail_.look_back();
  EXPECT_TRUE(trail_.waits());
  EXPECT_FALSE(trail_.ends_at(9));
  EXPECT_TRUE(trail_.ends_at(10));
  EXPECT_FALSE(trail_.waits());
  EXPECT_TRUE(trail_.take(old_record(9)).found);
  EXPECT_TRUE(trail_.ends_at(0)) << "it looks for nothing";
}

TEST_F(TrailOfAReader, takes_no_word_of_the_coordinator_between_a_store_and_the_look_back) {
  SteadyTime const given{std::chrono::seconds{1}};
  SteadyTime const word{std::chrono::seconds{9}};
  read(0, 10);
  EXPECT_EQ(trail_.sure_until(given, word), word);
  trail_.stored();
  EXPECT_EQ(trail_.sure_until(given, word), given);
  EXPECT_EQ(trail_.look_back(), 9);
  EXPECT_TRUE(trail_.take(old_record(9)).found);
  EXPECT_EQ(trail_.sure_until(given, word), word);
  EXPECT_EQ(trail_.sure_until(word, given), word);
}

TEST_F(TrailOfAReader, looks_for_what_was_before_something_happened) {
  read(0, 10);
  EXPECT_TRUE(trail_.suspect());
  EXPECT_EQ(trail_.take(new_record(10)).step, Step::news);
  EXPECT_TRUE(trail_.wants_to_look_back());
  EXPECT_EQ(trail_.look_back(), 9);
  EXPECT_EQ(trail_.take(new_record(9)).step, Step::foreign);
}

TEST_F(TrailOfAReader, learns_the_record_before_the_end_and_gives_it_to_nobody) {
  EXPECT_FALSE(trail_.suspect()) << "nothing is known";
  trail_ = Trail::from_end(10);
  EXPECT_EQ(trail_.begin(), 9);
  EXPECT_EQ(trail_.take(old_record(9)).step, Step::known);
  EXPECT_TRUE(trail_.suspect());
  EXPECT_EQ(trail_.look_back(), 9);
  EXPECT_TRUE(trail_.take(old_record(9)).found);
  EXPECT_EQ(trail_.take(old_record(10)).step, Step::news);
}

TEST_F(TrailOfAReader, tells_gaps_once) {
  read(0, 10);
  ASSERT_TRUE(trail_.take(old_record(15)).gap);
  trail_.stored();
  (void)trail_.look_back();
  EXPECT_FALSE(trail_.take(old_record(15)).gap);
  EXPECT_FALSE(trail_.take(old_record(16)).gap);
}

TEST_F(TrailOfAReader, forgets_the_oldest_of_very_many_records) {
  auto const more = static_cast<Offset>(Trail::known_max) + 5;
  read(0, more);
  EXPECT_EQ(trail_.landmark_for(0), std::nullopt);
  trail_.acknowledge(more);
  EXPECT_EQ(trail_.landmark_for(more), old_record(more - 1));
}

}  // namespace
}  // namespace tram::kafka
