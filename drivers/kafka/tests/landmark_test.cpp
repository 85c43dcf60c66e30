#include "landmark.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace tram::kafka {
namespace {

Landmark const landmark{
    .position = 16, .timestamp = 1'732'990'000'123, .key_hash = 4'294'967'295, .value_hash = 7};

/// Stored by one release and read by the next: the text never changes.
TEST(PositionNotes, are_written_as_they_always_were) {
  EXPECT_EQ((PositionNote{.landmark = landmark, .owner = "shop"}.text()),
            "record=16/1732990000123/4294967295/7. service=shop");
  EXPECT_EQ(PositionNote{.landmark = landmark}.text(), "record=16/1732990000123/4294967295/7.");
  EXPECT_EQ(PositionNote{.owner = "shop"}.text(), "service=shop");
  EXPECT_EQ(PositionNote{}.text(), "");
  EXPECT_EQ(
      (PositionNote{.landmark = landmark, .begun = {1, 4'294'967'295}, .owner = "shop"}.text()),
      "record=16/1732990000123/4294967295/7. begun=1,4294967295. service=shop");
  EXPECT_EQ(PositionNote{.begun = {7}}.text(), "begun=7.");
}

TEST(PositionNotes, are_read_as_they_were_written) {
  for (std::string const owner : {"", "shop", "a shop with service= in its name"}) {
    auto const note = PositionNote::read(PositionNote{.landmark = landmark, .owner = owner}.text());
    EXPECT_EQ(note.landmark, landmark);
    EXPECT_EQ(note.owner, owner);
    EXPECT_EQ(PositionNote::read(PositionNote{.owner = owner}.text()).owner, owner);
  }
}

TEST(PositionNotes, tell_where_a_group_has_begun) {
  for (std::vector<std::uint32_t> const& begun :
       std::vector<std::vector<std::uint32_t>>{{}, {0}, {1, 2, 3}}) {
    auto const note = PositionNote::read(
        PositionNote{.landmark = landmark, .begun = begun, .owner = "begun=1."}.text());
    EXPECT_EQ(note.landmark, landmark);
    EXPECT_EQ(note.begun, begun);
    EXPECT_EQ(note.owner, "begun=1.");
    EXPECT_EQ(PositionNote::read(PositionNote{.begun = begun}.text()).begun, begun);
  }
}

TEST(PositionNotes, tell_of_no_beginning_where_the_text_is_not_one_of_ours) {
  for (std::string_view const text :
       {"begun=", "begun=.", "begun=1", "begun=1,", "begun=1,.", "begun=x.", "begun=-1.",
        "begun=4294967296.", "begun=1;2.", "metadata", "service=begun=1."})
    EXPECT_TRUE(PositionNote::read(text).begun.empty()) << text;
}

TEST(PositionNotes, have_no_landmark_where_the_text_is_not_one_of_ours) {
  for (std::string_view const text :
       {"", "record=", "record=16", "record=16/1/2/3", "record=16/1/2/x.", "record=-1/1/2/3.",
        "record=99999999999999999999/1/2/3.", "record=16/1/2/4294967296.", "metadata", "service=x"})
    EXPECT_FALSE(PositionNote::read(text).landmark) << text;
}

TEST(Landmarks, differ_where_anything_of_a_record_does) {
  auto const one = landmark_of(1, 10, "key", "value");
  EXPECT_EQ(one, landmark_of(1, 10, "key", "value"));
  EXPECT_NE(one, landmark_of(2, 10, "key", "value"));
  EXPECT_NE(one, landmark_of(1, 11, "key", "value"));
  EXPECT_NE(one, landmark_of(1, 10, "kez", "value"));
  EXPECT_NE(one, landmark_of(1, 10, "key", "valuf"));
}

/// Other members compare them with their own.
TEST(Landmarks, have_hashes_that_never_change) {
  auto const one = landmark_of(1, 10, "foobar", "21");
  EXPECT_EQ(one.key_hash, static_cast<std::uint32_t>(-790332482));
  EXPECT_EQ(one.value_hash, static_cast<std::uint32_t>(-973932308));
}

}  // namespace
}  // namespace tram::kafka
