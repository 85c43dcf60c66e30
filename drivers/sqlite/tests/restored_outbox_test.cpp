#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "outbox_file.hpp"
#include "relay_database.hpp"
#include "relay_world.hpp"
#include "tram/base/error.hpp"
#include "tram/relay/numbered_outbox_retention.hpp"
#include "tram/relay/relay.hpp"
#include "tram/relay/sql_held_row_store.hpp"
#include "tram/sqlite/change_source.hpp"

namespace {
using namespace std::chrono_literals;
using tram::testing::RawConnection;
using tram::testing::RelayDatabase;
using tram::testing::RelayWorld;
using tram::testing::TemporaryFolder;
using Texts = std::vector<std::string>;

/// A relay that runs while its database is changed behind its back, with a retention that removes
/// all that it takes for published.
struct RestoredOutbox : ::testing::Test, RelayDatabase {
  TemporaryFolder backups;
  std::string backup = (backups.path() / "backup.db").string();
  RelayWorld world;
  std::unique_ptr<tram::ChangeSource> source =
      tram::sqlite::change_source({.path = file.path()}, world.clock);
  tram::SqlHeldRowStore held{database, tram::SchemaName::none(), *source};
  tram::NumberedOutboxRetention retention{database, tram::SchemaName::none(), -1h};
  tram::Relay relay{{.source = *source,
                     .broker = world.broker,
                     .held = held,
                     .retention = &retention,
                     .clock = world.clock,
                     .random = world.random},
                    {}};

