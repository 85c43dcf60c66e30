#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tram/base/clock.hpp"
#include "tram/base/deadline.hpp"
#include "tram/base/error.hpp"
#include "tram/base/random.hpp"
#include "tram/base/url.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/relay/database_kit.hpp"
#include "tram/relay/outbox_source.hpp"
#include "tram/schema/schema.hpp"
#include "tram/sql/database.hpp"
#include "tram/wire/id_generator.hpp"

#pragma GCC visibility push(default)

// What every kit of a database and its outbox source must do. A driver proves itself with a
// harness:
//
//   struct MyHarness {
//     static tram::DatabaseKit const& kit();
//     // A database without Tram's tables, for a role that may do everything.
//     std::string url();
//   };
//
// and, within namespace tram::testkit,
//
//   INSTANTIATE_TYPED_TEST_SUITE_P(MyDatabase, OutboxSourceContract, MyHarness);

namespace tram::testkit {

/// `INSTANTIATE_TYPED_TEST_SUITE_P(Mine, OutboxSourceContract, MyHarness);`
template <class Harness>
class OutboxSourceContract : public ::testing::Test {
 protected:
  static DatabaseKit const& kit() { return Harness::kit(); }
  Database open(Url const& url) { return kit().open(url, {}, Opening::create, clock_, random_); }
  Database installed() {
    auto database = open(url_);
    install_schema(database, SchemaName{});
    return database;
  }
  std::string table_name(std::string const& table) {
    return schema_in(database_.dialect(), SchemaName{}).qualify(table);
  }
  std::string send(std::string const& payload) {
    return database_.transact([&](Transaction& tx) {
      return sender_.send(tx, "orders", Message{.headers = {}, .payload = payload});
    });
  }
  LogPosition log_end() {
    return outbox_->log_end(database_, Deadline::after(clock_, std::chrono::seconds{30}));
  }
  std::int64_t rows_in_outbox() {
    return database_.transact({.access = Access::read_only}, [&](Transaction& tx) {
      return tx.execute("SELECT count(*) FROM " + table_name("message"))[0]
          .template get<std::int64_t>(0);
    });
  }
  /// Reads as the relay does until `done()`; the payloads that came. Confirms all that was read.
  template <class Condition>
  std::vector<std::string> read_until(ChangeSource& source, Condition const& done) {
    std::vector<std::string> payloads;
    auto const deadline = Deadline::after(clock_, std::chrono::seconds{30});
    while (!done(payloads) && !deadline.reached(clock_)) {
      for (auto& row : read(source)) payloads.push_back(row.payload.value_or("NULL"));
      if (confirmed_) source.confirm(*confirmed_);
      wait(source);
    }
    EXPECT_TRUE(done(payloads)) << source.status().trouble;
    return payloads;
  }
  std::vector<OutboxRow> read(ChangeSource& source) {
    auto batch = source.read(100);
    auto const note = [&](std::optional<LogPosition> position) {
      if (position) confirmed_ = std::max(*position, confirmed_.value_or(*position));
    };
    for (auto const& row : batch.rows) note(row.ends_at);
    note(batch.seen_up_to);
    return std::move(batch.rows);
  }
  static void wait(ChangeSource& source) {
    pollfd watched{.fd = source.descriptor(), .events = POLLIN, .revents = 0};
    ::poll(&watched, 1, 20);
  }
  static std::string problems_in(std::vector<Finding> const& findings) {
    std::string text;
    for (auto const& finding : findings) {
      if (!finding.good) text += finding.subject + ": " + finding.text + "\n";
    }
    return text;
  }

