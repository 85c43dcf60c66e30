#pragma once

#include <gtest/gtest.h>

#include <future>
#include <vector>

#include "tram/broker/position_numbers.hpp"
#include "tram/subscriber/held_messages.hpp"
#include "tram/testkit/messaging_fixture.hpp"

#pragma GCC visibility push(default)

namespace tram::testkit {

/// The harness is that of `messaging_fixture.hpp`:
/// `INSTANTIATE_TYPED_TEST_SUITE_P(Mine, HeldMessagesContract, MyHarness);`
template <class Harness>
class HeldMessagesContract : public MessagingFixture<Harness> {
 protected:
  static HeldKey key(std::string name = "7") {
    return {.subscriber_id = "billing", .channel = "orders", .key = std::move(name)};
  }
  static HeldMessage message(std::string id, std::string of_key = "7") {
    return {.key = key(std::move(of_key)),
            .message_id = std::move(id),
            .partition = 3,
            .position = position_of({42}),
            .headers_json = R"({"ID":"1"})",
            .payload = "{}",
            .reason = "no such customer",
            .attempts = 4};
  }
  template <class Function>
  auto transact(Function&& function) {
    return this->database_.transact(std::forward<Function>(function));
  }
  void hold(std::string const& id, std::string const& of_key = "7") {
    transact([&](Transaction& tx) { held_.hold(tx, message(id, of_key)); });
  }
  bool hold_behind(std::string const& id, std::string const& of_key = "7") {
    return transact([&](Transaction& tx) { return held_.hold_behind(tx, message(id, of_key)); });
  }
  std::size_t request_retry(HeldFilter const& filter = {}) {
    return transact([&](Transaction& tx) { return held_.request_retry(tx, filter); });
  }
  /// As a subscription does: one message in one transaction.
  std::string replay(std::string const& of_key = "7") {
    return transact([&](Transaction& tx) -> std::string {
      auto const first = held_.first(tx, key(of_key));
      if (!first) return "";
      held_.settle(tx, *first);
      return first->message_id;
    });
  }
  std::vector<std::string> held_ids(HeldFilter const& filter = {}) {
    return transact([&](Transaction& tx) {
      std::vector<std::string> ids;
      for (auto const& each : held_.messages(tx, filter, 100)) ids.push_back(each.message_id);
      return ids;
    });
  }
  std::vector<HeldKeySummary> keys(HeldFilter const& filter = {}) {
    return transact([&](Transaction& tx) { return held_.keys(tx, filter); });
  }

