#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <string>

#include "cdc_process.hpp"
#include "kafka_server.hpp"
#include "postgres_server.hpp"

namespace tram::testing {
namespace {

TEST(Example01, runs_unchanged_on_postgresql_and_kafka_and_runs_again) {
  PostgresServer const postgres;
  KafkaServer const kafka;
  auto const servers = " postgresql://postgres@127.0.0.1:" + std::to_string(postgres.port()) +
                       "/postgres kafka://" + kafka.servers();
  auto const status = [&](std::string const& command) {
    return WEXITSTATUS(std::system((command + servers).c_str()));
  };
  EXPECT_EQ(status(TRAM_EXAMPLE), 0);
  EXPECT_EQ(status(TRAM_EXAMPLE), 0);
  EXPECT_EQ(postgres.sql("SELECT count(*) FROM arrivals"), "2");
  EXPECT_EQ(postgres.sql("SELECT count(*) FROM eventuate.received_messages"), "2");
  auto const doctor =
      std::string{TRAM_PROGRAM} +
      " doctor --database postgresql://postgres@127.0.0.1:" + std::to_string(postgres.port()) +
      "/postgres --broker kafka://" + kafka.servers();
  EXPECT_EQ(WEXITSTATUS(std::system(doctor.c_str())), 0);
}

TEST(Example01, stands_by_for_a_tram_cdc) {
  PostgresServer const postgres;
  KafkaServer const kafka;
  std::vector<std::string> const servers{
      "--database",
      "postgresql://postgres@127.0.0.1:" + std::to_string(postgres.port()) + "/postgres",
      "--broker", "kafka://" + kafka.servers()};
  CdcProcess const relay{servers};
  ASSERT_TRUE(eventually([&] { return relay.ready(); })) << relay.log();
  ProgramProcess example{TRAM_EXAMPLE, {servers[1], servers[3]}};
  example.await_end();
  EXPECT_EQ(example.wait(), 0) << example.log();
  EXPECT_TRUE(relay.has_metric("eventuate_cdc_events_sent_total 1"));
}

TEST(Examples02And03, run_unchanged_on_postgresql_and_kafka_and_run_again) {
  PostgresServer const postgres;
  KafkaServer const kafka;
  auto const servers = " postgresql://postgres@127.0.0.1:" + std::to_string(postgres.port()) +
                       "/postgres kafka://" + kafka.servers();
  for (std::string const example : {TRAM_EXAMPLE_02, TRAM_EXAMPLE_03}) {
    for (int run = 1; run <= 2; ++run)
      EXPECT_EQ(WEXITSTATUS(std::system((example + servers).c_str())), 0) << example << run;
    postgres.sql("DROP TABLE orders");
  }
}

}  // namespace
}  // namespace tram::testing
