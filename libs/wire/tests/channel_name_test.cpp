#include "tram/wire/channel_name.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tram/base/error.hpp"

namespace tram {
namespace {

std::string refusal(std::string const& name) {
  try {
    check_channel_name(name);
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::rejected);
    return error.what();
  }
  return {};
}

TEST(ChannelName, may_have_letters_digits_dots_underscores_and_hyphens) {
  for (auto const* name :
       {"orders", "Order", "io.eventuate.Customer", "plain-2_B", "0", "...", "-"}) {
    EXPECT_EQ(refusal(name), "");
  }
  EXPECT_EQ(refusal(std::string(249, 'x')), "");
}

TEST(ChannelName, that_no_broker_takes_is_refused_with_the_reason_and_the_remedy) {
  EXPECT_NE(refusal("").find("the name is empty"), std::string::npos);
  EXPECT_NE(
      refusal("Outer$Order").find("'Outer$Order': no broker takes the character at position 6"),
      std::string::npos);
  EXPECT_NE(refusal(std::string(250, 'x')).find("the name has 250 characters"), std::string::npos);
  for (auto const* name : {".", "..", "a b", "orders/new", "bestellung-ü", "a\n"}) {
    EXPECT_NE(refusal(name).find("choose a name of 1 to 249 letters"), std::string::npos) << name;
  }
  EXPECT_NE(refusal(std::string{"a\0b", 3}), "");
}

TEST(ChannelName, that_kafka_keeps_for_itself_is_only_read) {
  for (auto const* name : {"__consumer_offsets", "__transaction_state"}) {
    EXPECT_EQ(refusal(name), "");
    EXPECT_THROW(check_destination(name), Error) << name;
  }
  EXPECT_THROW(check_destination("a b"), Error);
  check_destination("orders");
}

}  // namespace
}  // namespace tram