  void save() const { raw.copy_into(backup); }
  void restore() const { RawConnection{backup}.copy_into(file.path()); }
  void send(Texts const& ids) const {
    for (auto const& id : ids) raw.insert(id);
  }
  /// Some seconds pass, which is when it must have been noticed.
  void run() {
    for (int second = 0; second < 5; ++second) {
      world.run_until_quiet(relay);
      world.clock.advance(1s);
    }
    world.run_until_quiet(relay);
  }
  [[nodiscard]] bool is_out(std::string const& id) const {
    for (auto const& record : world.broker.landed) {
      if (tram::testing::payload_of(record) == id) return true;
    }
    return false;
  }
  void expect_out(Texts const& ids) const {
    for (auto const& id : ids) EXPECT_TRUE(is_out(id)) << id;
  }
  void expect_not_ready() {
    EXPECT_FALSE(relay.readiness().ready);
    EXPECT_NE(relay.readiness().reason.find("DELETE FROM tram_relay_position"), std::string::npos)
        << relay.readiness().reason;
  }
};

TEST_F(RestoredOutbox, is_published_from_the_position_that_was_restored_with_it) {
  send({"1", "2", "3"});
  run();
  save();
  send({"4", "5", "6"});
  run();
  restore();
  send({"7", "8"});
  run();
  expect_out({"1", "2", "3", "4", "5", "6", "7", "8"});
  EXPECT_TRUE(relay.readiness().ready) << relay.readiness().reason;
}

TEST_F(RestoredOutbox, loses_nothing_where_more_rows_came_than_the_backup_lacked) {
  send({"1", "2", "3"});
  run();
  save();
  send({"4", "5"});
  run();
  restore();
  send({"6", "7", "8", "9"});
  run();
  expect_out({"6", "7", "8", "9"});
}

TEST_F(RestoredOutbox, loses_nothing_where_the_position_is_that_of_the_backup) {
  send({"1", "2"});
  run();
  save();
  world.broker.lands_at_once = false;
  send({"3", "4"});
  run();
  // Read, and not published: the stored position has not moved since the backup.
  restore();
  send({"5", "6", "7"});
  run();
  world.broker.land(2);
  world.broker.lands_at_once = true;
  run();
  expect_out({"5", "6", "7"});
}

TEST_F(RestoredOutbox, loses_no_row_that_was_held_since_the_backup) {
  raw.run("INSERT INTO message (id, destination, headers, payload, published) VALUES ('1', "
          "'no/channel', '{}', '1', 0)");
  save();
  auto const held_rows = [this] { return raw.value("SELECT count(*) FROM tram_relay_held"); };
  for (int step = 0; step < 100 && !(held_rows() == 1 && relay.status().confirmed); ++step)
    relay.step();
  ASSERT_EQ(held_rows(), 1);
  // Passed over, and the position that says so is not stored yet.
  ASSERT_EQ(raw.value("SELECT count(*) FROM tram_relay_position"), 0);
  restore();
  ASSERT_EQ(held_rows(), 0);
  run();
  EXPECT_EQ(held_rows(), 1);
}

TEST_F(RestoredOutbox, replays_a_held_row_that_came_back_with_the_backup) {
  raw.run("INSERT INTO message (id, destination, headers, payload, published) VALUES ('1', "
          "'no/channel', '{}', '1', 0)");
  auto const held_rows = [this] { return raw.value("SELECT count(*) FROM tram_relay_held"); };
  auto const retry = [&] {
    raw.run("UPDATE tram_relay_held SET destination = 'orders', headers = '{\"ID\":\"1\"}', "
            "retry_requested = 1");
    for (int i = 0; i < 6; ++i) run();
  };
  run();
  ASSERT_EQ(held_rows(), 1);
  save();
  retry();
  ASSERT_EQ(held_rows(), 0);
  restore();
  ASSERT_EQ(held_rows(), 1);
  retry();
  EXPECT_EQ(held_rows(), 0);
}

TEST_F(RestoredOutbox, loses_nothing_that_was_sent_before_the_backup_and_not_published) {
  world.broker.lands_at_once = false;
  send({"1", "2"});
  run();
  save();
  world.broker.land(2);
  world.broker.lands_at_once = true;
  run();
  restore();
  run();
  send({"3"});
  run();
  expect_out({"1", "2", "3"});
}

TEST_F(RestoredOutbox, loses_nothing_while_it_was_restored_with_the_relay_stopped) {
  send({"1", "2"});
  run();
  save();
  send({"3", "4"});
  run();
  source->flush();
  restore();
  send({"5", "6", "7"});
  auto const next = tram::sqlite::change_source({.path = file.path()}, world.clock);
  source.reset();
  Texts ids;
  for (auto const& row : next->read(10).rows) ids.push_back(row.id);
  EXPECT_EQ(ids, (Texts{"5", "6", "7"}));
}

TEST_F(RestoredOutbox, goes_on_with_a_copy_that_took_the_place_of_the_file) {
  send({"1", "2"});
  run();
  raw.run("VACUUM INTO '" + backup + "'");
  send({"3"});
  run();
  std::filesystem::rename(backup, file.path());
  for (auto const* suffix : {"-wal", "-shm"}) std::filesystem::remove(file.path() + suffix);
  RawConnection{file.path()}.insert("4");
  run();
  expect_out({"4"});
}

TEST_F(RestoredOutbox, is_not_ready_when_its_numbering_began_again) {
  send({"1", "2", "3"});
  run();
  raw.run("DELETE FROM message; UPDATE sqlite_sequence SET seq = 0");
  send({"4"});
  run();
  expect_not_ready();
  EXPECT_EQ(raw.value("SELECT count(*) FROM message"), 1);
  raw.run("DELETE FROM tram_relay_position WHERE relay = 'relay'");
  run();
  expect_out({"4"});
  EXPECT_TRUE(relay.readiness().ready) << relay.readiness().reason;
}

TEST_F(RestoredOutbox, is_not_ready_when_its_numbering_began_again_and_is_further_by_now) {
  send({"1", "2", "3"});
  run();
  raw.run("BEGIN; DELETE FROM message; DELETE FROM sqlite_sequence");
  send({"4", "5", "6", "7", "8"});
  raw.run("COMMIT");
  run();
  expect_not_ready();
  EXPECT_EQ(raw.value("SELECT count(*) FROM message"), 5);
  // Nor is it when the relay starts anew.
  source.reset();
  auto const next = tram::sqlite::change_source({.path = file.path()}, world.clock);
  EXPECT_THROW(next->read(10), tram::Error);
}

TEST_F(RestoredOutbox, is_not_ready_when_its_table_was_made_anew) {
  send({"1", "2"});
  run();
  raw.run("BEGIN; DROP TABLE message; CREATE TABLE message (seq INTEGER PRIMARY KEY AUTOINCREMENT, "
          "id TEXT, destination TEXT, headers TEXT, payload TEXT, published INTEGER DEFAULT 0, "
          "message_partition INTEGER, creation_time INTEGER)");
  send({"3", "4", "5"});
  raw.run("COMMIT");
  run();
  expect_not_ready();
  EXPECT_EQ(raw.value("SELECT count(*) FROM message"), 3);
}

TEST_F(RestoredOutbox, follows_its_position_where_that_is_moved_or_removed) {
  send({"1", "2", "3"});
  run();
  world.broker.landed.clear();
  raw.run("UPDATE tram_relay_position SET position = 2 WHERE relay = 'relay'");
  run();
  expect_out({"3"});
  EXPECT_TRUE(relay.readiness().ready) << relay.readiness().reason;
  world.broker.landed.clear();
  raw.run("DELETE FROM tram_relay_position");
  run();
  expect_out({"3"});
  raw.run("UPDATE tram_relay_position SET position = 1000 WHERE relay = 'relay'");
  run();
  expect_not_ready();
}

TEST_F(RestoredOutbox, is_not_ready_when_its_file_was_emptied) {
  send({"1", "2"});
  run();
  std::filesystem::resize_file(file.path(), 0);
  world.clock.advance(1s);
  relay.step();
  EXPECT_FALSE(relay.readiness().ready);
  EXPECT_NE(relay.readiness().reason.find("truncated"), std::string::npos)
      << relay.readiness().reason;
}

TEST_F(RestoredOutbox, is_as_it_was_when_others_change_what_is_theirs) {
  send({"1", "2"});
  run();
  raw.run("CREATE TABLE notes (x); CREATE INDEX by_id ON message (id)");
  raw.run("DELETE FROM sqlite_sequence WHERE name = 'message'");
  run();
  send({"3"});
  run();
  raw.run("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
  run();
  raw.run("DELETE FROM message");
  run();
  send({"4"});
  run();
  EXPECT_EQ(world.broker.landed_keys_and_ids(), (Texts{"1:1", "2:2", "3:3", "4:4"}));
  EXPECT_EQ(relay.status().counters.source_errors, 0U);
}

// --- the log of the database

TEST_F(RestoredOutbox, keeps_what_stood_in_a_log_that_was_removed) {
  send({"1"});
  run();
  send({"2"});
  std::filesystem::remove(file.path() + "-wal");
  run();
  expect_out({"2"});
  EXPECT_GE(relay.status().counters.source_errors, 1U);
  database.transact([](tram::Transaction& tx) {
    tx.execute("INSERT INTO message (id, destination, headers, payload) VALUES ('3', 'orders', "
               "'{\"ID\":\"3\"}', '3')");
  });
  run();
  expect_out({"3"});
  EXPECT_TRUE(relay.readiness().ready) << relay.readiness().reason;
  RawConnection const other{file.path()};
  EXPECT_EQ(other.value("SELECT max(seq) FROM message"), 3);
  EXPECT_EQ(other.value("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"),
            1);
}

}  // namespace
