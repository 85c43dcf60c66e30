#include "tram/embedded/embedded.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <optional>

#include "broker_file.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/broker/position_numbers.hpp"

namespace tram::embedded {
namespace {

using namespace std::chrono_literals;
using tram::testing::BrokerFile;
using tram::testing::Sender;
using tram::testing::take_all;
using tram::testing::values;
using Values = std::vector<std::string>;

constexpr char const* channel = "orders";

class Embedded : public ::testing::Test {
 protected:
  std::unique_ptr<Broker> open() { return connect(config_, clock_, logger_); }
  /// With one channel of one partition.
  std::unique_ptr<Broker> open_with_channel() {
    auto broker = open();
    broker->create_channels(std::array{std::string{channel}}, 1, Deadline::now());
    return broker;
  }
  static std::unique_ptr<Consumer> member(Broker& broker, std::string const& group = "billing") {
    return broker.subscribe({.group = group}, std::array{std::string{channel}});
  }
  std::optional<Error> failure() {
    try {
      open();
      return std::nullopt;
    } catch (Error const& error) { return error; }
  }
  void expect_failure(Fault fault, std::string const& what) {
    auto const error = failure();
    ASSERT_TRUE(error);
    EXPECT_EQ(error->fault(), fault);
    EXPECT_EQ(std::string{error->what()}, what);
  }
  void acknowledge(Broker& broker, std::int64_t next) {
    auto const consumer = member(broker);
    consumer->poll();
    consumer->acknowledge({channel, 0}, position_of({next - 1}));
    consumer->close(1s);
  }
  [[nodiscard]] std::vector<std::string> lines_of(std::string const& event) const {
    std::vector<std::string> found;
    for (auto const& line : lines_) {
      if (line.find("event=" + event) != std::string::npos) found.push_back(line);
    }
    return found;
  }
  void expect_expired(std::string const& fields) {
    ASSERT_EQ(lines_of("embedded.records_expired").size(), 1U);
    auto const line = lines_of("embedded.records_expired").front();
    EXPECT_NE(line.find(fields), std::string::npos) << line;
  }

