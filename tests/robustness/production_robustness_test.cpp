#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cdc_process.hpp"
#include "kafka_harness.hpp"
#include "postgres_server.hpp"
#include "tcp_proxy.hpp"
#include "tram/base/random.hpp"

namespace tram::testing {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

/// A writer, `tram-cdc`, and consumers between a real PostgreSQL and a real Kafka. The test kills
/// processes and starts them again, as a supervisor would; one that ends by itself is a failure.
class Production : public ::testing::Test {
 protected:
  void SetUp() override {
    start_consumer();
    start_relay();
    ASSERT_TRUE(eventually([&] { return relay_->ready(); })) << relay_->log();
  }

  [[nodiscard]] std::string database(int port) const {
    return "postgresql://postgres@127.0.0.1:" + std::to_string(port) + "/postgres";
  }
  [[nodiscard]] std::string broker() const {
    return "kafka://" + kafka_.servers() +
           "?session.timeout.ms=6000&heartbeat.interval.ms=200&socket.timeout.ms=3000";
  }
  std::unique_ptr<ProgramProcess> service(std::string const& roles, int database_port) {
    return std::make_unique<ProgramProcess>(TRAM_NUMBERS_SERVICE,
                                            Texts{roles, database(database_port), broker()});
  }
  void start_writer() { writer_ = service("write", postgres_.port()); }
  void start_consumer() {
    consumer_ = service("consume", handler_proxy_.port());
    ASSERT_TRUE(eventually([&] { return consumer_->logged("ready"); })) << consumer_->log();
  }
  void start_relay() { start_relay(relay_proxy_.port()); }
  void start_relay(int database_port) {
    relay_ = std::make_unique<CdcProcess>(
        Texts{"--database", database(database_port), "--broker", broker()});
  }
  static void kill(ProgramProcess& process) {
    process.signal(SIGKILL);
    EXPECT_EQ(process.wait(), 1000 + SIGKILL) << process.log();
  }
  void run_for(Duration duration) { clock_.pause(duration); }
  [[nodiscard]] bool progresses() {
    auto const count = [&] { return postgres_.sql("SELECT count(*) FROM numbers_applied"); };
    auto const before = count();
    return eventually([&] { return count() != before; });
  }
  /// Everything that was sent is applied once, in order.
  void expect_good_end() {
    writer_.reset();
    auto const judge = service("finish", postgres_.port());
    judge->await_end();
    auto const log = judge->log();
    EXPECT_EQ(judge->wait(), 0) << log << relay_->log() << consumer_->log();
    std::cout << log.substr(log.find("ready"), 120);
    EXPECT_TRUE(eventually([&] { return relay_->ready(); })) << relay_->log();
  }

