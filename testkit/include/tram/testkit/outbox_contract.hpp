#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tram/base/error.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/testkit/messaging_fixture.hpp"
#include "tram/wire/headers_json.hpp"
#include "tram/wire/id_generator.hpp"

#pragma GCC visibility push(default)

namespace tram::testkit {

/// The harness is that of `messaging_fixture.hpp`:
/// `INSTANTIATE_TYPED_TEST_SUITE_P(Mine, OutboxContract, MyHarness);`
template <class Harness>
class OutboxContract : public MessagingFixture<Harness> {
 protected:
  IdGenerator ids_{this->clock_, MachineNumber::choose(std::nullopt, this->random_)};
  Outbox outbox_ = Outbox::of(this->database_, ids_, this->random_);
};

TYPED_TEST_SUITE_P(OutboxContract);

TYPED_TEST_P(OutboxContract, writes_a_row_that_any_relay_takes) {
  auto const id = this->database_.transact([&](Transaction& tx) {
    return this->outbox_.send(tx, "orders", Message{.headers = {}, .payload = "{\"a\":1}"},
                              {.partition_key = "7", .headers = {{"colour", "gr\u00fcn"}}});
  });
  this->others_.transact([&](Transaction& tx) {
    auto const rows =
        tx.execute("SELECT id, destination, headers, payload, published, message_partition, "
                   "creation_time FROM " +
                   this->table_name("message"));
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].template get<std::string>(0), id);
    EXPECT_EQ(rows[0].template get<std::string>(1), "orders");
    auto const headers = headers_from_json(rows[0].template get<std::string>(2));
    EXPECT_EQ(headers.require("ID"), id);
    EXPECT_EQ(headers.require("DESTINATION"), "orders");
    EXPECT_EQ(headers.require("PARTITION_ID"), "7");
    EXPECT_EQ(headers.require("colour"), "gr\u00fcn");
    EXPECT_EQ(headers.size(), 5U);
    EXPECT_EQ(rows[0].template get<std::string>(3), "{\"a\":1}");
    EXPECT_EQ(rows[0].template get<int>(4), 0);
    EXPECT_TRUE(rows[0].is_null(5));
    auto const age =
        this->clock_.wall().time_since_epoch().count() - rows[0].template get<std::int64_t>(6);
    EXPECT_LT(std::abs(age), 60'000);
  });
}

TYPED_TEST_P(OutboxContract, sends_with_the_transaction_or_not_at_all) {
  EXPECT_THROW(this->database_.transact([&](Transaction& tx) {
    this->outbox_.send(tx, "orders", Message{});
    throw std::logic_error{"no"};
  }),
               std::logic_error);
  EXPECT_EQ(this->count("message"), 0);
  this->database_.transact([&](Transaction& tx) {
    this->outbox_.send(tx, "orders", Message{});
    this->outbox_.send(tx, "orders", Message{});
    EXPECT_EQ(this->count("message"), 0);
  });
  EXPECT_EQ(this->count("message"), 2);
}

TYPED_TEST_P(OutboxContract, leaves_the_transaction_fit_after_a_refusal) {
  this->database_.transact([&](Transaction& tx) {
    EXPECT_THROW(this->outbox_.send(tx, "no channel", Message{}), Error);
    this->outbox_.send(tx, "orders", Message{});
  });
  EXPECT_EQ(this->count("message"), 1);
}

TYPED_TEST_P(OutboxContract, spreads_rows_over_tables_and_partitions) {
  this->database_.transact([&](Transaction& tx) {
    for (auto const* table : {"message0", "message1"}) {
      tx.execute("CREATE TABLE " + this->table_name(table) + " AS SELECT * FROM " +
                 this->table_name("message"));
    }
  });
  auto const outbox = Outbox::of(this->database_, this->ids_, this->random_,
                                 {.partitioning = {.tables = 2, .message_partitions = 4}});
  this->database_.transact([&](Transaction& tx) {
    outbox.send(tx, "Order", Message{}, {.partition_key = "1"});
    outbox.send(tx, "Order", Message{}, {.partition_key = "2"});
  });
  EXPECT_EQ(this->count("message"), 0);
  EXPECT_EQ(this->number("SELECT message_partition FROM " + this->table_name("message0")), 0);
  EXPECT_EQ(this->number("SELECT message_partition FROM " + this->table_name("message1")), 3);
}

TYPED_TEST_P(OutboxContract, sends_several_in_one_call_and_in_their_order) {
  std::vector<std::string> sent;
  for (std::size_t const count : {0U, 1U, 3U, 100U}) {
    std::vector<OutgoingMessage> messages;
    for (std::size_t number = 0; number < count; ++number) {
      sent.push_back(std::to_string(sent.size()) + " gr\u00fcn ?'");
      messages.push_back({"orders", {.headers = {}, .payload = sent.back()}, {}});
    }
    auto const ids = this->database_.transact(
        [&](Transaction& tx) { return this->outbox_.send_all(tx, std::move(messages)); });
    EXPECT_EQ(ids.size(), count);
    EXPECT_TRUE(std::ranges::is_sorted(ids));
  }
  auto const rows = this->others_.transact([&](Transaction& tx) {
    return tx.execute("SELECT payload, id, headers FROM " + this->table_name("message") +
                      " ORDER BY id");
  });
  ASSERT_EQ(rows.size(), sent.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    EXPECT_EQ(rows[row].template get<std::string>(0), sent[row]);
    auto const headers = headers_from_json(rows[row].template get<std::string>(2));
    EXPECT_EQ(headers.require("ID"), rows[row].template get<std::string>(1));
  }
}

TYPED_TEST_P(OutboxContract, sends_none_of_several_when_one_is_refused) {
  this->database_.transact([&](Transaction& tx) {
    EXPECT_THROW(this->outbox_.send_all(tx, {{"orders", {}, {}}, {"no channel", {}, {}}}), Error);
    this->outbox_.send_all(tx, {{"orders", {}, {}}, {"invoices", {}, {}}});
  });
  EXPECT_EQ(this->count("message"), 2);
}

REGISTER_TYPED_TEST_SUITE_P(OutboxContract, writes_a_row_that_any_relay_takes,
                            sends_with_the_transaction_or_not_at_all,
                            leaves_the_transaction_fit_after_a_refusal,
                            sends_several_in_one_call_and_in_their_order,
                            sends_none_of_several_when_one_is_refused,
                            spreads_rows_over_tables_and_partitions);

}  // namespace tram::testkit

#pragma GCC visibility pop
