#pragma once

#include <gtest/gtest.h>

#include <future>

#include "tram/subscriber/held_messages.hpp"
#include "tram/subscriber/inbox.hpp"
#include "tram/testkit/messaging_fixture.hpp"

#pragma GCC visibility push(default)

namespace tram::testkit {

/// The harness is that of `messaging_fixture.hpp`:
/// `INSTANTIATE_TYPED_TEST_SUITE_P(Mine, InboxContract, MyHarness);`
template <class Harness>
class InboxContract : public MessagingFixture<Harness> {
 protected:
  InboxResult receive(Transaction& tx, std::string const& id, std::string const& key = "7") {
    return inbox_.receive(tx, {.subscriber_id = "billing", .channel = "orders", .key = key}, id);
  }
  InboxResult receive(std::string const& id, std::string const& key = "7") {
    return this->database_.transact([&](Transaction& tx) { return receive(tx, id, key); });
  }
  void hold(std::string const& key) {
    HeldMessages const held{this->database_.dialect(), SchemaName{}};
    this->database_.transact([&](Transaction& tx) {
      held.hold(tx, {.key = {.subscriber_id = "billing", .channel = "orders", .key = key},
                     .message_id = "held",
                     .headers_json = "{}",
                     .payload = "",
                     .reason = "no"});
    });
  }

