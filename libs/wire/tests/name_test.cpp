#include "tram/wire/name.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

#include "tram/wire/channel.hpp"

namespace {

using tram::Channel;
using tram::Name;

constexpr Channel of_a_literal{"orders-replies"};

TEST(Name, owns_what_was_put_together_when_the_program_runs) {
  std::optional<std::string> text{"calls-of-a-host-with-a-long-name"};
  Channel const channel{*text};
  Channel const copy = channel;
  std::fill(text->begin(), text->end(), '?');
  text.reset();
  EXPECT_EQ(channel.name, "calls-of-a-host-with-a-long-name");
  EXPECT_EQ(copy, channel);
  EXPECT_NE(copy.name.view().data(), channel.name.view().data());
  char buffer[]{"in a buffer"};
  Name const of_a_buffer{buffer};
  buffer[0] = '?';
  EXPECT_EQ(of_a_buffer, "in a buffer");
}

TEST(Name, refers_to_a_literal) {
  static_assert(of_a_literal.name == "orders-replies" && Channel{}.name.empty());
  auto const copy = of_a_literal;
  EXPECT_EQ(copy.name.view().data(), of_a_literal.name.view().data());
}

}  // namespace