  SystemClock clock_;
  SystemRandom random_;
  Harness harness_;
  Url url_ = parse_url(harness_.url());
  Database database_ = installed();
  std::unique_ptr<OutboxSource> outbox_ = outbox_of(database_);
  IdGenerator ids_{clock_, MachineNumber::choose(std::nullopt, random_)};
  Outbox sender_ = Outbox::of(database_, ids_, random_);
  std::optional<LogPosition> confirmed_;
};

TYPED_TEST_SUITE_P(OutboxSourceContract);

TYPED_TEST_P(OutboxSourceContract, opens_a_database_that_speaks_its_dialect) {
  EXPECT_EQ(&this->database_.dialect(), &this->kit().dialect);
  EXPECT_EQ(parse_url(std::string{this->kit().scheme} + ":x").scheme, this->kit().scheme);
}

TYPED_TEST_P(OutboxSourceContract, refuses_a_parameter_that_it_does_not_have) {
  auto const mark = this->url_.text.find('?') == std::string::npos ? "?" : "&";
  auto const wrong = parse_url(this->url_.text + mark + "no_such_parameter=1");
  auto const fault_of = [](auto const& call) -> std::optional<Fault> {
    try {
      call();
    } catch (Error const& error) { return error.fault(); }
    return std::nullopt;
  };
  EXPECT_EQ(fault_of([&] { (void)this->open(wrong); }), Fault::rejected);
}

TYPED_TEST_P(OutboxSourceContract, follows_what_an_outbox_sends) {
  auto const source = this->outbox_->change_source();
  this->read(*source);
  this->send("1");
  this->send("2");
  auto const payloads =
      this->read_until(*source, [](auto const& so_far) { return so_far.size() >= 2; });
  EXPECT_EQ(payloads, (std::vector<std::string>{"1", "2"}));
}

TYPED_TEST_P(OutboxSourceContract, knows_the_end_of_the_log_as_a_position_of_its_change_source) {
  auto const source = this->outbox_->change_source();
  this->read(*source);
  for (auto const* const payload : {"1", "2", "3"}) this->send(payload);
  auto const end = this->log_end();
  auto const payloads = this->read_until(
      *source, [&](auto const&) { return this->confirmed_ && *this->confirmed_ >= end; });
  EXPECT_EQ(payloads, (std::vector<std::string>{"1", "2", "3"}));
  this->send("4");
  EXPECT_GT(this->log_end(), end);
}

TYPED_TEST_P(OutboxSourceContract, finds_nothing_wrong_while_its_change_source_works) {
  auto const source = this->outbox_->change_source();
  this->read(*source);
  this->send("1");
  this->read_until(*source, [](auto const& so_far) { return !so_far.empty(); });
  EXPECT_EQ(this->problems_in(this->outbox_->check()), "");
}

TYPED_TEST_P(OutboxSourceContract, asks_for_no_grant_where_the_role_may_do_everything) {
  for (auto const removal : {OutboxRemoval::off, OutboxRemoval::on}) {
    auto const privileges = this->outbox_->privileges(this->database_, removal);
    EXPECT_TRUE(privileges.schema_readable);
    EXPECT_TRUE(privileges.may_install);
    EXPECT_EQ(this->problems_in(privileges.findings), "");
  }
}

TYPED_TEST_P(OutboxSourceContract, tells_a_missing_table_from_one_that_it_may_write) {
  auto const access = [&](std::string const& table) {
    return this->outbox_->table_access(this->database_, this->table_name(table));
  };
  EXPECT_EQ(access("no_such_table"), TableAccess::missing);
  EXPECT_EQ(access("tram_relay_held"), TableAccess::writable);
}

TYPED_TEST_P(OutboxSourceContract, removes_rows_that_are_published_and_no_others) {
  auto const source = this->outbox_->change_source();
  this->read(*source);
  this->send("1");
  this->send("2");
  this->read_until(*source, [](auto const& so_far) { return so_far.size() >= 2; });
  source->flush();
  auto const young = this->outbox_->retention(this->database_, std::chrono::hours{1});
  auto const old = this->outbox_->retention(this->database_, std::chrono::milliseconds{0});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(young->remove_some(this->log_end()), 0U);
    EXPECT_EQ(old->remove_some(LogPosition{}), 0U) << "nothing is confirmed up to there";
  }
  EXPECT_EQ(this->rows_in_outbox(), 2);
  auto const deadline = Deadline::after(this->clock_, std::chrono::seconds{30});
  // The last one may stay, as the proof of the position.
  while (this->rows_in_outbox() > 1 && !deadline.reached(this->clock_)) {
    old->remove_some(this->log_end());
  }
  EXPECT_LE(this->rows_in_outbox(), 1);
}

REGISTER_TYPED_TEST_SUITE_P(OutboxSourceContract, opens_a_database_that_speaks_its_dialect,
                            refuses_a_parameter_that_it_does_not_have, follows_what_an_outbox_sends,
                            knows_the_end_of_the_log_as_a_position_of_its_change_source,
                            finds_nothing_wrong_while_its_change_source_works,
                            asks_for_no_grant_where_the_role_may_do_everything,
                            tells_a_missing_table_from_one_that_it_may_write,
                            removes_rows_that_are_published_and_no_others);

}  // namespace tram::testkit

#pragma GCC visibility pop
