#include "call_book.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tram {
namespace {

IncomingMessage answer_to(std::string const& id, std::string payload = "{}") {
  return {.message = {.headers = {{"reply_to_message_id", id}}, .payload = std::move(payload)},
          .subscriber_id = {},
          .source = {},
          .key = {}};
}

TEST(CallBook, gives_a_call_its_first_answer) {
  CallBook book;
  book.expect("1");
  EXPECT_FALSE(book.is_answered("1"));
  EXPECT_TRUE(book.take(answer_to("1", "first")));
  EXPECT_FALSE(book.take(answer_to("1", "second")));
  EXPECT_TRUE(book.is_answered("1"));
  EXPECT_EQ(book.end("1")->message.payload, "first");
  EXPECT_FALSE(book.take(answer_to("1", "third")));
  auto const counters = book.counters();
  EXPECT_EQ(counters.answered, 1U);
  EXPECT_EQ(counters.repeated, 2U);
  EXPECT_EQ(counters.waiting, 0U);
}

TEST(CallBook, tells_late_answers_from_those_of_others) {
  CallBook book;
  book.expect("1");
  EXPECT_EQ(book.counters().waiting, 1U);
  EXPECT_FALSE(book.end("1"));
  EXPECT_FALSE(book.take(answer_to("1")));
  EXPECT_FALSE(book.take(answer_to("another instance's")));
  auto const counters = book.counters();
  EXPECT_EQ(counters.unanswered, 1U);
  EXPECT_EQ(counters.late, 1U);
  EXPECT_EQ(counters.foreign, 1U);
}

TEST(CallBook, knows_nothing_of_a_command_that_was_not_sent) {
  CallBook book;
  book.expect("1");
  book.withdraw("1");
  EXPECT_FALSE(book.end("1"));
  EXPECT_FALSE(book.take(answer_to("1")));
  EXPECT_EQ(book.counters().foreign, 1U);
  EXPECT_EQ(book.counters().unanswered, 0U);
}

TEST(CallBook, counts_what_answers_nothing) {
  CallBook book;
  EXPECT_FALSE(book.take({.message = {}, .subscriber_id = {}, .source = {}, .key = {}}));
  book.take_malformed();
  EXPECT_EQ(book.counters().malformed, 2U);
}

TEST(CallBook, remembers_the_last_thousand_calls) {
  CallBook book;
  for (std::size_t i = 0; i <= CallBook::remembered_max; ++i) {
    book.expect(std::to_string(i));
    book.end(std::to_string(i));
  }
  EXPECT_FALSE(book.take(answer_to("0")));
  EXPECT_FALSE(book.take(answer_to("1")));
  EXPECT_EQ(book.counters().foreign, 1U);
  EXPECT_EQ(book.counters().late, 1U);
}

}  // namespace
}  // namespace tram
