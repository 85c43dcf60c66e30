#include "landmark.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

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
}

TEST(PositionNotes, are_read_as_they_were_written) {
  for (std::string const owner : {"", "shop", "a shop with service= in its name"}) {
    auto const note = PositionNote::read(PositionNote{.landmark = landmark, .owner = owner}.text());
    EXPECT_EQ(note.landmark, landmark);
    EXPECT_EQ(note.owner, owner);
    EXPECT_EQ(PositionNote::read(PositionNote{.owner = owner}.text()).owner, owner);
  }
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
