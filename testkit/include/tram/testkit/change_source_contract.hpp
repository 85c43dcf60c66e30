#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tram/testkit/change_source_fixture.hpp"

#pragma GCC visibility push(default)

// What every change source must do. A driver proves itself with a harness:
//
//   struct MyHarness {
//     // All rows in one transaction.
//     void commit(std::vector<tram::OutboxRow> const& rows);
//     void roll_back(std::vector<tram::OutboxRow> const& rows);
//     // Each time of the same name. It sees what is committed after the harness was made.
//     std::unique_ptr<tram::ChangeSource> source(tram::Clock& clock);
//   };
//
// and, within namespace tram::testkit,
//
//   INSTANTIATE_TYPED_TEST_SUITE_P(MyDatabase, ChangeSourceContract, MyHarness);

namespace tram::testkit {

/// `INSTANTIATE_TYPED_TEST_SUITE_P(Mine, ChangeSourceContract, MyHarness);`
template <class Harness>
class ChangeSourceContract : public ChangeSourceFixture<Harness> {};

TYPED_TEST_SUITE_P(ChangeSourceContract);

TYPED_TEST_P(ChangeSourceContract, gives_every_row_once_in_the_order_of_the_commits) {
  auto const tail = this->source();
  this->look(*tail);
  this->commit({"c", "a"});
  this->commit({"b"});
  EXPECT_EQ(this->read_ids(*tail, 3), (std::vector<std::string>{"c", "a", "b"}));
  this->expect_nothing_before(*tail, "d");
}

TYPED_TEST_P(ChangeSourceContract, gives_rows_as_they_were_written) {
  auto const tail = this->source();
  this->look(*tail);
  this->commit({"1"});
  auto const row = this->read(*tail, 1).at(0);
  auto const written = outbox_row("1");
  EXPECT_EQ(row.destination, written.destination);
  EXPECT_EQ(row.headers, written.headers);
  EXPECT_EQ(row.payload, written.payload);
}

TYPED_TEST_P(ChangeSourceContract, shows_nothing_of_a_transaction_that_is_rolled_back) {
  auto const tail = this->source();
  this->look(*tail);
  this->roll_back({"never", "ever"});
  this->expect_nothing_before(*tail, "1");
}

TYPED_TEST_P(ChangeSourceContract,
             gives_ascending_positions_and_one_with_the_last_row_of_each_transaction) {
  auto const tail = this->source();
  this->look(*tail);
  this->commit({"1", "2"});
  this->commit({"3"});
  auto const rows = this->read(*tail, 3);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_TRUE(rows[1].ends_at && rows[2].ends_at);
  EXPECT_LT(rows[1].ends_at, rows[2].ends_at);
  EXPECT_TRUE(!rows[0].ends_at || *rows[0].ends_at < *rows[1].ends_at);
}

TYPED_TEST_P(ChangeSourceContract, says_that_it_is_at_the_end_once_it_has_given_everything) {
  auto const tail = this->source();
  this->look(*tail);
  this->commit({"1", "2"});
  EXPECT_EQ(this->read_ids(*tail, 2), (std::vector<std::string>{"1", "2"}));
  bool at_end = false;
  auto const deadline = Deadline::after(this->clock_, std::chrono::seconds{30});
  while (!at_end && !deadline.reached(this->clock_)) {
    auto const batch = tail->read(100);
    EXPECT_TRUE(batch.rows.empty());
    EXPECT_FALSE(batch.starts_over);
    at_end = batch.at_end;
    if (!at_end) this->wait(*tail);
  }
  EXPECT_TRUE(at_end);
}

TYPED_TEST_P(ChangeSourceContract, gives_about_as_many_rows_as_it_is_asked_for) {
  auto const tail = this->source();
  this->look(*tail);
  std::vector<std::string> ids;
  for (int i = 0; i < 50; ++i) ids.push_back(std::to_string(i));
  this->commit(ids);
  std::vector<std::string> all;
  auto const deadline = Deadline::after(this->clock_, std::chrono::seconds{30});
  while (all.size() < ids.size() && !deadline.reached(this->clock_)) {
    auto const some = this->ids_of(this->look(*tail, 10));
    EXPECT_LE(some.size(), 20U);
    all.insert(all.end(), some.begin(), some.end());
    if (some.empty()) this->wait(*tail);
  }
  EXPECT_EQ(all, ids);
}

TYPED_TEST_P(ChangeSourceContract,
             takes_no_rows_and_loses_none_when_it_is_only_to_look_after_itself) {
  auto const tail = this->source();
  this->look(*tail);
  this->commit({"1"});
  for (int i = 0; i < 5; ++i) tail->keep_alive();
  EXPECT_EQ(this->read_ids(*tail, 1), std::vector<std::string>{"1"});
}

TYPED_TEST_P(ChangeSourceContract, starts_behind_the_confirmed_position_when_it_was_flushed) {
  {
    auto const tail = this->source();
    this->look(*tail);
    this->commit({"1"});
    this->commit({"2"});
    this->commit({"3"});
    auto const rows = this->read(*tail, 3);
    tail->confirm(rows.at(1).ends_at.value());
    tail->flush();
  }
  auto const next = this->source();
  EXPECT_EQ(this->read_ids(*next, 1).front(), "3");
}

TYPED_TEST_P(ChangeSourceContract, loses_nothing_when_it_dies_before_anything_was_confirmed) {
  {
    auto const tail = this->source();
    this->look(*tail);
    this->commit({"1"});
    this->read(*tail, 1);
  }
  this->commit({"2"});
  auto const next = this->source();
  EXPECT_EQ(this->read_ids(*next, 2), (std::vector<std::string>{"1", "2"}));
}

TYPED_TEST_P(ChangeSourceContract,
             gives_rows_again_from_the_confirmed_position_when_it_is_rewound) {
  auto const tail = this->source();
  this->look(*tail);
  this->commit({"1"});
  this->commit({"2"});
  auto const rows = this->read(*tail, 2);
  tail->confirm(rows.at(0).ends_at.value());
  tail->rewind();
  EXPECT_EQ(this->read_ids(*tail, 1).front(), "2");
}

TYPED_TEST_P(ChangeSourceContract, gives_no_row_again_that_is_settled_within_its_transaction) {
  auto const tail = this->source();
  this->look(*tail);
  this->commit({"1", "2", "3", "4"});
  std::vector<OutboxRow> rows;
  while (rows.size() < 2) {
    for (auto& row : this->read(*tail, 1, 1)) rows.push_back(std::move(row));
  }
  auto const& last = rows.back();
  if (last.place) tail->settled(*last.place);
  if (last.ends_at) tail->confirm(*last.ends_at);
  tail->rewind();
  auto const rest = this->read_ids(*tail, 4 - rows.size());
  EXPECT_EQ(rows.size() + rest.size(), 4U);
  EXPECT_EQ(rest.back(), "4");
  this->expect_nothing_before(*tail, "5");
}

TYPED_TEST_P(ChangeSourceContract, says_it_has_seen_only_what_it_has_given) {
  // Whatever is confirmed as seen, no row behind it may be lost.
  for (int round = 0; round < 5; ++round) {
    auto const tail = this->source();
    auto const first = std::to_string(round) + "a";
    auto const second = std::to_string(round) + "b";
    this->look(*tail);
    this->commit({first});
    this->read(*tail, 1);
    this->seen_.reset();
    this->look(*tail);
    this->commit({second});
    tail->keep_alive();
    if (this->seen_) tail->confirm(*this->seen_);
    tail->flush();
    tail->rewind();
    // Rows given before may come again, the other one must come.
    while (this->read_ids(*tail, 1).back() != second) {
      if (this->HasFailure()) return;
    }
    // The next round begins behind everything.
    this->commit({"end of " + first});
    auto rest = this->read(*tail, 1);
    while (rest.back().id != "end of " + first) rest = this->read(*tail, 1);
    tail->confirm(rest.back().ends_at.value());
    tail->flush();
  }
}

TYPED_TEST_P(ChangeSourceContract,
             stands_by_while_another_one_of_its_name_works_and_then_takes_over) {
  auto first = this->source();
  this->look(*first);
  this->commit({"1"});
  auto const rows = this->read(*first, 1);
  auto const second = this->source();
  first->confirm(rows.at(0).ends_at.value());
  // That the other one works may take some looks to be seen.
  auto const deadline = Deadline::after(this->clock_, std::chrono::seconds{30});
  while (!second->status().standby && !deadline.reached(this->clock_)) {
    if (auto const seen = (this->look(*first), this->seen_)) first->confirm(*seen);
    EXPECT_TRUE(this->look(*second).empty());
    this->wait(*second);
  }
  EXPECT_TRUE(second->status().standby) << second->status().trouble;
  EXPECT_FALSE(second->status().connected);
  first->flush();
  first.reset();
  this->commit({"2"});
  EXPECT_EQ(this->read_ids(*second, 1), std::vector<std::string>{"2"});
  EXPECT_FALSE(second->status().standby);
  EXPECT_TRUE(second->status().connected);
}

REGISTER_TYPED_TEST_SUITE_P(ChangeSourceContract, gives_every_row_once_in_the_order_of_the_commits,
                            gives_rows_as_they_were_written,
                            shows_nothing_of_a_transaction_that_is_rolled_back,
                            gives_ascending_positions_and_one_with_the_last_row_of_each_transaction,
                            says_that_it_is_at_the_end_once_it_has_given_everything,
                            gives_about_as_many_rows_as_it_is_asked_for,
                            takes_no_rows_and_loses_none_when_it_is_only_to_look_after_itself,
                            starts_behind_the_confirmed_position_when_it_was_flushed,
                            loses_nothing_when_it_dies_before_anything_was_confirmed,
                            gives_rows_again_from_the_confirmed_position_when_it_is_rewound,
                            gives_no_row_again_that_is_settled_within_its_transaction,
                            says_it_has_seen_only_what_it_has_given,
                            stands_by_while_another_one_of_its_name_works_and_then_takes_over);

}  // namespace tram::testkit

#pragma GCC visibility pop