  Inbox inbox_{this->database_.dialect(), SchemaName{}};
};

TYPED_TEST_SUITE_P(InboxContract);

TYPED_TEST_P(InboxContract, knows_a_message_again_and_goes_on_in_the_same_transaction) {
  this->database_.transact([&](Transaction& tx) {
    EXPECT_EQ(this->receive(tx, "a"), InboxResult::fresh);
    EXPECT_EQ(this->receive(tx, "a"), InboxResult::duplicate);
    EXPECT_EQ(this->receive(tx, "b"), InboxResult::fresh);
  });
  EXPECT_EQ(this->receive("a"), InboxResult::duplicate);
  EXPECT_EQ(this->count("received_messages"), 2);
  EXPECT_EQ(this->number("SELECT count(*) FROM " + this->table_name("received_messages") +
                         " WHERE consumer_id = 'billing' AND published = 0 AND creation_time > " +
                         "1700000000000"),
            2);
}

TYPED_TEST_P(InboxContract, keeps_subscribers_apart) {
  EXPECT_EQ(this->receive("a"), InboxResult::fresh);
  this->database_.transact([&](Transaction& tx) {
    EXPECT_TRUE(this->inbox_.receive(tx, "shipping", "a"));
    EXPECT_FALSE(this->inbox_.receive(tx, "shipping", "a"));
    EXPECT_FALSE(this->inbox_.receive(tx, "billing", "a"));
  });
}

TYPED_TEST_P(InboxContract, forgets_what_was_rolled_back) {
  EXPECT_THROW(this->database_.transact([&](Transaction& tx) {
    this->receive(tx, "a");
    throw std::logic_error{"the handler failed"};
  }),
               std::logic_error);
  EXPECT_EQ(this->receive("a"), InboxResult::fresh);
}

TYPED_TEST_P(InboxContract, tells_that_a_key_is_held_but_a_duplicate_comes_first) {
  EXPECT_EQ(this->receive("a"), InboxResult::fresh);
  this->hold("7");
  EXPECT_EQ(this->receive("a"), InboxResult::duplicate);
  EXPECT_EQ(this->receive("b"), InboxResult::key_is_held);
  EXPECT_EQ(this->receive("b"), InboxResult::duplicate);
  EXPECT_EQ(this->receive("c", "8"), InboxResult::fresh);
}

TYPED_TEST_P(InboxContract, takes_ids_and_keys_of_any_bytes) {
  std::string const bytes{"a\0\xff", 3};
  EXPECT_EQ(this->receive(bytes, bytes), InboxResult::fresh);
  EXPECT_EQ(this->receive(bytes, bytes), InboxResult::duplicate);
  this->hold(bytes);
  EXPECT_EQ(this->receive("b", bytes), InboxResult::key_is_held);
  EXPECT_EQ(this->receive("c", "a"), InboxResult::fresh);
}

TYPED_TEST_P(InboxContract, receives_several_at_once_and_tells_of_each) {
  using Receptions = std::vector<InboxResult>;
  this->receive("seen");
  this->hold("9");
  auto const arrival = [](std::string const& id, std::string const& key) {
    return InboxEntry{.key = {.subscriber_id = "billing", .channel = "orders", .key = key},
                      .message_id = id};
  };
  std::string const bytes{"a\0\xff", 3};
  std::vector const arrivals{
      arrival("z", "1"),      arrival("seen", "2"),   arrival("b", "9"),
      arrival("seen", "9"),   arrival("b", "3"),      arrival("", ""),
      arrival("{\"\\,", "'"), arrival(bytes, "NULL"), arrival("NULL", bytes)};
  auto const receive_all = [&] {
    return this->database_.transact(
        [&](Transaction& tx) { return this->inbox_.receive(tx, arrivals); });
  };
  EXPECT_EQ(receive_all(),
            (Receptions{InboxResult::fresh, InboxResult::duplicate, InboxResult::key_is_held,
                        InboxResult::duplicate, InboxResult::duplicate, InboxResult::fresh,
                        InboxResult::fresh, InboxResult::fresh, InboxResult::fresh}));
  EXPECT_EQ(this->receive("{\"\\,"), InboxResult::duplicate);
  EXPECT_EQ(this->receive(bytes), InboxResult::duplicate);
  EXPECT_EQ(receive_all(), Receptions(arrivals.size(), InboxResult::duplicate));
}

TYPED_TEST_P(InboxContract, waits_for_the_one_who_handles_it_and_then_sees_a_duplicate) {
  std::future<InboxResult> second;
  this->database_.transact([&](Transaction& tx) {
    EXPECT_EQ(this->receive(tx, "a"), InboxResult::fresh);
    second = std::async(std::launch::async, [&] {
      return this->others_.transact([&](Transaction& other) { return this->receive(other, "a"); });
    });
    this->harness_.wait_for_waiting();
  });
  EXPECT_EQ(second.get(), InboxResult::duplicate);
}

TYPED_TEST_P(InboxContract, waits_for_the_one_who_fails_and_then_handles_it) {
  std::future<InboxResult> second;
  EXPECT_THROW(this->database_.transact([&](Transaction& tx) {
    this->receive(tx, "a");
    second = std::async(std::launch::async, [&] {
      return this->others_.transact([&](Transaction& other) { return this->receive(other, "a"); });
    });
    this->harness_.wait_for_waiting();
    throw std::logic_error{"the handler failed"};
  }),
               std::logic_error);
  EXPECT_EQ(second.get(), InboxResult::fresh);
}

TYPED_TEST_P(InboxContract, forgets_only_what_is_old_a_thousand_at_a_time) {
  this->database_.transact([&](Transaction& tx) {
    for (int i = 0; i < 1200; ++i) {
      this->inbox_.receive(tx, "somebody else's", std::to_string(i));
      this->inbox_.receive(tx, "billing", std::to_string(i));
    }
    this->inbox_.receive(tx, "a \"strange\" \\one", "1");
    tx.execute("UPDATE " + this->table_name("received_messages") +
               " SET creation_time = creation_time - 10000000");
    this->receive(tx, "young");
  });
  std::vector<std::string> const ours{"billing", "a \"strange\" \\one"};
  auto const forget = [&] {
    return this->database_.transact(
        [&](Transaction& tx) { return this->inbox_.forget_some(tx, ours, std::chrono::hours{1}); });
  };
  EXPECT_EQ(forget(), 1000U);
  EXPECT_EQ(forget(), 201U);
  EXPECT_EQ(forget(), 0U);
  EXPECT_EQ(this->receive("young"), InboxResult::duplicate);
  EXPECT_EQ(this->count("received_messages"), 1201) << "rows of others are not ours to remove";
}

TYPED_TEST_P(InboxContract, forgets_old_rows_behind_any_number_that_were_stamped_ahead) {
  auto const table = this->table_name("received_messages");
  auto const receive_many = [&](std::string const& stem, int count, std::string const& time) {
    this->database_.transact([&](Transaction& tx) {
      for (int i = 0; i < count; ++i) this->inbox_.receive(tx, "s", stem + std::to_string(i));
      tx.execute("UPDATE " + table + " SET creation_time = " + time + " WHERE message_id LIKE '" +
                 stem + "%'");
    });
  };
  receive_many("ahead", 1'500, "4102444800000");
  receive_many("old", 20, "creation_time - 10000000");
  this->receive("young");
  std::vector<std::string> const ours{"s", "billing"};
  auto const forget = [&] {
    return this->database_.transact(
        [&](Transaction& tx) { return this->inbox_.forget_some(tx, ours, std::chrono::hours{1}); });
  };
  for (int i = 0; i < 5; ++i) forget();
  auto const left = this->database_.transact([&](Transaction& tx) {
    return tx.execute("SELECT count(*) FROM " + table + " WHERE message_id LIKE 'old%'")[0]
        .template get<int>(0);
  });
  EXPECT_EQ(left, 0);
  EXPECT_EQ(this->receive("young"), InboxResult::duplicate);
}

REGISTER_TYPED_TEST_SUITE_P(InboxContract,
                            knows_a_message_again_and_goes_on_in_the_same_transaction,
                            keeps_subscribers_apart, forgets_what_was_rolled_back,
                            tells_that_a_key_is_held_but_a_duplicate_comes_first,
                            takes_ids_and_keys_of_any_bytes,
                            receives_several_at_once_and_tells_of_each,
                            waits_for_the_one_who_handles_it_and_then_sees_a_duplicate,
                            waits_for_the_one_who_fails_and_then_handles_it,
                            forgets_only_what_is_old_a_thousand_at_a_time,
                            forgets_old_rows_behind_any_number_that_were_stamped_ahead);

}  // namespace tram::testkit

#pragma GCC visibility pop
