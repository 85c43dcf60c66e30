#include <gtest/gtest.h>

#include <concepts>
#include <cstdint>
#include <type_traits>
#include <unordered_set>

#include "tram/broker/position_numbers.hpp"

namespace {
using tram::Position;
using tram::position_of;

static_assert(std::is_trivially_copyable_v<Position> && sizeof(Position) == 16);
static_assert(!std::convertible_to<std::int64_t, Position>);
static_assert(!std::constructible_from<Position, std::int64_t>);
static_assert(!std::convertible_to<Position, std::int64_t>);
static_assert(!std::constructible_from<std::int64_t, Position>);

TEST(Positions, are_in_the_order_of_their_numbers) {
  EXPECT_LT(position_of({7}), position_of({8}));
  EXPECT_LT(position_of({7, 9}), position_of({8, 0}));
  EXPECT_LT(position_of({7, 9}), position_of({7, 10}));
  EXPECT_EQ(position_of({}), Position{});
}

TEST(Positions, give_their_driver_back_what_it_put_in) {
  auto const numbers = numbers_of(position_of({1'732'990'000'123, 4}));
  EXPECT_EQ(numbers.first, 1'732'990'000'123);
  EXPECT_EQ(numbers.second, 4U);
}

TEST(Positions, are_printed_as_the_tools_of_their_broker_do) {
  EXPECT_EQ(to_string(position_of({17})), "17");
  EXPECT_EQ(to_string(position_of({1'732'990'000'123, 4})), "1732990000123-4");
}

TEST(Positions, are_keys) {
  std::unordered_set<Position> const keys{position_of({1}), position_of({1, 1}), position_of({1})};
  EXPECT_EQ(keys.size(), 2U);
}

}  // namespace
