#include "stored_text.hpp"

#include <gtest/gtest.h>

#include "tram/base/random.hpp"

namespace {
using namespace std::string_literals;
namespace stored_text = tram::stored_text;
using stored_text::Look;

TEST(StoredText, gives_back_whatever_bytes_there_were) {
  tram::SeededRandom random{1};
  for (int i = 0; i < 2000; ++i) {
    std::string bytes;
    for (auto size = random.below(12); size > 0; --size) {
      bytes.push_back(static_cast<char>(random.below(256)));
    }
    auto const stored = stored_text::from_bytes(bytes);
    EXPECT_EQ(stored_text::to_bytes(stored), bytes);
    EXPECT_EQ(stored_text::readable(stored), stored) << "any database takes it";
  }
}

TEST(StoredText, leaves_text_as_it_is) {
  EXPECT_EQ(stored_text::from_bytes("caf\xC3\xA9"), "caf\xC3\xA9");
  EXPECT_EQ(stored_text::from_bytes("base64 it"), "base64 it");
  EXPECT_EQ(stored_text::to_bytes("base64:no base64!"), "base64:no base64!");
}

TEST(StoredText, tells_what_is_no_text_from_what_only_begins_like_it) {
  EXPECT_TRUE(stored_text::is_no_text(stored_text::from_bytes("caf\xE9")));
  EXPECT_TRUE(stored_text::is_no_text(stored_text::from_bytes("nul\0"s)));
  EXPECT_TRUE(stored_text::is_no_text(stored_text::from_bytes("\xC3\xA9", Look::deceives)));
  EXPECT_FALSE(stored_text::is_no_text(stored_text::from_bytes("plain", Look::deceives)));
  EXPECT_FALSE(stored_text::is_no_text(stored_text::from_bytes("base64:aGk=")));
  EXPECT_EQ(stored_text::to_bytes(stored_text::from_bytes("base64:aGk=")), "base64:aGk=");
}

TEST(StoredText, shortens_what_no_index_takes_and_keeps_others_apart) {
  std::string const long_key(5000, 'k');
  EXPECT_LE(stored_text::shortened(long_key).size(), 700U);
  EXPECT_EQ(stored_text::shortened(long_key), stored_text::shortened(long_key));
  EXPECT_NE(stored_text::shortened(long_key + "a"), stored_text::shortened(long_key + "b"));
  EXPECT_EQ(stored_text::shortened("key"), "key");
}

TEST(StoredText, makes_reasons_that_every_encoding_has) {
  EXPECT_EQ(stored_text::readable("caf\xC3\xA9 \xE9\0."s), "caf\xC3\xA9 ??.");
  EXPECT_EQ(stored_text::ascii("caf\xC3\xA9."), "caf??.");
}

}  // namespace
