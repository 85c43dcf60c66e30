#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <string>

#include "kafka_server.hpp"
#include "postgres_server.hpp"

namespace tram::testing {
namespace {

TEST(Example01, runs_unchanged_on_postgresql_and_kafka_and_runs_again) {
  PostgresServer const postgres;
  KafkaServer const kafka;
  auto const servers =
      " --database postgresql://postgres@127.0.0.1:" + std::to_string(postgres.port()) +
      "/postgres --broker kafka://" + kafka.servers();
  auto const status = [&](std::string const& command) {
    return WEXITSTATUS(std::system((command + servers).c_str()));
  };
  EXPECT_EQ(status(TRAM_EXAMPLE), 0);
  EXPECT_EQ(status(TRAM_EXAMPLE), 0);
  EXPECT_EQ(postgres.sql("SELECT count(*) FROM arrivals"), "2");
  EXPECT_EQ(postgres.sql("SELECT count(*) FROM eventuate.received_messages"), "2");
  EXPECT_EQ(status(std::string{TRAM_PROGRAM} + " doctor"), 0);
}

}  // namespace
}  // namespace tram::testing
