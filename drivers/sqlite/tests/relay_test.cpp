#include "tram/relay/relay.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "outbox_file.hpp"
#include "processes.hpp"
#include "relay_world.hpp"
#include "tram/sqlite/change_source.hpp"

namespace {
using namespace std::chrono_literals;
using tram::testing::OutboxFile;
using tram::testing::RawConnection;
using tram::testing::RelayProcess;
using tram::testing::RelayWorld;
using tram::testing::WriterProcess;
using Texts = std::vector<std::string>;

/// Waits until `happened`, a generous while at most.
template <class Condition>
bool eventually(Condition happened) {
  tram::SystemClock clock;
  auto const deadline = tram::Deadline::after(clock, 30s);
  while (!happened() && !deadline.reached(clock)) clock.pause(1ms);
  return happened();
}

Texts lines_of(std::string const& path) {
  std::ifstream file{path};
  Texts lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

Texts first_occurrences(Texts const& lines) {
  Texts firsts;
  for (auto const& line : lines) {
    if (std::ranges::find(firsts, line) == firsts.end()) firsts.push_back(line);
  }
  return firsts;
}

TEST(SqliteRelay, publishes_what_other_processes_commit_while_it_runs) {
  OutboxFile const file;
  RelayWorld world;
  tram::SystemClock clock;
  auto const source = tram::sqlite::change_source({.path = file.path()}, clock);
  tram::Relay relay{{.source = *source,
                     .broker = world.broker,
                     .held = world.held,
                     .clock = clock,
                     .random = world.random},
                    {}};
  std::jthread loop{[&](std::stop_token const& stop) { relay.run(stop); }};
  {
    WriterProcess one{file.path(), 100, 20};
    WriterProcess other{file.path(), 200, 20};
    for (int i = 0; i < 20; ++i) {
      one.commit();
      other.commit();
    }
    EXPECT_EQ(one.wait(), 0);
    EXPECT_EQ(other.wait(), 0);
  }
  EXPECT_TRUE(eventually([&] { return relay.status().counters.rows_published == 40; }));
  EXPECT_TRUE(eventually([&] { return relay.readiness().ready; })) << relay.readiness().reason;
  loop.request_stop();
  loop.join();
  EXPECT_EQ(world.broker.landed.size(), 40U);
  EXPECT_EQ(RawConnection{file.path()}.value("SELECT position FROM tram_relay_position"), 40);
}

TEST(SqliteRelay, loses_nothing_and_keeps_the_order_when_it_is_killed_again_and_again) {
  OutboxFile const file;
  auto const output = file.path() + ".published";
  int const rounds = 20;
  int const rows = 25;
  Texts committed;
  for (int round = 0; round < rounds; ++round) {
    RelayProcess relay{file.path(), output};
    WriterProcess writer{file.path(), 1000 * (round + 1), rows};
    for (int i = 0; i < rows; ++i) {
      auto const id = std::to_string(1000 * (round + 1) + i);
      committed.push_back(id + ":" + id);
      writer.commit();
    }
    // Killed once some rows more are out, in the middle of the others.
    auto const enough = static_cast<std::size_t>(rows * round + round);
    EXPECT_TRUE(eventually([&] { return first_occurrences(lines_of(output)).size() >= enough; }));
    relay.kill();
    EXPECT_EQ(writer.wait(), 0);
  }
  RelayProcess relay{file.path(), output};
  EXPECT_TRUE(
      eventually([&] { return first_occurrences(lines_of(output)).size() == committed.size(); }));
  EXPECT_EQ(relay.wait(), 0);
  EXPECT_EQ(first_occurrences(lines_of(output)), committed);
}

TEST(SqliteRelay, hands_over_to_a_standby_process_when_it_is_killed) {
  OutboxFile const file;
  RawConnection const writer{file.path()};
  auto const output = file.path() + ".published";
  auto working = std::make_unique<RelayProcess>(file.path(), output);
  writer.insert("1");
  EXPECT_TRUE(eventually([&] { return lines_of(output) == Texts{"1:1"}; }));
  RelayProcess standby{file.path(), output};
  writer.insert("2");
  EXPECT_TRUE(eventually([&] { return lines_of(output) == (Texts{"1:1", "2:2"}); }));
  EXPECT_TRUE(
      eventually([&] { return writer.value("SELECT position FROM tram_relay_position") == 2; }));
  working->kill();
  writer.insert("3");
  EXPECT_TRUE(eventually([&] { return lines_of(output).size() == 3; }));
  EXPECT_EQ(lines_of(output), (Texts{"1:1", "2:2", "3:3"}));
  EXPECT_EQ(standby.wait(), 0);
}

}  // namespace
