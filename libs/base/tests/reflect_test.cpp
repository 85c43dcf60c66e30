#include "tram/base/reflect.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "tram/base/id.hpp"

namespace shop {

struct Line {
  std::string product_id;
  int quantity;
};

template <class Payload>
struct Envelope {
  Payload payload;
};

}  // namespace shop

namespace {
using namespace tram;

struct Nothing {};

struct EveryKind {
  [[maybe_unused]] static constexpr int not_a_member = 1;
  bool flag;
  std::int64_t number = 3;
  std::string text;
  std::optional<std::string> maybe;
  std::vector<shop::Line> lines;
  std::array<int, 3> triple;
  std::map<std::string, int> sorted;
  std::unordered_map<std::string, shop::Line> hashed;
  std::variant<int, std::string> either;
  std::unique_ptr<shop::Line> owned;
  std::chrono::system_clock::time_point at;
  Id<struct OrderTag> order_id;
  shop::Line nested;
};

struct Wide {
  int m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15;
  int n0, n1, n2, n3, n4, n5, n6, n7, n8, n9, n10, n11, n12, n13, n14, n15;
};

TEST(Reflect, counts_members_of_every_kind) {
  static_assert(reflect::member_count<Nothing> == 0);
  static_assert(reflect::member_count<shop::Line> == 2);
  static_assert(reflect::member_count<EveryKind> == 13);
  static_assert(reflect::member_count<Wide> == 32);
}

TEST(Reflect, names_members_as_the_source_does) {
  auto const& names = reflect::member_names<EveryKind>;
  EXPECT_EQ(names[0], "flag");
  EXPECT_EQ(names[3], "maybe");
  EXPECT_EQ(names[11], "order_id");
  EXPECT_EQ(names[12], "nested");
  EXPECT_EQ(reflect::member_names<Wide>[31], "n15");
  EXPECT_EQ(reflect::member_names<shop::Envelope<shop::Line>>[0], "payload");
  EXPECT_TRUE(reflect::member_names<Nothing>.empty());
}

TEST(Reflect, hands_out_the_members_themselves) {
  shop::Line line{.product_id = "p", .quantity = 1};
  reflect::with_members(line, [](std::string& product_id, int& quantity) {
    product_id = "q";
    quantity = 7;
  });
  EXPECT_EQ(line.product_id, "q");
  EXPECT_EQ(line.quantity, 7);
}

TEST(Reflect, visits_constant_objects_and_returns_what_the_visitor_returns) {
  shop::Line const line{.product_id = "p", .quantity = 41};
  EXPECT_EQ(reflect::with_members(line, [](auto const&, auto quantity) { return quantity + 1; }),
            42);
  Nothing nothing;
  EXPECT_EQ(reflect::with_members(nothing, [] { return 5; }), 5);
}

TEST(Reflect, names_types_without_their_namespaces) {
  EXPECT_EQ(reflect::type_name<shop::Line>, "Line");
  EXPECT_EQ(reflect::type_name<EveryKind>, "EveryKind");
  EXPECT_EQ(reflect::type_name<int>, "int");
  EXPECT_EQ(reflect::type_name<shop::Envelope<shop::Line>>, "Envelope<shop::Line>");
}

}  // namespace