  BrokerFile file_;
  ManualClock clock_;
  Config config_{.path = file_.path()};
  std::vector<std::string> lines_;
  Logger logger_{[this](LogLevel, std::string const& line) { lines_.push_back(line); },
                 LogLevel::info};
};

// What stays

TEST_F(Embedded, keeps_channels_records_and_positions_when_it_is_opened_again) {
  {
    auto const broker = open();
    broker->create_channels(std::array{std::string{"many"}}, 7, Deadline::now());
    broker->create_channels(std::array{std::string{channel}}, 1, Deadline::now());
    Sender sender{*broker, channel};
    for (auto const* value : {"a", "b", "c"}) sender.send(value);
    acknowledge(*broker, 2);
  }
  auto const broker = open();
  EXPECT_EQ(values(take_all(*member(*broker))), Values{"c"});
  EXPECT_EQ(values(take_all(*member(*broker, "another"))), (Values{"a", "b", "c"}));
  Sender{*broker, channel}.send("d");
  EXPECT_EQ(take_all(*member(*broker)).back().position, position_of({3}));
  auto const many = broker->subscribe({.group = "all"}, std::array{std::string{"many"}});
  EXPECT_EQ(many->poll().size(), 7U);
}

TEST_F(Embedded, shows_nothing_before_it_is_committed_and_all_of_it_at_once) {
  auto const broker = open_with_channel();
  Sender sender{*broker, channel};
  auto const consumer = member(*broker);
  sender.submit("a");
  sender.submit("b");
  EXPECT_TRUE(take_all(*consumer).empty());
  EXPECT_EQ(sender.completions().size(), 2U);
  EXPECT_EQ(values(take_all(*consumer)), (Values{"a", "b"}));
}

TEST_F(Embedded, drops_what_a_producer_had_not_committed) {
  auto const broker = open_with_channel();
  {
    Sender sender{*broker, channel};
    sender.submit("lost");
  }
  Sender{*broker, channel}.send("kept");
  EXPECT_EQ(values(take_all(*member(*broker))), Values{"kept"});
}

TEST_F(Embedded, stores_a_generation_with_each_position_and_goes_on_with_later_ones) {
  acknowledge(*open_with_channel(), 0);
  auto const first = file_.value("SELECT generation FROM tram_progress");
  acknowledge(*open(), 0);
  EXPECT_GT(file_.value("SELECT generation FROM tram_progress"), first);
}

TEST_F(Embedded, ignores_positions_of_an_older_generation) {
  auto const broker = open_with_channel();
  Sender{*broker, channel}.send("a");
  auto const consumer = member(*broker);
  EXPECT_EQ(take_all(*consumer).size(), 1U);
  // As another process would that has taken the partition.
  file_.run("UPDATE tram_progress SET generation = generation + 1");
  consumer->acknowledge({channel, 0}, position_of({0}));
  consumer->close(1s);
  EXPECT_EQ(file_.value("SELECT next FROM tram_progress"), -1);
}

TEST_F(Embedded, asks_the_file_where_a_partition_ends) {
  auto const broker = open_with_channel();
  Sender{*broker, channel}.send("a");
  // As a commit leaves it that has landed although it seemed to fail.
  file_.run(
      "INSERT INTO tram_record SELECT place + 1, time, key, CAST('b' AS BLOB) FROM tram_record");
  Sender{*broker, channel}.send("c");
  EXPECT_EQ(values(take_all(*member(*broker))), (Values{"a", "b", "c"}));
}

TEST_F(Embedded, outlives_its_broker_while_consumers_use_it) {
  auto broker = open_with_channel();
  Sender sender{*broker, channel};
  auto consumer = member(*broker);
  broker.reset();
  sender.send("a");
  EXPECT_EQ(values(take_all(*consumer)), Values{"a"});
  EXPECT_EQ(failure()->fault(), Fault::transient);
}

TEST_F(Embedded, takes_few_large_records_at_a_time) {
  config_.record_bytes_max = 3'000'000;
  auto const broker = open_with_channel();
  Sender sender{*broker, channel};
  std::size_t taken = 0;
  while (sender.submit(std::string(2'900'000, 'x'))) ++taken;
  EXPECT_EQ(taken, 6U);
  EXPECT_EQ(sender.completions().size(), taken);
  auto const consumer = member(*broker);
  // Assigned, and two records.
  EXPECT_EQ(consumer->poll().size(), 3U);
  EXPECT_EQ(take_all(*consumer).size(), 4U);
}

// Retention

class Retention : public Embedded {
 protected:
  Retention() { config_.retention = 10s; }
  std::int64_t stored() { return file_.value("SELECT count(*) FROM tram_record"); }
};

TEST_F(Retention, removes_old_records_with_the_next_transaction) {
  auto const broker = open_with_channel();
  Sender sender{*broker, channel};
  sender.send("a");
  sender.send("b");
  clock_.advance(10s);
  sender.send("c");
  EXPECT_EQ(stored(), 3);
  clock_.advance(1ms);
  sender.send("d");
  EXPECT_EQ(stored(), 2);
  EXPECT_EQ(values(take_all(*member(*broker))), (Values{"c", "d"}));
  EXPECT_TRUE(lines_.empty());
}

TEST_F(Retention, keeps_everything_when_told_to) {
  config_.retention = 0ms;
  auto const broker = open_with_channel();
  Sender sender{*broker, channel};
  sender.send("a");
  clock_.advance(10'000h);
  sender.send("b");
  EXPECT_EQ(stored(), 2);
}

TEST_F(Retention, removes_a_few_at_a_time_but_faster_than_records_come) {
  auto const broker = open_with_channel();
  Sender sender{*broker, channel};
  for (int i = 0; i < 500; ++i) sender.submit("old");
  sender.completions();
  clock_.advance(11s);
  sender.send("new");
  EXPECT_EQ(stored(), 500 - 102 + 1);
  for (int i = 0; i < 4; ++i) sender.send("new");
  EXPECT_EQ(stored(), 5);
}

TEST_F(Retention, removes_large_records_in_smaller_batches) {
  auto const broker = open_with_channel();
  Sender sender{*broker, channel};
  for (int i = 0; i < 10; ++i) sender.submit(std::string(900'000, 'x'));
  sender.completions();
  clock_.advance(11s);
  sender.send("new");
  EXPECT_EQ(stored(), 10 - 5 + 1);
}

TEST_F(Retention, removes_records_of_partitions_that_nobody_writes_to) {
  auto const broker = open_with_channel();
  broker->create_channels(std::array{std::string{"quiet"}}, 1, Deadline::now());
  Sender{*broker, "quiet"}.send("old");
  clock_.advance(61s);
  Sender sender{*broker, channel};
  sender.send("a");
  sender.send("b");
  EXPECT_EQ(stored(), 2);
}

TEST_F(Retention, never_gives_a_position_twice) {
  {
    auto const broker = open_with_channel();
    broker->create_channels(std::array{std::string{"other"}}, 1, Deadline::now());
    Sender sender{*broker, channel};
    sender.send("a");
    sender.send("b");
    clock_.advance(61s);
    Sender other{*broker, "other"};
    other.send("x");
    other.send("y");
    ASSERT_EQ(stored(), 2);
  }
  auto const broker = open();
  Sender{*broker, channel}.send("c");
  auto const found = take_all(*member(*broker));
  ASSERT_EQ(values(found), Values{"c"});
  EXPECT_EQ(found[0].position, position_of({2}));
}

TEST_F(Retention, starts_a_group_whose_records_are_gone_at_the_first_one_left_and_says_so) {
  config_.group_retention = 5s;
  auto const broker = open_with_channel();
  Sender sender{*broker, channel};
  for (auto const* value : {"a", "b", "c"}) sender.send(value);
  acknowledge(*broker, 1);
  clock_.advance(11s);
  sender.send("d");
  ASSERT_EQ(stored(), 1);
  auto const found = take_all(*member(*broker));
  ASSERT_EQ(values(found), Values{"d"});
  EXPECT_EQ(found[0].position, position_of({3}));
  expect_expired("group=billing channel=orders partition=0 records=2 next=3");
}

TEST_F(Retention, tells_the_subscription_what_it_will_not_get) {
  config_.group_retention = 5s;
  auto const broker = open_with_channel();
  Sender sender{*broker, channel};
  for (auto const* value : {"a", "b", "c"}) sender.send(value);
  acknowledge(*broker, 1);
  clock_.advance(11s);
  sender.send("d");
  ASSERT_EQ(stored(), 1);
  auto const consumer = member(*broker);
  std::int64_t expired = 0;
  for (auto const& event : consumer->poll()) {
    auto const* const told = std::get_if<RecordsExpired>(&event);
    if (told == nullptr) continue;
    EXPECT_EQ(told->partition, (TopicPartition{channel, 0}));
    expired += told->records;
  }
  EXPECT_EQ(expired, 2);
}

TEST_F(Retention, says_so_too_when_no_record_is_left) {
  config_.group_retention = 5s;
  auto const broker = open_with_channel();
  broker->create_channels(std::array{std::string{"other"}}, 1, Deadline::now());
  Sender sender{*broker, channel};
  for (auto const* value : {"a", "b", "c"}) sender.send(value);
  acknowledge(*broker, 1);
  clock_.advance(61s);
  Sender other{*broker, "other"};
  other.send("x");
  other.send("y");
  auto const consumer = member(*broker);
  EXPECT_TRUE(take_all(*consumer).empty());
  expect_expired("records=2 next=3");
  sender.send("d");
  EXPECT_EQ(values(take_all(*consumer)), Values{"d"});
  EXPECT_EQ(lines_of("embedded.records_expired").size(), 1U);
}

TEST_F(Retention, keeps_what_a_group_has_not_handled_however_old_it_is) {
  auto const broker = open_with_channel();
  Sender sender{*broker, channel};
  auto const consumer = member(*broker);
  consumer->poll();
  for (auto const* value : {"a", "b", "c"}) sender.send(value);
  EXPECT_EQ(take_all(*consumer).size(), 3U);
  consumer->acknowledge({channel, 0}, position_of({0}));
  for (int day = 0; day < 100; ++day) {
    clock_.advance(24h);
    consumer->poll();
    sender.send("later");
  }
  EXPECT_EQ(stored(), 102) << "all but the one that was handled";
  EXPECT_TRUE(lines_.empty());
}

TEST_F(Retention, keeps_nothing_for_a_group_that_never_comes_again_and_says_so) {
  config_.group_retention = 30 * 24h;
  auto const broker = open_with_channel();
  Sender sender{*broker, channel};
  for (auto const* value : {"a", "b", "c"}) sender.send(value);
  acknowledge(*broker, 1);
  clock_.advance(29 * 24h);
  sender.send("d");
  EXPECT_EQ(stored(), 3);
  EXPECT_TRUE(lines_.empty());
  clock_.advance(2 * 24h);
  sender.send("e");
  sender.send("f");
  EXPECT_EQ(stored(), 2);
  ASSERT_EQ(lines_of("embedded.group_gone").size(), 1U);
  EXPECT_NE(lines_of("embedded.group_gone")[0].find("group=billing"), std::string::npos);
}

TEST_F(Retention, keeps_nothing_of_a_channel_that_a_living_group_reads_no_more) {
  config_.group_retention = 30 * 24h;
  auto const broker = open_with_channel();
  broker->create_channels(std::array{std::string{"refunds"}}, 1, Deadline::now());
  Sender sender{*broker, channel};
  for (auto const* value : {"a", "b", "c"}) sender.send(value);
  acknowledge(*broker, 1);
  auto const living = broker->subscribe({.group = "billing"}, std::array{std::string{"refunds"}});
  for (int day = 0; day < 31; ++day) {
    clock_.advance(24h);
    living->poll();
    sender.send("later");
  }
  sender.send("last");
  EXPECT_EQ(stored(), 2);
  ASSERT_EQ(lines_of("embedded.group_gone").size(), 1U);
  EXPECT_NE(lines_of("embedded.group_gone")[0].find("group=billing channel=orders"),
            std::string::npos);
}

TEST_F(Retention, removes_many_records_that_were_stamped_ahead_a_few_at_a_time) {
  {
    auto const broker = open_with_channel();
    Sender sender{*broker, channel};
    for (int i = 0; i < 500; ++i) sender.submit("ahead");
    sender.completions();
    sender.send("now");
  }
  file_.run("UPDATE tram_record SET time = time + 1000000000 WHERE place < (SELECT max(place) FROM "
            "tram_record)");
  auto const broker = open();
  Sender sender{*broker, channel};
  clock_.advance(11s);
  auto before = stored();
  for (int i = 0; i < 20; ++i) {
    sender.send("new");
    EXPECT_LE(before - stored(), 102);
    before = stored();
  }
  EXPECT_EQ(stored(), 20);
}

TEST_F(Retention, is_not_moved_by_a_clock_that_is_set) {
  {
    auto const broker = open_with_channel();
    Sender sender{*broker, channel};
    for (auto const* value : {"a", "b", "c"}) sender.send(value);
    clock_.set_wall(clock_.wall() + 100 * 24h);
    for (auto const* value : {"d", "e"}) sender.send(value);
    clock_.set_wall(clock_.wall() - 200 * 24h);
    for (auto const* value : {"f", "g"}) sender.send(value);
    EXPECT_EQ(stored(), 7);
  }
  clock_.set_wall(clock_.wall() + 5'000 * 24h);
  auto const broker = open();
  Sender sender{*broker, channel};
  sender.send("h");
  sender.send("i");
  EXPECT_EQ(stored(), 9);
  EXPECT_EQ(take_all(*member(*broker)).size(), 9U);
  // Old is what is old by the time in which the broker was open.
  clock_.advance(11s);
  acknowledge(*broker, 9);
  sender.send("j");
  EXPECT_EQ(stored(), 1);
}

// What is done to its files

TEST_F(Embedded, says_that_its_file_was_replaced_or_removed_and_loses_nothing_silently) {
  for (bool const replaced : {false, true}) {
    auto const broker = open_with_channel();
    Sender sender{*broker, channel};
    sender.send("a");
    std::filesystem::rename(file_.path(), file_.path() + ".away");
    if (replaced) std::filesystem::copy_file(file_.path() + ".away", file_.path());
    ASSERT_TRUE(sender.submit("b"));
    auto const completions = sender.completions();
    ASSERT_EQ(completions.size(), 1U);
    ASSERT_TRUE(completions[0].error);
    EXPECT_EQ(completions[0].error->fault(), Fault::transient);
    EXPECT_NE(std::string{completions[0].error->what()}.find("was replaced or removed"),
              std::string::npos);
    EXPECT_THROW(broker->producer(), Error);
    std::filesystem::rename(file_.path() + ".away", file_.path());
    EXPECT_THROW(broker->producer(), Error) << "only a broker that is opened anew knows the file";
  }
}

TEST_F(Embedded, writes_back_what_stood_in_a_log_that_was_removed) {
  {
    auto const broker = open_with_channel();
    Sender sender{*broker, channel};
    for (auto const* value : {"a", "b", "c"}) sender.send(value);
    std::filesystem::remove(file_.path() + "-wal");
    ASSERT_TRUE(sender.submit("d"));
    auto const completions = sender.completions();
    ASSERT_TRUE(completions.at(0).error);
    EXPECT_NE(std::string{completions[0].error->what()}.find("written back"), std::string::npos)
        << completions[0].error->what();
  }
  auto const broker = open();
  EXPECT_EQ(values(take_all(*member(*broker))), (Values{"a", "b", "c"}));
}

/// By `.restore`, which leaves the file the same one, and by statements.
TEST_F(Embedded, says_that_it_was_put_back_to_an_earlier_state_and_passes_over_nothing) {
  auto const restores = [this] { file_.restore(); };
  auto const empties = [this] { file_.run("DELETE FROM tram_record"); };
  for (std::function<void()> const& put_back :
       {std::function<void()>{restores}, std::function<void()>{empties}}) {
    std::filesystem::remove(file_.path());
    auto broker = open_with_channel();
    {
      Sender sender{*broker, channel};
      sender.send("a");
      file_.save();
      for (auto const* value : {"b", "c", "d"}) sender.send(value);
      auto const consumer = member(*broker);
      EXPECT_EQ(take_all(*consumer).size(), 4U);
      put_back();
      consumer->acknowledge({channel, 0}, position_of({3}));
      consumer->close(1s);
      ASSERT_TRUE(sender.submit("e"));
      auto const completions = sender.completions();
      ASSERT_TRUE(completions.at(0).error);
      EXPECT_EQ(completions[0].error->fault(), Fault::transient);
      EXPECT_NE(std::string{completions[0].error->what()}.find("restored from a backup"),
                std::string::npos)
          << completions[0].error->what();
    }
    broker.reset();
    broker = open_with_channel();
    auto const consumer = member(*broker);
    take_all(*consumer);
    Sender sender{*broker, channel};
    for (auto const* value : {"e", "f", "g", "h", "i"}) sender.send(value);
    EXPECT_EQ(values(take_all(*consumer)), (Values{"e", "f", "g", "h", "i"}));
  }
}

/// What a service asks to know whether its broker is there.
TEST_F(Embedded, says_without_any_traffic_that_it_was_put_back) {
  auto const broker = open_with_channel();
  auto const look = [&] { broker->ping(Deadline::now()); };
  Sender sender{*broker, channel};
  sender.send("a");
  file_.save();
  sender.send("b");
  EXPECT_NO_THROW(look());
  file_.restore();
  EXPECT_THROW(look(), Error);
  std::filesystem::remove(file_.path());
  EXPECT_THROW(look(), Error);
}

TEST_F(Embedded, reads_nothing_as_expired_that_a_restore_took) {
  auto const broker = open_with_channel();
  auto const consumer = member(*broker);
  take_all(*consumer);
  file_.save();
  Sender sender{*broker, channel};
  for (auto const* value : {"a", "b"}) sender.send(value);
  file_.restore();
  EXPECT_THROW(take_all(*consumer), Error);
  EXPECT_EQ(lines_of("embedded.records_expired").size(), 0U);
}

TEST_F(Embedded, starts_a_group_over_whose_position_is_behind_the_end) {
  for (std::string const position : {"100", "-1", "-1099511627776", "9223372036854775807"}) {
    std::filesystem::remove(file_.path());
    lines_.clear();
    {
      auto const broker = open_with_channel();
      Sender sender{*broker, channel};
      for (auto const* value : {"a", "b"}) sender.send(value);
      acknowledge(*broker, 2);
    }
    file_.run("UPDATE tram_progress SET next = " + position);
    auto const broker = open();
    EXPECT_EQ(values(take_all(*member(*broker))), (Values{"a", "b"})) << position;
    EXPECT_EQ(lines_of("embedded.starts_over").size(), 1U);
    EXPECT_EQ(values(take_all(*member(*broker))), (Values{"a", "b"})) << "also the next time";
  }
}

TEST_F(Embedded, begins_a_channel_that_is_made_anew_with_nothing_of_the_old_one) {
  {
    auto const broker = open_with_channel();
    Sender sender{*broker, channel};
    for (auto const* value : {"a", "b"}) sender.send(value);
    acknowledge(*broker, 2);
  }
  file_.run("DELETE FROM tram_partition");
  file_.run("DELETE FROM tram_channel");
  auto const broker = open_with_channel();
  Sender sender{*broker, channel};
  for (auto const* value : {"c", "d", "e"}) sender.send(value);
  EXPECT_EQ(values(take_all(*member(*broker))), (Values{"c", "d", "e"}));
}

TEST_F(Embedded, refuses_tables_that_cannot_be_its_own) {
  for (std::string const statement :
       {"UPDATE tram_partition SET number = 7", "UPDATE tram_partition SET number = -1",
        "UPDATE tram_partition SET id = -3", "UPDATE tram_partition SET id = 1 << 40",
        "UPDATE tram_partition SET first = 1 << 40",
        "UPDATE tram_partition SET first = -1 << 50, "
        "id = 1 << 41",
        "UPDATE tram_progress SET generation = 9223372036854775807",
        "UPDATE tram_progress SET generation = -5"}) {
    std::filesystem::remove(file_.path());
    {
      auto const broker = open_with_channel();
      acknowledge(*broker, 0);
    }
    file_.run(statement);
    auto const error = failure();
    ASSERT_TRUE(error) << statement;
    EXPECT_EQ(error->fault(), Fault::rejected);
    EXPECT_NE(std::string{error->what()}.find("not in order"), std::string::npos) << error->what();
  }
}

TEST_F(Embedded, bears_a_record_from_the_end_of_time) {
  for (std::string const time : {"9223372036854775807", "-9223372036854775808"}) {
    std::filesystem::remove(file_.path());
    config_.retention = std::chrono::milliseconds::max();
    {
      auto const broker = open_with_channel();
      Sender{*broker, channel}.send("a");
    }
    file_.run("UPDATE tram_record SET time = " + time);
    auto const broker = open();
    Sender{*broker, channel}.send("b");
    clock_.advance(24h);
    Sender{*broker, channel}.send("c");
    EXPECT_EQ(values(take_all(*member(*broker))), (Values{"a", "b", "c"}));
  }
}

TEST_F(Embedded, makes_its_files_readable_for_whom_it_is_told) {
  using std::filesystem::perms;
  config_.file_mode = 0640;
  auto const broker = open_with_channel();
  Sender{*broker, channel}.send("a");
  for (auto const* suffix : {"", "-wal", "-shm"}) {
    EXPECT_EQ(std::filesystem::status(file_.path() + suffix).permissions(), perms{0640}) << suffix;
  }
  EXPECT_EQ(std::filesystem::status(file_.path() + ".lock").permissions(), perms{0600});
}

TEST_F(Embedded, follows_no_link_to_its_lock) {
  auto const victim = file_.folder() / "victim";
  std::ofstream{victim} << "precious";
  std::filesystem::create_symlink(victim, file_.path() + ".lock");
  auto const error = failure();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->fault(), Fault::rejected);
  EXPECT_NE(std::string{error->what()}.find("it is a link"), std::string::npos) << error->what();
  EXPECT_EQ(std::filesystem::file_size(victim), 8U);
}

// Opening

TEST_F(Embedded, refuses_a_second_broker_on_one_file_until_the_first_is_gone) {
  auto first = open();
  expect_failure(Fault::transient,
                 "embedded: cannot open '" + file_.path() + "': process " +
                     std::to_string(::getpid()) +
                     " has it open, and one at a time may; stop that one, or give each its own "
                     "file");
  first.reset();
  EXPECT_FALSE(failure());
}

TEST_F(Embedded, refuses_a_file_under_another_name_too) {
  auto const first = open();
  auto const link = file_.folder() / "link.db";
  std::filesystem::create_symlink(file_.path(), link);
  config_.path = link.string();
  EXPECT_EQ(failure()->fault(), Fault::transient);
}

TEST_F(Embedded, refuses_a_database_of_something_else_and_leaves_it_as_it_is) {
  file_.run("CREATE TABLE t (id INTEGER)");
  expect_failure(Fault::rejected, "embedded: cannot open '" + file_.path() +
                                      "': it is a database of something else; name another file");
  EXPECT_EQ(file_.value("SELECT count(*) FROM sqlite_schema"), 1);
  EXPECT_FALSE(std::filesystem::exists(file_.path() + "-wal"));
}

TEST_F(Embedded, refuses_a_file_of_a_newer_release) {
  open();
  file_.run("PRAGMA user_version = 2");
  expect_failure(Fault::rejected, "embedded: cannot open '" + file_.path() +
                                      "': it has version 2 of the tables, and this program knows "
                                      "1; use the newer release that made it");
}

TEST_F(Embedded, refuses_what_is_no_database) {
  std::ofstream{file_.path()} << std::string(5'000, 'x');
  expect_failure(Fault::rejected, "embedded: cannot open '" + file_.path() +
                                      "': file is not a database; name another file");
}

TEST_F(Embedded, goes_on_where_the_making_of_the_file_was_cut_short) {
  file_.run("PRAGMA journal_mode = WAL");
  EXPECT_FALSE(failure());
}

TEST_F(Embedded, refuses_a_folder_that_does_not_exist) {
  config_.path = (file_.folder() / "no" / "broker.db").string();
  expect_failure(Fault::rejected, "embedded: cannot open '" + config_.path +
                                      ".lock': No such file or directory; create the folder first");
}

/// For a while without the rights of the machine's administrator, whom nothing is refused.
class AsNobody {
 public:
  AsNobody() : was_{::geteuid()} { become(65'534); }
  ~AsNobody() { become(was_); }
  AsNobody(AsNobody const&) = delete;
  AsNobody& operator=(AsNobody const&) = delete;

 private:
  void become(::uid_t user) const {
    if (was_ == 0) { EXPECT_EQ(::seteuid(user), 0); }
  }
  ::uid_t was_;
};

TEST_F(Embedded, refuses_a_folder_that_is_read_only) {
  ::chmod(file_.folder().c_str(), 0555);
  {
    AsNobody const nobody;
    expect_failure(Fault::rejected,
                   "embedded: cannot open '" + file_.path() +
                       ".lock': Permission denied; make the folder and the files in it writable");
  }
  ::chmod(file_.folder().c_str(), 0755);
}

TEST_F(Embedded, refuses_a_file_that_is_read_only) {
  open();
  ::chmod(file_.folder().c_str(), 0777);
  std::filesystem::remove(file_.path() + ".lock");
  ::chmod(file_.path().c_str(), 0444);
  AsNobody const nobody;
  expect_failure(Fault::rejected,
                 "embedded: cannot open '" + file_.path() +
                     "' for writing; make the folder and the files in it writable");
}

TEST_F(Embedded, refuses_an_impossible_configuration) {
  auto const refused = [&](Config const& config) {
    config_ = config;
    auto const error = failure();
    return error && error->fault() == Fault::rejected;
  };
  EXPECT_TRUE(refused({.path = ""}));
  EXPECT_TRUE(refused({.path = ":memory:"}));
  EXPECT_TRUE(refused({.path = file_.path(), .partitions = 0}));
  EXPECT_TRUE(refused({.path = file_.path(), .record_bytes_max = 600'000'000}));
  EXPECT_TRUE(refused({.path = file_.path(), .retention = -1ms}));
  EXPECT_TRUE(refused({.path = file_.path(), .window = 0}));
}

TEST_F(Embedded, finishes_a_producer_whose_tables_are_gone_without_blaming_a_record) {
  auto const broker = open_with_channel();
  Sender sender{*broker, channel};
  file_.run("DROP TABLE tram_record");
  ASSERT_TRUE(sender.submit("a"));
  auto const completions = sender.completions();
  ASSERT_EQ(completions.size(), 1U);
  EXPECT_EQ(completions[0].error->fault(), Fault::broken);
  EXPECT_THROW(sender.submit("b"), Error);
}

}  // namespace
}  // namespace tram::embedded
