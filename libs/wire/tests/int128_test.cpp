#include "tram/wire/int128.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "tram/base/error.hpp"
#include "tram/json/json.hpp"

namespace tram {
namespace {

constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t smallest = std::numeric_limits<std::int64_t>::min();

std::int64_t bits(std::uint64_t value) { return static_cast<std::int64_t>(value); }

TEST(Int128, prints_what_it_parsed) {
  for (auto const* text :
       {"00000153812efe94-0242ac1100800000", "000001568d0065ee-9246580c3b090000",
        "900001568d0065ee-9246580c3b090000", "ffffffffffffffff-ffffffffffffffff"}) {
    EXPECT_EQ(Int128::parse(text).to_string(), text);
  }
}

TEST(Int128, pads_each_half_to_sixteen_digits) {
  EXPECT_EQ((Int128{15, 3}.to_string()), "000000000000000f-0000000000000003");
  EXPECT_EQ((Int128{smallest, -1}.to_string()), "8000000000000000-ffffffffffffffff");
}

TEST(Int128, reads_short_halves_and_both_cases) {
  EXPECT_EQ(Int128::parse("f-3"), (Int128{15, 3}));
  EXPECT_EQ(Int128::parse("0000000000000000F-aB"), (Int128{15, 0xab}));
  EXPECT_EQ(Int128::parse("ffffffffffffffff-8000000000000000"), (Int128{-1, smallest}));
}

TEST(Int128, refuses_everything_else_and_shows_it) {
  for (auto const* text : {"", "-", "1", "1-", "-1", "1-2-3", "1-2-", "--", "g-1", "1-g", " 1-2",
                           "1-2 ", "+1-2", "0x1-2", "10000000000000000-0", "0-10000000000000000",
                           "11111111-2222-3333-4444-555555555555"}) {
    try {
      Int128::parse(text);
      FAIL() << "accepted: " << text;
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::malformed) << text;
      EXPECT_NE(std::string{error.what()}.find("'" + std::string{text} + "'"), std::string::npos)
          << error.what();
    }
  }
}

TEST(Int128, does_not_repeat_a_long_text_in_its_error) {
  try {
    Int128::parse(std::string(1'000'000, 'x'));
    FAIL();
  } catch (Error const& error) { EXPECT_LT(std::string{error.what()}.size(), 200U); }
}

TEST(Int128, orders_as_signed_numbers_high_half_first) {
  EXPECT_LT((Int128{1, largest}), (Int128{2, smallest}));
  EXPECT_LT((Int128{1, -1}), (Int128{1, 0}));
  EXPECT_LT(Int128::parse("900001568d0065ee-0"), Int128::parse("0-0"));
}

TEST(Int128, counts_up_in_its_top_sixteen_bits_until_they_are_full) {
  EXPECT_EQ((Int128{0, 0}.incremented()), (Int128{0, bits(0x0001000000000000)}));
  EXPECT_EQ((Int128{7, 5}.incremented()), (Int128{7, bits(0x0001000000000005)}));
  EXPECT_EQ((Int128{0, bits(0x7fff000000000001)}.incremented()),
            (Int128{0, bits(0x8000000000000001)}));
  EXPECT_EQ((Int128{0, bits(0xfffe000000000000)}.incremented()),
            (Int128{0, bits(0xffff000000000000)}));
  EXPECT_EQ((Int128{0, bits(0xffff000000000000)}.incremented()), std::nullopt);
}

struct Answer {
  Int128 id;
  std::optional<Int128> request_id;
};

TEST(Int128, is_a_string_in_json) {
  EXPECT_EQ(json::encode(Int128{5, 7}), R"("0000000000000005-0000000000000007")");
  EXPECT_EQ(json::encode(Answer{.id = {5, 7}, .request_id = {}}),
            R"({"id":"0000000000000005-0000000000000007"})");
  auto const answer = json::decode<Answer>(R"({"id":"5-7","requestId":"1-2"})");
  EXPECT_EQ(answer.id, (Int128{5, 7}));
  EXPECT_EQ(answer.request_id, (Int128{1, 2}));
  EXPECT_EQ(json::decode<Answer>(json::encode(answer)).request_id, (Int128{1, 2}));
}

TEST(Int128, may_be_an_empty_string_in_json_where_it_is_optional) {
  EXPECT_EQ(json::decode<Answer>(R"({"id":"5-7","requestId":""})").request_id, std::nullopt);
  EXPECT_EQ(json::decode<Answer>(R"({"id":"5-7","requestId":null})").request_id, std::nullopt);
  EXPECT_EQ(json::decode<Answer>(R"({"id":"5-7"})").request_id, std::nullopt);
}

TEST(Int128, that_is_none_in_json_is_malformed_with_its_path) {
  for (auto const* text : {R"({"id":""})", R"({"id":"5"})", R"({"id":5})", R"({"id":null})",
                           R"({"id":"5-7","requestId":"x"})"}) {
    try {
      static_cast<void>(json::decode<Answer>(text));
      ADD_FAILURE() << "accepted: " << text;
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::malformed);
      auto const path = std::string{text}.find("requestId") == std::string::npos
                            ? "Answer.id: "
                            : "Answer.requestId: ";
      EXPECT_NE(std::string{error.what()}.find(path), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace tram