  SystemClock clock_;
  SystemRandom random_;
  PostgresServer postgres_;
  KafkaServer kafka_;
  TcpProxy relay_proxy_{postgres_.port()};
  TcpProxy handler_proxy_{postgres_.port()};
  std::unique_ptr<CdcProcess> relay_;
  std::unique_ptr<ProgramProcess> consumer_;
  std::unique_ptr<ProgramProcess> writer_;
};

TEST_F(Production, loses_nothing_and_repeats_nothing_whatever_is_killed_cut_or_restarted) {
  start_writer();
  std::array const disasters{
      std::pair{"the relay is killed", std::function<void()>{[&] {
                  kill(*relay_);
                  start_relay();
                }}},
      std::pair{"the consumer is killed", std::function<void()>{[&] {
                  kill(*consumer_);
                  start_consumer();
                }}},
      std::pair{"the writer is killed", std::function<void()>{[&] {
                  kill(*writer_);
                  start_writer();
                }}},
      std::pair{"the relay's connections are cut in a packet", std::function<void()>{[&] {
                  relay_proxy_.cut_after(static_cast<std::int64_t>(random_.below(5'000)));
                }}},
      std::pair{"the handlers' connections are cut in a packet", std::function<void()>{[&] {
                  handler_proxy_.cut_after(static_cast<std::int64_t>(random_.below(5'000)));
                }}},
      std::pair{"all connections are cut", std::function<void()>{[&] {
                  relay_proxy_.cut();
                  handler_proxy_.cut();
                }}},
      std::pair{"a second consumer comes and goes", std::function<void()>{[&] {
                  auto const second = service("consume", postgres_.port());
                  run_for(1s);
                  kill(*second);
                }}},
      std::pair{"PostgreSQL crashes", std::function<void()>{[&] {
                  postgres_.stop("immediate");
                  postgres_.start();
                }}},
      std::pair{"Kafka is killed", std::function<void()>{[&] {
                  kafka_.kill();
                  kafka_.start();
                }}},
  };
  for (int round = 0; round < 3; ++round) {
    for (auto const& [name, happen] : disasters) {
      run_for(std::chrono::milliseconds{random_.below(400)});
      std::cout << name << std::endl;
      happen();
    }
    ASSERT_TRUE(progresses()) << relay_->log() << consumer_->log();
  }
  expect_good_end();
}

TEST_F(Production, waits_for_a_kafka_that_is_down_for_a_minute_and_for_one_that_is_frozen) {
  // The proxy has one thread, which a relay that reads nothing would block.
  kill(*relay_);
  start_relay(postgres_.port());
  start_writer();
  ASSERT_TRUE(progresses());
  auto const stalled = [&] { return relay_->not_ready_since("nothing has moved"); };
  kafka_.kill();
  EXPECT_TRUE(eventually(stalled)) << relay_->get("/health/ready");
  run_for(50s);
  EXPECT_TRUE(stalled()) << relay_->get("/health/ready");
  kafka_.start();
  ASSERT_TRUE(progresses());
  EXPECT_TRUE(eventually([&] { return relay_->ready(); })) << relay_->get("/health/ready");
  kafka_.freeze();
  EXPECT_TRUE(eventually(stalled)) << relay_->get("/health/ready");
  kafka_.thaw();
  ASSERT_TRUE(progresses());
  expect_good_end();
}

TEST_F(Production, drains_a_backlog_of_100_000_rows_through_kills) {
  constexpr std::size_t rows = 100'000;
  relay_->signal(SIGTERM);
  EXPECT_EQ(relay_->wait(), 0);
  postgres_.sql(
      "INSERT INTO eventuate.message (id, destination, headers, payload, creation_time) SELECT n, "
      "'backlog', '{\"ID\":\"' || n || '\",\"PARTITION_ID\":\"' || n % 50 || '\"}', n, 0 FROM "
      "generate_series(1, " +
      std::to_string(rows) + ") AS n");
  auto const broker = kafka::connect(kafka_config(kafka_), clock_);
  broker->create_channels(Texts{"backlog"}, 4, Deadline::after(clock_, 20s));
  auto const consumer = broker->subscribe({.group = "drain"}, Texts{"backlog"});
  std::map<std::string, std::vector<int>> numbers_of;
  std::vector<bool> seen(rows + 1);
  std::size_t distinct = 0;
  auto const take = [&] {
    for (auto const& event : consumer->poll()) {
      auto const* const delivery = std::get_if<Delivery>(&event);
      if (delivery == nullptr) continue;
      int const number = std::stoi(delivery->value.substr(12));
      if (seen[static_cast<std::size_t>(number)]) continue;
      seen[static_cast<std::size_t>(number)] = true;
      ++distinct;
      numbers_of[delivery->key].push_back(number);
    }
  };
  start_relay();
  for (std::size_t part = 1; part <= 4; ++part) {
    EXPECT_TRUE(eventually([&] { return take(), distinct >= part * rows / 5; }))
        << distinct << relay_->log();
    kill(*relay_);
    start_relay();
  }
  EXPECT_TRUE(eventually([&] { return take(), distinct == rows; })) << distinct << relay_->log();
  EXPECT_EQ(numbers_of.size(), 50U);
  for (auto const& [key, numbers] : numbers_of) {
    EXPECT_TRUE(std::ranges::is_sorted(numbers)) << "key " << key;
  }
}

}  // namespace
}  // namespace tram::testing
