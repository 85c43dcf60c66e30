#include "tram/json/value.hpp"

#include <gtest/gtest.h>

#include "tram/json/json.hpp"

namespace {
using namespace tram;
using json::Value;

TEST(JsonValue, keeps_order_repeated_names_and_the_text_of_numbers) {
  auto const* const text = R"({"b":[1.50,1E+5,null,true,"x\n",{}],"a":{},"b":[],"":-0})";
  EXPECT_EQ(json::encode(json::decode<Value>(text)), text);
}

TEST(JsonValue, finds_the_last_member_of_a_name) {
  auto const value = json::decode<Value>(R"({"a":1,"b":2,"a":3})");
  ASSERT_NE(value.find("a"), nullptr);
  EXPECT_EQ(*value.find("a"), Value{json::Number{"3"}});
  EXPECT_EQ(value.find("c"), nullptr);
  EXPECT_EQ(Value{}.find("a"), nullptr);
}

struct Wrapped {
  std::string kind;
  Value details;
};

TEST(JsonValue, passes_through_a_struct_whose_rest_is_somebody_elses) {
  auto const* const text = R"({"kind":"k","details":{"x":[1,{"y":null}]}})";
  EXPECT_EQ(json::encode(json::decode<Wrapped>(text)), text);
}

TEST(JsonValue, survives_the_deepest_text_that_is_allowed) {
  auto const text = std::string(64, '[') + std::string(64, ']');
  EXPECT_EQ(json::encode(json::decode<Value>(text)), text);
}

}  // namespace
