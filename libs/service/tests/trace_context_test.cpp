#include "tram/service/trace_context.hpp"

#include <gtest/gtest.h>

#include "tram/base/random.hpp"
#include "tram/sql/transaction.hpp"

namespace tram {
namespace {

constexpr std::string_view example{"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"};

TEST(TraceContext, reads_and_writes_the_header_of_the_specification) {
  auto const context = TraceContext::parse(example);
  ASSERT_TRUE(context);
  EXPECT_EQ(context->trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(context->span_id, "00f067aa0ba902b7");
  EXPECT_EQ(context->flags, "01");
  EXPECT_EQ(context->traceparent(), example);
}

TEST(TraceContext, reads_later_versions_as_far_as_it_knows_them) {
  auto text = std::string{example};
  text.replace(0, 2, "cc");
  EXPECT_TRUE(TraceContext::parse(text + "-what-the-future-brings"));
  EXPECT_FALSE(TraceContext::parse(text + "."));
}

TEST(TraceContext, takes_nothing_that_is_none) {
  for (std::string_view const text : {
           "",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
           "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g",
       }) {
    EXPECT_FALSE(TraceContext::parse(text)) << text;
  }
}

TEST(TraceContext, goes_on_with_a_new_span_in_the_same_trace) {
  SeededRandom random{7};
  auto const parent = *TraceContext::parse(example);
  auto const child = parent.child(random);
  EXPECT_EQ(child.trace_id, parent.trace_id);
  EXPECT_NE(child.span_id, parent.span_id);
  EXPECT_TRUE(TraceContext::parse(child.traceparent()));
}

TEST(TraceContext, begins_traces_that_are_legal_and_differ) {
  SeededRandom random{7};
  auto const first = TraceContext::start(random);
  auto const second = TraceContext::start(random);
  EXPECT_TRUE(TraceContext::parse(first.traceparent()));
  EXPECT_NE(first.trace_id, second.trace_id);
}

TEST(TraceContext, of_a_request_goes_on_or_begins) {
  SeededRandom random{7};
  auto const going_on = trace_request(example, "shop=1", random);
  EXPECT_EQ(going_on.traceparent.substr(0, 36), example.substr(0, 36));
  EXPECT_NE(going_on.traceparent, example);
  EXPECT_EQ(going_on.tracestate, "shop=1");
  auto const beginning = trace_request("nonsense", "shop=1", random);
  EXPECT_TRUE(TraceContext::parse(beginning.traceparent));
  EXPECT_EQ(beginning.tracestate, "");
}

}  // namespace
}  // namespace tram
