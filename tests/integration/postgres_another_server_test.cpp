#include <gtest/gtest.h>

#include <memory>

#include "postgres_server.hpp"
#include "tram/base/error.hpp"
#include "tram/postgres/change_source.hpp"
#include "tram/postgres/postgres.hpp"
#include "tram/schema/schema.hpp"

namespace tram::testing {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

/// A standby that was not there when rows were given, or a server made anew from a backup: at the
/// same address, with another log.
class PostgresAnotherServer : public ::testing::Test {
 protected:
  PostgresAnotherServer() {
    for (auto const* server : {&first_, &second_}) {
      auto database = postgres::connect({.connection = server->connection()}, {}, clock_, random_);
      install_schema(database, SchemaName{});
    }
  }
  std::unique_ptr<ChangeSource> source(PostgresServer const& server) {
    return postgres::change_source({.connection = server.connection(), .look_interval = 20ms},
                                   clock_);
  }
  static void insert(PostgresServer const& server, std::string const& id) {
    server.sql("INSERT INTO eventuate.message (id, destination, headers, payload, creation_time) "
               "VALUES ('" +
               id + "', 'orders', '{\"ID\":\"" + id + "\",\"PARTITION_ID\":\"k\"}', 'p', 1000)");
  }
  /// Until it has a slot, and has given all.
  static void catch_up(ChangeSource& source) {
    ASSERT_TRUE(eventually([&] {
      auto const batch = source.read(100);
      if (batch.seen_up_to) source.confirm(*batch.seen_up_to);
      return source.status().connected && batch.seen_up_to && batch.at_end;
    }));
  }
  struct Given {
    Texts ids;
    LogPosition end{};
    bool starts_over{};
  };
  static Given take(ChangeSource& source, std::size_t count) {
    Given given;
    EXPECT_TRUE(eventually([&] {
      auto const batch = source.read(100);
      given.starts_over = given.starts_over || batch.starts_over;
      for (auto const& row : batch.rows) {
        given.ids.push_back(row.id);
        given.end = row.ends_at.value_or(given.end);
      }
      return given.ids.size() >= count;
    }));
    return given;
  }
  void replace_the_first_by_the_second() {
    first_.stop("immediate");
    second_.stop("fast");
    second_.set_options("-c port=" + std::to_string(first_.port()));
    second_.start();
  }

  SystemClock clock_;
  SystemRandom random_;
  PostgresServer first_;
  PostgresServer second_;
};

/// What was in flight lands after the source has noticed, and before a read tells of it.
TEST_F(PostgresAnotherServer, is_told_nothing_of_the_rows_of_the_one_before) {
  {
    auto const reader = source(second_);
    catch_up(*reader);
    reader->flush();
  }
  insert(second_, "x");
  insert(second_, "y");
  // Its log is far behind that of the first one.
  for (int i = 0; i < 4; ++i) {
    first_.sql("SELECT pg_logical_emit_message(true, '', 'a')");
    first_.sql("SELECT pg_switch_wal()");
  }
  auto reader = source(first_);
  catch_up(*reader);
  insert(first_, "a");
  auto const of_first = take(*reader, 1);
  ASSERT_EQ(of_first.ids, Texts{"a"});
  replace_the_first_by_the_second();

  ASSERT_TRUE(eventually([&] {
    try {
      reader->keep_alive();
    } catch (Error const&) { return false; }  // As long as the first one is missed.
    // At the address of the first one answers the second.
    return first_.sql("SELECT count(*) FROM pg_replication_slots WHERE active") == "1";
  }));
  reader->confirm(of_first.end);
  auto const of_second = take(*reader, 2);
  EXPECT_TRUE(of_second.starts_over);
  EXPECT_EQ(of_second.ids, (Texts{"x", "y"}));
  reader->flush();
  reader.reset();
  EXPECT_EQ(take(*source(first_), 2).ids, (Texts{"x", "y"})) << "they were not confirmed";
}

}  // namespace
}  // namespace tram::testing
