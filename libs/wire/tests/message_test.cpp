#include "tram/wire/message.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tram/base/error.hpp"
#include "tram/wire/header_names.hpp"

namespace tram {
namespace {

std::vector<std::string> names(Headers const& headers) {
  std::vector<std::string> result;
  for (auto const& header : headers) result.push_back(header.name);
  return result;
}

TEST(Headers, keep_the_order_in_which_names_were_first_set) {
  Headers headers;
  headers.set("b", "1").set("a", "2").set("b", "3");
  EXPECT_EQ(names(headers), (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(headers.find("b"), "3");
}

TEST(Headers, tell_names_apart_by_case) {
  Headers const headers{{"ID", "1"}, {"id", "2"}};
  EXPECT_EQ(headers.size(), 2U);
  EXPECT_EQ(headers.find("ID"), "1");
  EXPECT_EQ(headers.find("id"), "2");
}

TEST(Headers, take_the_last_of_equal_names_at_the_place_of_the_first) {
  Headers const headers{{"x", "1"}, {"y", "2"}, {"x", "3"}};
  EXPECT_EQ(names(headers), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(headers.find("x"), "3");
}

TEST(Headers, treat_twenty_thousand_names_like_three) {
  std::vector<Header> many;
  for (int i = 0; i < 20'000; ++i) many.push_back({std::to_string(i), "first"});
  for (int i = 0; i < 20'000; i += 2) many.push_back({std::to_string(i), "second"});
  Headers const headers{many};
  ASSERT_EQ(headers.size(), 20'000U);
  int place = 0;
  for (auto const& header : headers) {
    ASSERT_EQ(header.name, std::to_string(place));
    ASSERT_EQ(header.value, place % 2 == 0 ? "second" : "first");
    ++place;
  }
  std::vector<Header> backwards{headers.begin(), headers.end()};
  std::ranges::reverse(backwards);
  EXPECT_EQ(headers, Headers{backwards});
  backwards.front().value = "other";
  EXPECT_FALSE(headers == Headers{backwards});
}

TEST(Headers, are_equal_in_any_order_and_only_with_equal_values) {
  Headers const headers{{"a", "1"}, {"b", "2"}};
  EXPECT_EQ(headers, (Headers{{"b", "2"}, {"a", "1"}}));
  EXPECT_FALSE(headers == (Headers{{"a", "1"}}));
  EXPECT_FALSE(headers == (Headers{{"a", "1"}, {"b", "3"}}));
  EXPECT_FALSE(headers == (Headers{{"a", "1"}, {"c", "2"}}));
}

TEST(Headers, forget_what_is_erased_and_nothing_else) {
  Headers headers{{"a", "1"}, {"b", "2"}, {"c", "3"}};
  headers.erase("b");
  headers.erase("absent");
  EXPECT_EQ(names(headers), (std::vector<std::string>{"a", "c"}));
  EXPECT_FALSE(headers.contains("b"));
}

TEST(Headers, name_a_required_header_that_is_missing) {
  try {
    static_cast<void>(Headers{}.require("event-type"));
    FAIL() << "a missing header was accepted";
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::malformed);
    EXPECT_NE(std::string{error.what()}.find("'event-type' is missing"), std::string::npos);
  }
}

TEST(Message, reads_its_own_headers_by_name) {
  Message const message{.headers = {{"ID", "i"}, {"DESTINATION", "orders"}, {"PARTITION_ID", ""}},
                        .payload = "{}"};
  EXPECT_EQ(message.id(), "i");
  EXPECT_EQ(message.destination(), "orders");
  EXPECT_EQ(message.partition_key(), "");
  EXPECT_EQ(message.date(), std::nullopt);
  EXPECT_THROW(static_cast<void>(Message{}.id()), Error);
  EXPECT_THROW(static_cast<void>(Message{}.destination()), Error);
}

// Other services read these bytes: a change here is a break of the wire.
TEST(HeaderNames, are_the_ones_that_java_services_use) {
  EXPECT_EQ(header::command_destination, "command__destination");
  EXPECT_EQ(header::command_reply_destination, "commandreply__destination");
  EXPECT_EQ(header::reply_outcome, "reply_outcome-type");
  EXPECT_EQ(header::reply_to_message_id, "reply_to_message_id");
  EXPECT_EQ(header::saga_locked_target, "saga-locked-target");
  EXPECT_EQ(header::event_type, "event-type");
  EXPECT_EQ(header::event_aggregate_type, "event-aggregate-type");
  EXPECT_EQ(header::event_aggregate_id, "event-aggregate-id");
}

}  // namespace
}  // namespace tram
