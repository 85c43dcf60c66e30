#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <tuple>

#include "tram/all_drivers.hpp"
#include "tram/base/error.hpp"
#include "tram/connect/broker.hpp"
#include "tram/connect/database.hpp"
#include "tram/relay/outbox_source.hpp"

#include <stdlib.h>

namespace tram::connect {
namespace {

class ByUrl : public ::testing::Test {
 protected:
  ByUrl() {
    std::array<char, 32> folder{"/tmp/tram-by-url-XXXXXX"};
    if (::mkdtemp(folder.data()) != nullptr) folder_ = folder.data();
  }
  ~ByUrl() override { std::filesystem::remove_all(folder_); }

  template <class Function>
  std::string refusal(Function function) {
    try {
      function();
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::rejected) << error.what();
      return error.what();
    }
    return "nothing was refused";
  }
  // What the URLs of all drivers give.
  Database database(std::string const& url, Opening opening = Opening::create) {
    return connect::database(url, drivers_, runtime_, {}, opening);
  }
  std::unique_ptr<OutboxSource> outbox(std::string const& url) { return outbox_of(database(url)); }
  std::unique_ptr<Broker> broker(std::string const& url, BrokerProperties const& properties = {}) {
    return connect::broker(url, drivers_, runtime_, properties);
  }
  std::string database_refusal(std::string const& url) {
    return refusal([&] { database(url); });
  }
  std::string broker_refusal(std::string const& url, BrokerProperties const& properties = {}) {
    return refusal([&] { broker(url, properties); });
  }
  static bool says(std::string const& text, std::string const& part) {
    return text.find(part) != std::string::npos;
  }

