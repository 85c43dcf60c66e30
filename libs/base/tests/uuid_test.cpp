#include "tram/base/uuid.hpp"

#include <gtest/gtest.h>

#include "tram/base/error.hpp"
#include "tram/base/random.hpp"

namespace tram {
namespace {

TEST(Uuid, is_read_and_written) {
  auto const uuid = Uuid::parse("0B9C0b9c-8f6e-4bb4-a2ab-0fbc0c1d2e3f");
  EXPECT_EQ(uuid.text(), "0b9c0b9c-8f6e-4bb4-a2ab-0fbc0c1d2e3f");
  EXPECT_EQ(uuid.bytes[0], 0x0b);
  EXPECT_EQ(uuid.bytes[15], 0x3f);
  EXPECT_EQ(Uuid{}.text(), "00000000-0000-0000-0000-000000000000");
}

TEST(Uuid, is_made_at_random) {
  SeededRandom random{1};
  auto const uuid = Uuid::make(random);
  EXPECT_NE(uuid, Uuid::make(random));
  EXPECT_EQ(uuid.text()[14], '4');
}

TEST(Uuid, is_nothing_else) {
  for (auto const* const text :
       {"", "0b9c0b9c-8f6e-4bb4-a2ab-0fbc0c1d2e3", "0b9c0b9c-8f6e-4bb4-a2ab-0fbc0c1d2e3f0",
        "0b9c0b9c08f6e-4bb4-a2ab-0fbc0c1d2e3f", "0b9c0b9c-8f6e-4bb4-a2ab-0fbc0c1d2e3g",
        "0b9c0b9c-8f6e-4bb4-a2ab-0fbc0c1d2e-f"}) {
    try {
      static_cast<void>(Uuid::parse(text));
      ADD_FAILURE() << text;
    } catch (Error const& error) { EXPECT_EQ(error.fault(), Fault::malformed); }
  }
}

}  // namespace
}  // namespace tram
