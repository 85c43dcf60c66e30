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
  auto const command = std::string{TRAM_EXAMPLE} + " --database postgresql://postgres@127.0.0.1:" +
                       std::to_string(postgres.port()) + "/postgres --broker kafka://" +
                       kafka.servers();
  EXPECT_EQ(WEXITSTATUS(std::system(command.c_str())), 0);
  EXPECT_EQ(WEXITSTATUS(std::system(command.c_str())), 0);
  EXPECT_EQ(postgres.sql("SELECT count(*) FROM arrivals"), "2");
  EXPECT_EQ(postgres.sql("SELECT count(*) FROM eventuate.received_messages"), "2");
}

}  // namespace
}  // namespace tram::testing