  std::filesystem::path folder_;
  Runtime runtime_{.logger = {}};
  Drivers drivers_ = all_drivers();
};

TEST_F(ByUrl, opens_a_sqlite_file) {
  auto opened = database("sqlite:" + (folder_ / "a.db").string() + "?durability=process_crash");
  opened.transact([](Transaction& tx) { tx.execute("CREATE TABLE t (a)"); });
  EXPECT_TRUE(opened.dialect().single_writer);
}

TEST_F(ByUrl, opens_a_broker_in_memory) {
  auto const opened = broker("memory:?partitions=2");
  EXPECT_FALSE(opened->traits().durable);
  EXPECT_NE(opened->producer(), nullptr);
}

TEST_F(ByUrl, opens_a_broker_in_a_file) {
  auto const file = folder_ / "channels.db";
  auto const opened = broker("embedded:" + file.string() + "?partitions=2");
  EXPECT_TRUE(opened->traits().durable);
  EXPECT_TRUE(std::filesystem::exists(file));
}

TEST_F(ByUrl, lets_the_url_say_who_may_read_its_files_and_what_is_checked) {
  using std::filesystem::perms;
  auto const file = (folder_ / "secret.db").string();
  auto opened = database("sqlite:" + file + "?file_mode=0600&foreign_keys=on");
  auto const checks = opened.transact(
      [](Transaction& tx) { return tx.execute("PRAGMA foreign_keys")[0].get<int>(0); });
  EXPECT_EQ(checks, 1);
  EXPECT_EQ(std::filesystem::status(file).permissions(), perms{0600});
  auto const channels = (folder_ / "channels.db").string();
  auto const embedded = broker("embedded:" + channels + "?file_mode=640");
  EXPECT_EQ(std::filesystem::status(channels).permissions(), perms{0640});
  for (std::string const wrong : {"0777", "9", "", "0x600", "0044", "07777", "rw"}) {
    EXPECT_TRUE(says(database_refusal("sqlite:a.db?file_mode=" + wrong), "octal digits")) << wrong;
  }
}

TEST_F(ByUrl, opens_kafka_with_properties_of_both_kinds) {
  auto const opened = broker("kafka://127.0.0.1:1?client.id=a&linger.ms=5",
                             {{"message.max.bytes", "5000"}, {"compression.type", "gzip"}});
  EXPECT_EQ(opened->traits().record_bytes_max, 5000U);
  EXPECT_TRUE(says(broker_refusal("kafka://127.0.0.1:1", {{"acks", "1"}}), "acks"));
  EXPECT_TRUE(says(broker_refusal("kafka://127.0.0.1:1", {{"message.max.bytes", "x"}}), "number"));
}

TEST_F(ByUrl, lists_what_there_is_for_an_unknown_scheme) {
  auto const why = database_refusal("oracle:thing");
  EXPECT_TRUE(says(why, "'oracle:'")) << why;
  EXPECT_TRUE(says(why, "postgresql:, sqlite:")) << why;
  EXPECT_TRUE(says(broker_refusal("http://x"), "kafka:"));
  EXPECT_FALSE(says(broker_refusal("secret:x"), "secret"));
  EXPECT_TRUE(says(refusal([&] { outbox("oracle:x"); }), "sqlite:"));
}

TEST_F(ByUrl, refuses_parameters_that_it_does_not_know) {
  EXPECT_TRUE(says(database_refusal("sqlite:a.db?durable=yes"), "it has durability"));
  EXPECT_TRUE(
      says(database_refusal("sqlite:a.db?durability=some"), "power_failure, process_crash"));
  EXPECT_TRUE(says(broker_refusal("memory:?partitions=0"), "whole number"));
  EXPECT_TRUE(says(broker_refusal("memory:", {{"acks", "all"}}), "'acks'"));
}

TEST_F(ByUrl, checks_without_making_anything) {
  auto const file = folder_ / "none.db";
  auto const findings = outbox("sqlite:" + file.string())->check();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_FALSE(findings.front().good);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(ByUrl, makes_no_file_where_it_is_told_not_to) {
  auto const url = "sqlite:" + (folder_ / "mistyped.db").string();
  for (auto const opening : {Opening::existing, Opening::read_only}) {
    auto const why = refusal([&] { database(url, opening).transact([](Transaction&) {}); });
    EXPECT_TRUE(says(why, "there is no file")) << why;
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(ByUrl, looks_at_a_broker_in_a_file_without_touching_it) {
  auto const file = (folder_ / "channels.db").string();
  auto const look = [&](BrokerCheck check) {
    return check_broker("embedded:" + file, drivers_, runtime_, check).front();
  };
  EXPECT_TRUE(look(BrokerCheck::before_use).good);
  EXPECT_FALSE(look(BrokerCheck::from_outside).good);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
  {
    auto const user = broker("embedded:" + file);
    EXPECT_TRUE(look(BrokerCheck::from_outside).good);
    EXPECT_TRUE(says(look(BrokerCheck::from_outside).text, "in use by process"));
    EXPECT_FALSE(look(BrokerCheck::before_use).good);
    EXPECT_TRUE(says(look(BrokerCheck::before_use).text, "stop that one"));
  }
  EXPECT_TRUE(look(BrokerCheck::from_outside).good);
  EXPECT_TRUE(look(BrokerCheck::before_use).good);
  EXPECT_FALSE(std::filesystem::exists(file + "-wal"));
}

TEST_F(ByUrl, says_that_a_file_is_not_a_broker_s) {
  auto const file = (folder_ / "orders.db").string();
  database("sqlite:" + file).transact([](Transaction& tx) { tx.execute("CREATE TABLE t (a)"); });
  auto const finding =
      check_broker("embedded:" + file, drivers_, runtime_, BrokerCheck::from_outside);
  EXPECT_FALSE(finding.front().good);
  EXPECT_TRUE(says(finding.front().text, "something else")) << finding.front().text;
  EXPECT_FALSE(std::filesystem::exists(file + ".lock"));
}

TEST_F(ByUrl, has_nothing_to_take_over_from_a_file) {
  auto const file = outbox("sqlite:a.db");
  EXPECT_TRUE(says(refusal([&] { std::ignore = file->takeover(TakeoverAction::look, {}); }),
                   "nothing to take over"));
}

}  // namespace
}  // namespace tram::connect
