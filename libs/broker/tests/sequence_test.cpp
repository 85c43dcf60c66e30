#include "tram/broker/sequence.hpp"

#include <gtest/gtest.h>

#include <concepts>
#include <cstdint>
#include <sstream>
#include <type_traits>
#include <unordered_set>

namespace {
using tram::Sequence;

class RowNumber final : public tram::DistinctNumber<RowNumber> {
 public:
  using DistinctNumber::DistinctNumber;
};

static_assert(std::is_trivially_copyable_v<Sequence> && sizeof(Sequence) == sizeof(std::uint64_t));
static_assert(!std::convertible_to<std::uint64_t, Sequence>);
static_assert(!std::constructible_from<std::uint64_t, Sequence>);
static_assert(!std::constructible_from<Sequence, RowNumber>);
static_assert(!std::equality_comparable_with<Sequence, RowNumber>);
static_assert(!std::totally_ordered_with<Sequence, std::uint64_t>);

TEST(Sequences, are_counted_by_their_maker) {
  Sequence last{6};
  EXPECT_EQ(++last, Sequence{7});
  EXPECT_EQ(last + 3, Sequence{10});
  EXPECT_EQ(Sequence{10} - last, 3U);
  EXPECT_LT(Sequence{}, last);
}

TEST(Sequences, are_printed_as_their_number) {
  std::ostringstream out;
  out << Sequence{7} << ' ' << RowNumber{8};
  EXPECT_EQ(out.str(), "7 8");
  EXPECT_EQ(to_string(Sequence{7}), "7");
}

TEST(Sequences, are_keys) {
  std::unordered_set<Sequence> const keys{Sequence{1}, Sequence{2}, Sequence{1}};
  EXPECT_EQ(keys.size(), 2U);
}

}  // namespace