  HeldMessages held_{this->database_.dialect(), SchemaName{}};
};

TYPED_TEST_SUITE_P(HeldMessagesContract);

TYPED_TEST_P(HeldMessagesContract, gives_back_what_was_held) {
  this->hold("a");
  auto const messages =
      this->transact([&](Transaction& tx) { return this->held_.messages(tx, {}, 10); });
  ASSERT_EQ(messages.size(), 1U);
  auto const& found = messages.front();
  EXPECT_EQ(found.key, this->key());
  EXPECT_EQ(found.message_id, "a");
  EXPECT_EQ(found.partition, 3);
  EXPECT_EQ(found.position, position_of({42}));
  EXPECT_EQ(found.headers_json, R"({"ID":"1"})");
  EXPECT_EQ(found.payload, "{}");
  EXPECT_EQ(found.reason, "no such customer");
  EXPECT_EQ(found.attempts, 4);
  EXPECT_GT(found.held_at, 1'700'000'000'000);
}

TYPED_TEST_P(HeldMessagesContract, holds_behind_only_what_finds_its_key_held) {
  EXPECT_FALSE(this->hold_behind("b"));
  EXPECT_EQ(this->count("tram_held_message"), 0);
  this->hold("a");
  EXPECT_TRUE(this->hold_behind("b"));
  EXPECT_FALSE(this->hold_behind("c", "8"));
  ASSERT_EQ(this->keys().size(), 1U);
  EXPECT_EQ(this->keys()[0].key, this->key());
  EXPECT_EQ(this->keys()[0].count, 2);
  EXPECT_FALSE(this->keys()[0].retry_requested);
}

TYPED_TEST_P(HeldMessagesContract, holds_a_message_once) {
  this->hold("a");
  this->hold("a");
  EXPECT_TRUE(this->hold_behind("a"));
  EXPECT_EQ(this->count("tram_held_message"), 1);
  EXPECT_EQ(this->keys()[0].count, 1);
}

TYPED_TEST_P(HeldMessagesContract, replays_a_requested_key_in_order_and_frees_it) {
  this->hold("a");
  this->hold_behind("b");
  this->hold("x", "8");
  EXPECT_EQ(this->replay(), "");
  EXPECT_EQ(this->request_retry({.key = "7"}), 1U);
  auto const requested =
      this->transact([&](Transaction& tx) { return this->held_.requested(tx, "billing", 10); });
  EXPECT_EQ(requested, std::vector{this->key()});
  EXPECT_EQ(this->replay(), "a");
  EXPECT_EQ(this->replay(), "b");
  EXPECT_EQ(this->replay(), "");
  EXPECT_FALSE(this->hold_behind("c"));
  EXPECT_EQ(this->held_ids(), std::vector<std::string>{"x"});
}

TYPED_TEST_P(HeldMessagesContract, waits_for_the_next_request_when_a_replay_fails) {
  this->hold("a");
  this->hold_behind("b");
  this->request_retry();
  this->transact([&](Transaction& tx) {
    this->held_.refuse(tx, *this->held_.first(tx, this->key()), "still not", 5);
  });
  EXPECT_EQ(this->replay(), "");
  auto const first =
      this->transact([&](Transaction& tx) { return this->held_.messages(tx, {}, 1).front(); });
  EXPECT_EQ(first.message_id, "a");
  EXPECT_EQ(first.reason, "still not");
  EXPECT_EQ(first.attempts, 5);
  this->request_retry();
  EXPECT_EQ(this->replay(), "a");
}

TYPED_TEST_P(HeldMessagesContract, narrows_what_it_lists_and_what_it_replays) {
  this->hold("a");
  this->hold_behind("b");
  this->hold("x", "8");
  EXPECT_EQ(this->held_ids({.key = "7"}), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(this->held_ids({.message_id = "b"}), std::vector<std::string>{"b"});
  EXPECT_EQ(this->keys({.message_id = "b"}).size(), 1U);
  EXPECT_TRUE(this->held_ids({.subscriber_id = "shipping"}).empty());
  EXPECT_EQ(this->request_retry({.channel = "others"}), 0U);
  EXPECT_EQ(this->request_retry({.message_id = "x"}), 1U);
  EXPECT_EQ(this->keys({.key = "8"})[0].retry_requested, true);
  EXPECT_EQ(this->keys({.key = "7"})[0].retry_requested, false);
  EXPECT_EQ(this->request_retry({.subscriber_id = "billing"}), 2U);
}

TYPED_TEST_P(HeldMessagesContract, replays_those_behind_a_dropped_first_one) {
  auto const drop = [&](std::string const& id) {
    return this->transact([&](Transaction& tx) { return this->held_.drop(tx, "billing", id); });
  };
  this->hold("a");
  this->hold_behind("b");
  this->hold_behind("c");
  EXPECT_FALSE(drop("z"));
  EXPECT_TRUE(drop("b"));
  EXPECT_EQ(this->replay(), "");
  EXPECT_TRUE(drop("a"));
  EXPECT_FALSE(drop("a"));
  EXPECT_EQ(this->replay(), "c");
  EXPECT_TRUE(this->keys().empty());
}

TYPED_TEST_P(HeldMessagesContract, frees_the_key_with_the_last_one_dropped) {
  this->hold("a");
  this->transact([&](Transaction& tx) { EXPECT_TRUE(this->held_.drop(tx, "billing", "a")); });
  EXPECT_TRUE(this->keys().empty());
  EXPECT_FALSE(this->hold_behind("b"));
}

TYPED_TEST_P(HeldMessagesContract, frees_a_key_that_somebody_emptied_by_hand) {
  this->hold("a");
  this->request_retry();
  this->transact(
      [&](Transaction& tx) { tx.execute("DELETE FROM " + this->table_name("tram_held_message")); });
  EXPECT_EQ(this->replay(), "");
  EXPECT_TRUE(this->keys().empty());
}

TYPED_TEST_P(HeldMessagesContract, holds_what_is_no_text_too) {
  std::string const bytes{"a\0\xff", 3};
  auto held = this->message(bytes, bytes);
  held.payload = bytes;
  held.reason = bytes;
  this->transact([&](Transaction& tx) { this->held_.hold(tx, held); });
  auto const found =
      this->transact([&](Transaction& tx) { return this->held_.messages(tx, {}, 1).front(); });
  EXPECT_EQ(found.message_id, "base64:YQD/");
  EXPECT_EQ(found.headers_json, "{}");
  EXPECT_EQ(found.payload, "YQD/");
  EXPECT_NE(found.reason.find(R"({"ID":"1"})"), std::string::npos);
  EXPECT_TRUE(found.reason.ends_with(R"(; a\x00\xFF)")) << found.reason;
  this->request_retry();
  EXPECT_EQ(this->replay(bytes), "base64:YQD/");
  EXPECT_TRUE(this->keys().empty());
}

TYPED_TEST_P(HeldMessagesContract, lets_nobody_join_a_key_whose_last_message_is_being_replayed) {
  this->hold("a");
  this->request_retry();
  std::future<bool> joined;
  this->transact([&](Transaction& tx) {
    this->held_.settle(tx, *this->held_.first(tx, this->key()));
    joined = std::async(std::launch::async, [&] {
      return this->others_.transact(
          [&](Transaction& other) { return this->held_.hold_behind(other, this->message("b")); });
    });
    this->harness_.wait_for_waiting();
  });
  EXPECT_FALSE(joined.get());
  EXPECT_EQ(this->count("tram_held_message"), 0);
}

TYPED_TEST_P(HeldMessagesContract, replays_what_joined_before_the_last_replay) {
  this->hold("a");
  this->request_retry();
  std::future<std::string> replayed;
  this->others_.transact([&](Transaction& other) {
    EXPECT_TRUE(this->held_.hold_behind(other, this->message("b")));
    replayed = std::async(std::launch::async, [&] { return this->replay(); });
    this->harness_.wait_for_waiting();
  });
  EXPECT_EQ(replayed.get(), "a");
  EXPECT_EQ(this->keys()[0].count, 1);
  EXPECT_EQ(this->replay(), "b");
  EXPECT_TRUE(this->keys().empty());
}

TYPED_TEST_P(HeldMessagesContract, lets_one_process_replay_what_two_were_asked_to) {
  this->hold("a");
  this->request_retry();
  std::future<std::string> second;
  this->others_.transact([&](Transaction& other) {
    this->held_.refuse(other, *this->held_.first(other, this->key()), "no", 5);
    second = std::async(std::launch::async, [&] { return this->replay(); });
    this->harness_.wait_for_waiting();
  });
  EXPECT_EQ(second.get(), "");
}

TYPED_TEST_P(HeldMessagesContract, keeps_the_request_when_a_run_of_a_replay_fails) {
  this->hold("a");
  this->request_retry();
  this->transact([&](Transaction& tx) {
    this->held_.note_failure(tx, *this->held_.first(tx, this->key()), "still not", 5);
  });
  EXPECT_TRUE(this->keys()[0].retry_requested);
  auto const messages =
      this->transact([&](Transaction& tx) { return this->held_.messages(tx, {}, 10); });
  EXPECT_EQ(messages[0].reason, "still not");
  EXPECT_EQ(messages[0].attempts, 5);
}

TYPED_TEST_P(HeldMessagesContract, gives_requested_keys_in_parts) {
  for (auto const* const key : {"3", "1", "2"}) this->hold(key, key);
  this->request_retry();
  auto const requested = [&](std::optional<HeldKey> const& after) {
    return this->transact(
        [&](Transaction& tx) { return this->held_.requested(tx, "billing", 2, after); });
  };
  auto const first = requested(std::nullopt);
  EXPECT_EQ(first, (std::vector{this->key("1"), this->key("2")}));
  EXPECT_EQ(requested(first.back()), std::vector{this->key("3")});
  EXPECT_TRUE(requested(this->key("3")).empty());
}

TYPED_TEST_P(HeldMessagesContract, says_which_message_is_the_last_of_its_key) {
  this->hold("a");
  this->hold_behind("b");
  auto const take = [&] {
    return this->transact([&](Transaction& tx) {
      auto first = this->held_.take_first(tx, this->key());
      if (first) this->held_.settle(tx, first->message);
      return first;
    });
  };
  EXPECT_FALSE(take()) << "nobody asked for it";
  this->request_retry();
  auto const first = take();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->message.message_id, "a");
  EXPECT_FALSE(first->is_last);
  EXPECT_TRUE(take()->is_last);
  EXPECT_FALSE(take());
}

TYPED_TEST_P(HeldMessagesContract, replays_what_is_handed_over_without_being_asked) {
  auto const hand_over = [&](std::string const& id, std::string const& of_key) {
    this->transact([&](Transaction& tx) { this->held_.hand_over(tx, this->message(id, of_key)); });
  };
  this->hold("x", "8");
  hand_over("a", "7");
  hand_over("a", "7");
  hand_over("y", "8");
  EXPECT_TRUE(this->hold_behind("b"));
  EXPECT_EQ(this->replay("8"), "") << "it waits behind one that failed";
  EXPECT_EQ(this->replay(), "a");
  EXPECT_EQ(this->replay(), "b");
  EXPECT_EQ(this->replay(), "");
  this->request_retry();
  EXPECT_EQ(this->replay("8"), "x");
  EXPECT_EQ(this->replay("8"), "y");
}

REGISTER_TYPED_TEST_SUITE_P(
    HeldMessagesContract, replays_what_is_handed_over_without_being_asked,
    keeps_the_request_when_a_run_of_a_replay_fails, gives_requested_keys_in_parts,
    says_which_message_is_the_last_of_its_key, gives_back_what_was_held,
    holds_behind_only_what_finds_its_key_held, holds_a_message_once,
    replays_a_requested_key_in_order_and_frees_it, waits_for_the_next_request_when_a_replay_fails,
    narrows_what_it_lists_and_what_it_replays, replays_those_behind_a_dropped_first_one,
    frees_the_key_with_the_last_one_dropped, frees_a_key_that_somebody_emptied_by_hand,
    holds_what_is_no_text_too, lets_nobody_join_a_key_whose_last_message_is_being_replayed,
    replays_what_joined_before_the_last_replay, lets_one_process_replay_what_two_were_asked_to);

}  // namespace tram::testkit

#pragma GCC visibility pop
