#include "tram/testkit/in_memory_world.hpp"
#include "tram/sql/database.hpp"
#include "tram/subscriber/held_messages.hpp"

#include <gtest/gtest.h>

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/outbox/outbox.hpp"

namespace {
using namespace std::chrono_literals;
using tram::IncomingMessage;
using tram::Message;
using tram::Transaction;
using tram::testkit::difference;
using tram::testkit::InMemoryWorld;
using Texts = std::vector<std::string>;

/// A world with one subscription, which writes what it handles into a table.
class WorldTest : public ::testing::Test {
 protected:
  WorldTest() {
    world_.database().transact(
        [](Transaction& tx) { tx.execute("CREATE TABLE seen (payload TEXT, message_key TEXT)"); });
  }

  void subscribe() {
    world_.add({.subscriber_id = "reader",
                .channels = {"letters"},
                .handler = [this](Transaction& tx, IncomingMessage const& incoming) {
                  ++runs_;
                  tx.execute("INSERT INTO seen VALUES (?, ?)", incoming.message.payload,
                             incoming.key);
                  if (!trouble_.empty()) throw std::runtime_error{trouble_};
                }});
  }
  void send(std::string const& payload, std::string const& key) {
    world_.database().transact([&](Transaction& tx) {
      world_.outbox().send(tx, "letters", Message{.headers = {}, .payload = payload},
                           {.partition_key = key});
    });
  }
  void send_many(int count) {
    for (int i = 0; i < count; ++i) send(std::to_string(i), "key-" + std::to_string(i % 5));
  }
  Texts seen(std::string const& sql = "SELECT payload FROM seen ORDER BY rowid") {
    return world_.database().transact([&](Transaction& tx) {
      Texts texts;
      for (auto const row : tx.execute(sql)) texts.push_back(row.get<std::string>(0));
      return texts;
    });
  }

  InMemoryWorld world_;
  std::string trouble_;
  int runs_{};
};

TEST_F(WorldTest, carries_a_message_from_a_transaction_to_a_handler) {
  subscribe();
  send("a", "k");
  world_.run_until_quiet();
  EXPECT_EQ(seen(), Texts{"a"});
  EXPECT_EQ(difference(world_.published("letters"), {"a"}), "");
  EXPECT_EQ(world_.published("letters").front().key, "k");
}

TEST_F(WorldTest, publishes_nothing_of_a_transaction_that_is_rolled_back) {
  EXPECT_THROW(world_.database().transact([&](Transaction& tx) {
    world_.outbox().send(tx, "letters", Message{.headers = {}, .payload = "a"});
    throw std::runtime_error{"changed my mind"};
  }),
               std::runtime_error);
  world_.run_until_quiet();
  EXPECT_TRUE(world_.published("letters").empty());
}

TEST_F(WorldTest, lets_a_handler_send_on) {
  subscribe();
  world_.add({.subscriber_id = "forwarder",
              .channels = {"parcels"},
              .handler = [this](Transaction& tx, IncomingMessage const& incoming) {
                world_.outbox().send(tx, "letters",
                                     Message{.headers = {}, .payload = incoming.message.payload});
              }});
  world_.database().transact([&](Transaction& tx) {
    world_.outbox().send(tx, "parcels", Message{.headers = {}, .payload = "a"});
  });
  world_.run_until_quiet();
  EXPECT_EQ(seen(), Texts{"a"});
}

TEST_F(WorldTest, delivers_duplicates_that_have_no_effect) {
  subscribe();
  world_.disturb({.duplicates = true});
  send_many(20);
  world_.run_until_quiet();
  EXPECT_EQ(seen().size(), 20U);
  EXPECT_EQ(world_.published("letters").size(), 20U);
}

TEST_F(WorldTest, shuffles_keys_and_keeps_the_order_of_each) {
  subscribe();
  world_.disturb({.shuffled = true});
  send_many(40);
  world_.run_until_quiet();
  EXPECT_NE(seen(), seen("SELECT payload FROM seen ORDER BY CAST(payload AS INTEGER)"));
  for (int key = 0; key < 5; ++key) {
    auto const where = " FROM seen WHERE message_key = 'key-" + std::to_string(key) + "' ";
    EXPECT_EQ(seen("SELECT payload" + where + "ORDER BY rowid"),
              seen("SELECT payload" + where + "ORDER BY CAST(payload AS INTEGER)"));
  }
}

TEST_F(WorldTest, waits_for_records_that_are_late) {
  subscribe();
  world_.disturb({.delay = 3s});
  auto const before = world_.clock().steady();
  send("a", "k");
  world_.run_until_quiet();
  EXPECT_EQ(seen(), Texts{"a"});
  EXPECT_GE(world_.clock().steady() - before, 3s);
}

TEST_F(WorldTest, holds_what_fails_for_good_until_a_retry) {
  subscribe();
  trouble_ = "no ink";
  send("a", "k");
  send("b", "k");
  world_.run_until_quiet();
  auto const held = world_.held();
  ASSERT_EQ(held.size(), 2U);
  EXPECT_NE(held.front().reason.find("no ink"), std::string::npos);
  EXPECT_EQ(runs_, 4);
  trouble_.clear();
  world_.retry_held();
  world_.run_until_quiet();
  EXPECT_EQ(seen(), (Texts{"a", "b"}));
  EXPECT_TRUE(world_.held().empty());
}

TEST_F(WorldTest, goes_on_after_a_crash) {
  subscribe();
  send_many(10);
  world_.run_until_quiet();
  send("last", "k");
  world_.crash();
  world_.run_until_quiet();
  EXPECT_EQ(seen().size(), 11U);
  EXPECT_EQ(runs_, 11);
}

TEST_F(WorldTest, tells_what_was_published_once_though_a_crash_had_it_published_again) {
  subscribe();
  send("a", "k");
  send("b", "k");
  world_.run_until_quiet();
  // The relay died before it stored that both are published.
  world_.crash();
  send("c", "k");
  world_.run_until_quiet();
  world_.crash();
  world_.run_until_quiet();
  EXPECT_EQ(difference(world_.published("letters"), {"a", "b", "c"}), "");
}

TEST_F(WorldTest, says_what_goes_on_when_there_is_no_rest) {
  world_.add({.subscriber_id = "echo",
              .channels = {"letters"},
              .handler = [this](Transaction& tx, IncomingMessage const& incoming) {
                world_.outbox().send(tx, "letters",
                                     Message{.headers = {}, .payload = incoming.message.payload});
              }});
  send("a", "k");
  try {
    world_.run_until_quiet();
    FAIL() << "it came to rest";
  } catch (tram::Error const& error) {
    EXPECT_NE(std::string{error.what()}.find("does not come to rest; "), std::string::npos);
    EXPECT_NE(std::string{error.what()}.find("'echo' has "), std::string::npos) << error.what();
  }
}

TEST(Difference, tells_the_first_one_in_a_sentence) {
  std::vector<tram::testkit::PublishedMessage> const published{
      {"c", "k", {.headers = {}, .payload = "a"}}, {"c", "k", {.headers = {}, .payload = "b"}}};
  EXPECT_EQ(difference(published, {"a", "b"}), "");
  EXPECT_EQ(difference(published, {"a", "x"}), "message 2 is 'b', expected was 'x'");
  EXPECT_EQ(difference(published, {"a"}), "after 1 messages 'b' was not expected");
  EXPECT_EQ(difference(published, {"a", "b", "c"}), "after 2 messages 'c' is missing");
  EXPECT_THROW(require_published(published, {"a"}), tram::Error);
}

}  // namespace
