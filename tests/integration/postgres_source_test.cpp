#include <gtest/gtest.h>
#include <poll.h>

#include <fstream>

#include "postgres_server.hpp"
#include "tcp_proxy.hpp"
#include "tram/base/error.hpp"
#include "tram/postgres/change_source.hpp"

namespace tram::testing {
namespace {

using namespace std::chrono_literals;

PostgresServer& server() {
  static PostgresServer instance;
  return instance;
}

#if defined(__SANITIZE_ADDRESS__)
// The sanitizer keeps up to 256 MB of freed memory to itself.
constexpr std::int64_t memory_max = 300 << 20;
#else
constexpr std::int64_t memory_max = 16 << 20;
#endif

std::int64_t resident_bytes() {
  std::ifstream in{"/proc/self/statm"};
  std::int64_t pages = 0;
  in >> pages >> pages;
  return pages * ::sysconf(_SC_PAGESIZE);
}

class PostgresSource : public ::testing::Test {
 protected:
  PostgresSource() {
    forget_outbox(server());
    server().sql("DROP "
                 "TABLE IF EXISTS other; "
                 "CREATE SCHEMA eventuate; CREATE TABLE other (id int);"
                 "CREATE TABLE eventuate.message (id VARCHAR(1000) PRIMARY KEY, destination TEXT "
                 "NOT NULL, headers TEXT NOT NULL, "
                 "payload TEXT NOT NULL, published SMALLINT DEFAULT 0, message_partition SMALLINT, "
                 "creation_time BIGINT)");
  }

  postgres::ChangeSourceConfig config(int port = server().port()) {
    return {
        .connection = "host=127.0.0.1 user=postgres dbname=postgres port=" + std::to_string(port),
        .status_interval = 0ms};
  }
  std::unique_ptr<ChangeSource> source() { return postgres::change_source(config(), clock_); }
  static void insert(std::string const& id, std::string const& more = "") {
    server().sql("INSERT INTO eventuate.message (id, destination, headers, payload) VALUES ('" +
                 id + "', 'orders', '{}', 'p')" + more);
  }
  static std::string confirmed() {
    return server().sql(
        "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = 'tram'");
  }

  // Waits as the relay does: on the descriptor and the interval.
  static void wait(ChangeSource& source) {
    pollfd waiting{.fd = source.descriptor(), .events = POLLIN, .revents = 0};
    auto const most = std::chrono::ceil<std::chrono::milliseconds>(source.poll_interval());
    ::poll(&waiting, 1, static_cast<int>(std::min(most, std::chrono::milliseconds{50}).count()));
  }
  std::vector<OutboxRow> read(ChangeSource& source, std::size_t rows) {
    std::vector<OutboxRow> all;
    eventually([&] {
      auto batch = source.read(100);
      for (auto& row : batch.rows) all.push_back(std::move(row));
      if (all.size() >= rows) return true;
      wait(source);
      return false;
    });
    return all;
  }
  std::vector<std::string> ids(ChangeSource& source, std::size_t rows) {
    std::vector<std::string> result;
    for (auto const& row : read(source, rows)) result.push_back(row.id);
    return result;
  }
  // Reads until trouble is over.
  std::vector<std::string> ids_through_trouble(ChangeSource& source, std::size_t rows) {
    std::vector<std::string> result;
    eventually([&] {
      try {
        for (auto const& row : source.read(100).rows) result.push_back(row.id);
        wait(source);
      } catch (Error const& error) { EXPECT_NE(error.fault(), Fault::rejected) << error.what(); }
      return result.size() >= rows;
    });
    return result;
  }
  static Error error_of(ChangeSource& source) {
    try {
      source.read(100);
    } catch (Error const& error) { return error; }
    throw std::runtime_error{"no error was raised"};
  }
  std::string rejection(postgres::ChangeSourceConfig const& wanted) {
    auto const error = error_of(*postgres::change_source(wanted, clock_));
    EXPECT_EQ(error.fault(), Fault::rejected);
    return error.what();
  }
  static std::string place() {
    return "postgresql: cannot read the log of postgresql '127.0.0.1:" +
           std::to_string(server().port()) + "/postgres': ";
  }

  SystemClock clock_;
};

using Ids = std::vector<std::string>;

TEST_F(PostgresSource, shows_rows_in_commit_order_and_where_transactions_end) {
  auto const reader = source();
  reader->read(100);
  insert("1", ", ('2', 'orders', '{}', 'p')");
  insert("3");
  auto const rows = read(*reader, 3);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].id, "1");
  EXPECT_FALSE(rows[0].ends_at);
  EXPECT_TRUE(rows[1].ends_at);
  EXPECT_GT(rows[2].ends_at, rows[1].ends_at);
  EXPECT_TRUE(reader->status().connected);
  EXPECT_EQ(reader->status().trouble, "");
}

TEST_F(PostgresSource, leaves_out_what_was_rolled_back_or_is_published_already) {
  auto const reader = source();
  reader->read(100);
  server().sql(
      "BEGIN; INSERT INTO eventuate.message VALUES ('undone', 'orders', '{}', 'p'); ROLLBACK");
  server().sql("INSERT INTO eventuate.message VALUES ('published', 'orders', '{}', 'p', 1)");
  insert("1");
  EXPECT_EQ(ids(*reader, 1), Ids{"1"});
}

TEST_F(PostgresSource, starts_again_behind_what_was_confirmed_with_no_gap) {
  auto first = source();
  first->read(100);
  for (auto const* const id : {"1", "2", "3"}) insert(id);
  auto const rows = read(*first, 3);
  first->confirm(*rows[0].ends_at);
  first->flush();
  first.reset();
  insert("4");
  auto const second = source();
  EXPECT_EQ(ids(*second, 3), (Ids{"2", "3", "4"}));
}

TEST_F(PostgresSource, stores_nothing_that_was_not_confirmed) {
  auto first = source();
  first->read(100);
  insert("1");
  read(*first, 1);
  first->flush();
  first.reset();
  auto const second = source();
  EXPECT_EQ(ids(*second, 1), Ids{"1"});
}

TEST_F(PostgresSource, rewinds_to_what_was_confirmed) {
  auto const reader = source();
  reader->read(100);
  for (auto const* const id : {"1", "2", "3"}) insert(id);
  auto const rows = read(*reader, 3);
  reader->confirm(*rows[0].ends_at);
  reader->rewind();
  EXPECT_EQ(ids(*reader, 2), (Ids{"2", "3"}));
}

TEST_F(PostgresSource, a_rewind_into_the_middle_of_a_transaction_repeats_all_of_it) {
  auto const reader = source();
  reader->read(100);
  insert("1", ", ('2', 'orders', '{}', 'p'), ('3', 'orders', '{}', 'p')");
  ASSERT_FALSE(reader->read(1).rows.size() > 1);
  reader->rewind();
  EXPECT_EQ(ids(*reader, 3), (Ids{"1", "2", "3"}));
}

TEST_F(PostgresSource, a_transaction_of_any_size_takes_little_memory) {
  auto const reader = source();
  reader->read(100);
  server().sql("INSERT INTO eventuate.message (id, destination, headers, payload) "
               "SELECT i, 'orders', '{}', repeat('x', 1000) FROM generate_series(1, 100000) i");
  auto const before = resident_bytes();
  std::int64_t most = before;
  std::size_t rows = 0;
  std::size_t ends = 0;
  auto const rows_come = [&] {
    auto const batch = reader->read(1000);
    EXPECT_LE(batch.rows.size(), 1000U);
    for (auto const& row : batch.rows) {
      EXPECT_EQ(row.id, std::to_string(++rows));
      ends += row.ends_at ? 1 : 0;
    }
    most = std::max(most, resident_bytes());
    if (batch.rows.empty()) wait(*reader);
    return !batch.rows.empty();
  };
  // However slow the machine is.
  while (rows < 100'000) ASSERT_TRUE(eventually(rows_come));
  EXPECT_EQ(ends, 1U);
  EXPECT_LT(most - before, memory_max);
}

TEST_F(PostgresSource, large_rows_end_a_batch_early) {
  auto const reader = source();
  reader->read(100);
  server().sql("INSERT INTO eventuate.message (id, destination, headers, payload) "
               "SELECT i, 'orders', '{}', repeat('x', 600000) FROM generate_series(1, 20) i");
  std::size_t rows = 0;
  EXPECT_TRUE(eventually([&] {
    auto const batch = reader->read(1000);
    EXPECT_LE(batch.rows.size(), 2U);
    rows += batch.rows.size();
    return rows == 20;
  }));
}

TEST_F(PostgresSource, a_quiet_outbox_does_not_hold_the_log_back) {
  auto const reader = source();
  reader->read(100);
  auto const before = confirmed();
  server().sql("INSERT INTO other SELECT generate_series(1, 1000)");
  auto const written = server().sql("SELECT pg_current_wal_lsn()");
  EXPECT_TRUE(eventually([&] {
    auto const batch = reader->read(100);
    if (batch.seen_up_to) reader->confirm(*batch.seen_up_to);
    wait(*reader);
    return server().sql("SELECT confirmed_flush_lsn >= '" + written +
                        "' FROM pg_replication_slots WHERE slot_name = 'tram'") == "t";
  }));
  EXPECT_NE(confirmed(), before);
}

TEST_F(PostgresSource, rows_not_published_yet_hold_the_log_back) {
  auto const reader = source();
  reader->read(100);
  insert("1");
  read(*reader, 1);
  auto const before = confirmed();
  server().sql("INSERT INTO other SELECT generate_series(1, 1000)");
  ASSERT_TRUE(eventually([&] { return reader->read(100).seen_up_to.has_value(); }));
  EXPECT_EQ(confirmed(), before);
}

/// Sets how long the server waits for a sign of life; as it was at the end.
class SenderTimeout {
 public:
  explicit SenderTimeout(std::string const& timeout) { set("= '" + timeout + "'"); }
  ~SenderTimeout() { server().sql("ALTER SYSTEM RESET wal_sender_timeout"); }
  SenderTimeout(SenderTimeout const&) = delete;
  SenderTimeout& operator=(SenderTimeout const&) = delete;
  void set(std::string const& value) const {
    server().sql("ALTER SYSTEM SET wal_sender_timeout " + value);
    server().sql("SELECT pg_reload_conf()");
  }
};

std::string reader_process() {
  return server().sql("SELECT active_pid FROM pg_replication_slots WHERE slot_name = 'tram'");
}

void let_pass(Duration duration) {
  pollfd nothing{.fd = -1, .events = 0, .revents = 0};
  ::poll(&nothing, 1, static_cast<int>(duration / 1ms));
}

TEST_F(PostgresSource, stays_connected_while_no_rows_are_taken) {
  SenderTimeout const timeout{"1s"};
  auto const reader = source();
  reader->read(100);
  insert("1");
  read(*reader, 1);
  auto const process = reader_process();
  auto const end = clock_.steady() + 3s;
  server().sql("INSERT INTO eventuate.message (id, destination, headers, payload) "
               "SELECT i, 'orders', '{}', repeat('x', 1000) FROM generate_series(100, 40000) i");
  while (clock_.steady() < end) {
    reader->keep_alive();
    let_pass(20ms);
    EXPECT_EQ(server().sql("SELECT max(now() - coalesce(reply_time, backend_start)) < interval "
                           "'1s' FROM pg_stat_replication WHERE pid = " +
                           process),
              "t")
        << "the server hears from the reader in time";
  }
  EXPECT_EQ(reader_process(), process);
  EXPECT_EQ(read(*reader, 39'901).size(), 39'901U);
}

TEST_F(PostgresSource, a_loop_that_waits_elsewhere_for_a_while_keeps_its_session) {
  for (auto const* const timeout : {"50ms", "1s"}) {
    SenderTimeout const small{timeout};
    auto const reader = source();
    reader->read(100);
    auto const process = reader_process();
    let_pass(2500ms);
    EXPECT_EQ(reader_process(), process) << timeout;
    reader->read(100);
    reader->flush();
  }
}

TEST_F(PostgresSource, keeps_its_session_when_the_server_loses_patience_meanwhile) {
  SenderTimeout const timeout{"60s"};
  auto const reader = source();
  reader->read(100);
  auto const process = reader_process();
  timeout.set("= '100ms'");
  let_pass(1500ms);
  EXPECT_EQ(reader_process(), process);
  insert("1");
  EXPECT_EQ(ids(*reader, 1), Ids{"1"});
}

TEST_F(PostgresSource, goes_on_within_a_transaction_behind_what_is_settled) {
  auto const reader = source();
  reader->read(100);
  server().sql("INSERT INTO eventuate.message (id, destination, headers, payload) "
               "SELECT i, 'orders', '{}', 'p' FROM generate_series(1, 1000) i");
  std::size_t given = 0;
  int breaks = 0;
  EXPECT_TRUE(eventually([&] {
    try {
      auto const rows = reader->read(50).rows;
      for (auto const& row : rows) {
        EXPECT_EQ(row.id, std::to_string(++given));
        reader->settled(row.place.value());
      }
      if (rows.empty()) return false;
      // However the session ends, and whether the server or we end it.
      if (++breaks % 2 == 0) {
        reader->rewind();
      } else {
        server().sql("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots");
      }
    } catch (Error const& error) { EXPECT_NE(error.fault(), Fault::rejected) << error.what(); }
    return given >= 1000;
  }));
  EXPECT_EQ(given, 1000U);
  EXPECT_GT(breaks, 10);
}

TEST_F(PostgresSource, is_not_at_the_end_before_the_server_has_read_what_was_committed) {
  auto reader = source();
  reader->read(100);
  reader->flush();
  server().sql("INSERT INTO eventuate.message (id, destination, headers, payload) "
               "SELECT i, 'orders', '{}', repeat('x', 1000) FROM generate_series(1, 30000) i");
  std::size_t rows = 0;
  EXPECT_TRUE(eventually([&] {
    auto const batch = reader->read(1000);
    rows += batch.rows.size();
    return batch.rows.empty() && batch.at_end;
  }));
  EXPECT_EQ(rows, 30'000U);
}

TEST_F(PostgresSource, another_server_s_transactions_are_shown_from_their_beginning) {
  auto const reader = source();
  reader->read(100);
  reader->settled({.transaction = LogPosition{1}, .row = 1'000'000});
  insert("1");
  EXPECT_EQ(ids(*reader, 1), Ids{"1"});
}

TEST_F(PostgresSource, survives_a_crash_of_the_server) {
  auto const reader = source();
  reader->read(100);
  insert("1");
  EXPECT_EQ(ids(*reader, 1), Ids{"1"});
  server().stop("immediate");
  EXPECT_EQ(error_of(*reader).fault(), Fault::broken);
  EXPECT_FALSE(reader->status().connected);
  EXPECT_EQ(error_of(*reader).fault(), Fault::transient);
  server().start();
  insert("2");
  EXPECT_EQ(ids_through_trouble(*reader, 2), (Ids{"1", "2"}));
}

TEST_F(PostgresSource, survives_a_connection_cut_in_the_middle_of_a_packet) {
  TcpProxy proxy{server().port()};
  auto const reader = postgres::change_source(config(proxy.port()), clock_);
  reader->read(100);
  proxy.cut_after(5'000);
  server().sql("INSERT INTO eventuate.message (id, destination, headers, payload) "
               "SELECT i, 'orders', '{}', repeat('x', 300) FROM generate_series(1, 50) i");
  std::vector<std::string> all;
  int cuts = 0;
  EXPECT_TRUE(eventually([&] {
    try {
      for (auto const& row : reader->read(100).rows) all.push_back(row.id);
      wait(*reader);
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::broken) << error.what();
      ++cuts;
      all.clear();
    }
    return all.size() == 50;
  }));
  EXPECT_EQ(cuts, 1);
}

TEST_F(PostgresSource, follows_the_columns_of_the_table_by_name) {
  auto const reader = source();
  reader->read(100);
  insert("1");
  server().sql("ALTER TABLE eventuate.message DROP COLUMN headers, ADD COLUMN extra int, ADD "
               "COLUMN headers jsonb, ADD COLUMN dbid bigint");
  server().sql("INSERT INTO eventuate.message (id, destination, headers, payload, dbid) VALUES "
               "('', 'orders', '{\"A\":\"b\"}', 'p', 7)");
  auto const rows = read(*reader, 2);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].headers, "{}");
  EXPECT_EQ(rows[1].headers, "{\"A\": \"b\"}");
  EXPECT_EQ(rows[1].database_id, 7);
}

TEST_F(PostgresSource, reads_a_table_of_any_schema_and_of_none) {
  server().sql(
      "DROP SCHEMA IF EXISTS custom CASCADE; CREATE SCHEMA custom; CREATE TABLE custom.message "
      "(LIKE eventuate.message); "
      "DROP TABLE IF EXISTS public.message; CREATE TABLE public.message (LIKE eventuate.message)");
  for (auto const* const schema : {"custom", "none"}) {
    auto wanted = config();
    wanted.schema = SchemaName{schema};
    wanted.slot = wanted.publication = std::string{"tram_"} + schema;
    server().sql("DROP PUBLICATION IF EXISTS " + wanted.publication);
    auto const reader = postgres::change_source(wanted, clock_);
    reader->read(100);
    server().sql("INSERT INTO " + wanted.schema.qualify("message") +
                 " VALUES ('here', 'orders', '{}', 'p')");
    EXPECT_EQ(ids(*reader, 1), Ids{"here"}) << schema;
  }
}

TEST_F(PostgresSource, measures_the_log_that_its_slot_keeps) {
  auto eager = config();
  eager.look_interval = 10ms;
  auto const reader = postgres::change_source(eager, clock_);
  reader->read(100);
  server().sql("INSERT INTO other SELECT generate_series(1, 50000)");
  EXPECT_TRUE(eventually([&] {
    reader->keep_alive();
    return reader->status().behind.value_or(0) > 1'000'000;
  }));
}

TEST_F(PostgresSource, of_two_relays_one_stands_by_and_takes_over) {
  auto first = source();
  first->read(100);
  auto const second = source();
  second->read(100);
  EXPECT_TRUE(second->status().standby);
  EXPECT_FALSE(second->status().connected);
  EXPECT_NE(second->status().trouble.find("is being read by another relay"), std::string::npos)
      << second->status().trouble;
  insert("1");
  first.reset();
  EXPECT_EQ(ids_through_trouble(*second, 1), Ids{"1"});
  EXPECT_FALSE(second->status().standby);
}

TEST_F(PostgresSource, a_server_that_is_down_at_the_start_is_waited_for) {
  auto const reader = source();
  server().stop("fast");
  EXPECT_EQ(error_of(*reader).fault(), Fault::transient);
  server().start();
  EXPECT_TRUE(eventually([&] {
    try {
      reader->read(100);
      return reader->status().connected;
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::transient);
      return false;
    }
  }));
}

TEST_F(PostgresSource, a_server_that_falls_silent_is_given_up) {
  TcpProxy proxy{server().port()};
  auto eager = config(proxy.port());
  eager.probe_interval = 50ms;
  eager.silence_max = 300ms;
  auto const reader = postgres::change_source(eager, clock_);
  reader->read(100);
  proxy.withhold_answers(1);
  EXPECT_TRUE(eventually([&] {
    try {
      reader->read(100);
      wait(*reader);
      return false;
    } catch (Error const& error) { return error.fault() == Fault::broken; }
  }));
  proxy.withhold_answers(0);
  insert("1");
  EXPECT_EQ(ids_through_trouble(*reader, 1), Ids{"1"});
}

TEST_F(PostgresSource, refuses_a_table_that_does_not_exist) {
  server().sql("DROP TABLE eventuate.message");
  EXPECT_EQ(
      rejection(config()),
      place() +
          "table eventuate.message does not exist; create the tables (\"tram schema install\") or "
          "correct the schema's name");
}

TEST_F(PostgresSource, refuses_a_publication_without_the_table) {
  server().sql("CREATE PUBLICATION tram FOR TABLE other");
  EXPECT_EQ(rejection(config()), place() +
                                     "publication 'tram' does not show \"eventuate\".\"message\"; "
                                     "run: ALTER PUBLICATION \"tram\" "
                                     "ADD TABLE \"eventuate\".\"message\"");
}

TEST_F(PostgresSource, refuses_a_publication_without_inserts) {
  server().sql("CREATE PUBLICATION tram FOR TABLE eventuate.message WITH (publish = 'update')");
  EXPECT_EQ(rejection(config()), place() + "publication 'tram' does not show inserts; run: ALTER "
                                           "PUBLICATION \"tram\" SET (publish = 'insert')");
}

TEST_F(PostgresSource, refuses_to_make_what_it_may_not_make) {
  auto careful = config();
  careful.new_slot = NewSlot::refuse;
  EXPECT_EQ(rejection(careful),
            place() +
                "publication 'tram' does not exist; run: CREATE PUBLICATION \"tram\" FOR TABLE "
                "\"eventuate\".\"message\" WITH (publish = 'insert', "
                "publish_via_partition_root = true)");
  server().sql("CREATE PUBLICATION tram FOR TABLE eventuate.message WITH (publish = 'insert')");
  EXPECT_EQ(rejection(careful),
            place() +
                "slot 'tram' does not exist; make it before the first message is sent: SELECT "
                "pg_create_logical_replication_slot('tram', 'pgoutput')");
}

TEST_F(PostgresSource, refuses_to_make_a_slot_that_would_never_show_rows_of_before) {
  insert("1");
  EXPECT_EQ(rejection(config()),
            place() + "slot 'tram' does not exist, and the outbox already holds "
                      "rows that a new slot would never show; start with --new-slot "
                      "publish_existing_rows, which publishes the rows of the table "
                      "and then the log, take over the slot of the relay that read "
                      "them so far (\"tram-cdc takeover\"), or start with --new-slot "
                      "skip_existing_rows when they are published");
  EXPECT_EQ(server().sql("SELECT count(*) FROM pg_replication_slots"), "0");
  auto skipping = config();
  skipping.new_slot = NewSlot::skip_existing_rows;
  auto const reader = postgres::change_source(skipping, clock_);
  reader->read(100);
  insert("2");
  EXPECT_EQ(ids(*reader, 1), Ids{"2"});
}

TEST_F(PostgresSource, refuses_a_slot_of_another_plugin) {
  server().sql("SELECT pg_create_logical_replication_slot('tram', 'test_decoding')");
  EXPECT_EQ(rejection(config()), place() + "slot 'tram' was made for the plugin 'test_decoding'; "
                                           "name another slot, or take over from its "
                                           "reader with \"tram-cdc takeover\"");
}

TEST_F(PostgresSource, refuses_a_slot_of_another_database) {
  server().sql("DROP DATABASE IF EXISTS elsewhere");
  server().sql("CREATE DATABASE elsewhere");
  server().sql("SELECT pg_create_logical_replication_slot('tram', 'pgoutput')", "elsewhere");
  EXPECT_EQ(
      rejection(config()),
      place() +
          "slot 'tram' belongs to database 'elsewhere'; connect to that one or name another slot");
  server().sql("SELECT pg_drop_replication_slot('tram')", "elsewhere");
}

TEST_F(PostgresSource, makes_a_slot_anew_that_is_older_than_its_publication) {
  server().sql("SELECT pg_create_logical_replication_slot('tram', 'pgoutput')");
  insert("1");
  auto const reader = source();
  std::string trouble;
  std::vector<std::string> all;
  EXPECT_TRUE(eventually([&] {
    try {
      for (auto const& row : reader->read(100).rows) {
        all.push_back(row.id);
        if (row.ends_at) reader->confirm(*row.ends_at);
      }
      wait(*reader);
    } catch (Error const& error) { trouble = error.what(); }
    return !trouble.empty() && reader->status().connected;
  }));
  EXPECT_NE(trouble.find("publication \"tram\" does not exist (SQLSTATE 42704); the slot is older "
                         "than the publication"),
            std::string::npos)
      << trouble;
  EXPECT_EQ(all.back(), "1");
  insert("2");
  EXPECT_EQ(ids(*reader, 1), Ids{"2"});
}

TEST_F(PostgresSource, refuses_a_slot_older_than_its_publication_where_it_may_make_none) {
  server().sql("SELECT pg_create_logical_replication_slot('tram', 'pgoutput')");
  insert("1");
  server().sql("CREATE PUBLICATION tram FOR TABLE eventuate.message WITH (publish = 'insert')");
  auto careful = config();
  careful.new_slot = NewSlot::refuse;
  auto const reader = postgres::change_source(careful, clock_);
  std::string trouble;
  EXPECT_TRUE(eventually([&] {
    try {
      reader->read(100);
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::rejected);
      trouble = error.what();
    }
    return !trouble.empty();
  }));
  EXPECT_NE(trouble.find("drop it (SELECT pg_drop_replication_slot('tram')), and start with "
                         "--new-slot publish_existing_rows"),
            std::string::npos)
      << trouble;
}

TEST_F(PostgresSource, refuses_a_role_without_the_replication_privilege) {
  server().sql("DROP ROLE IF EXISTS weak; CREATE ROLE weak LOGIN");
  auto wanted = config();
  wanted.connection += " user=weak";
  EXPECT_EQ(rejection(wanted),
            "postgresql: role 'weak' may not read the log of postgresql '127.0.0.1:" +
                std::to_string(server().port()) + "/postgres'; run: ALTER ROLE weak REPLICATION");
}

TEST_F(PostgresSource, tells_who_is_to_make_the_publication_when_the_role_may_not) {
  server().sql("DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN REPLICATION; GRANT USAGE ON "
               "SCHEMA eventuate TO reader; "
               "GRANT SELECT ON eventuate.message TO reader");
  auto wanted = config();
  wanted.connection += " user=reader";
  auto const text = rejection(wanted);
  EXPECT_NE(text.find("let the owner of the table run: CREATE PUBLICATION \"tram\" FOR TABLE "
                      "\"eventuate\".\"message\""),
            std::string::npos)
      << text;
  server().sql("CREATE PUBLICATION tram FOR TABLE eventuate.message WITH (publish = 'insert')");
  auto const reader = postgres::change_source(wanted, clock_);
  reader->read(100);
  insert("1");
  EXPECT_EQ(ids(*reader, 1), Ids{"1"});
  server().sql("DROP OWNED BY reader");
}

TEST(PostgresSourceSettings, refuses_a_server_whose_log_does_not_show_rows) {
  PostgresServer plain{"-c wal_level=replica"};
  plain.sql("CREATE SCHEMA eventuate; CREATE TABLE eventuate.message (id text, destination text, "
            "headers text, payload text)");
  SystemClock clock;
  auto const reader = postgres::change_source({.connection = plain.connection()}, clock);
  try {
    reader->read(100);
    FAIL();
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::rejected);
    EXPECT_EQ(
        std::string{error.what()},
        "postgresql: cannot read the log of postgresql '127.0.0.1:" + std::to_string(plain.port()) +
            "/postgres': the server's wal_level is 'replica', which does not show rows; set "
            "wal_level = "
            "logical and restart the server");
  }
}

TEST(PostgresSourceSettings, refuses_a_slot_that_lost_its_log) {
  PostgresServer small{"-c max_slot_wal_keep_size=1MB -c min_wal_size=32MB -c max_wal_size=32MB"};
  small.sql("CREATE SCHEMA eventuate; CREATE TABLE eventuate.message (id text, destination text, "
            "headers text, payload text, published int); "
            "CREATE PUBLICATION tram FOR TABLE eventuate.message");
  small.sql("SELECT pg_create_logical_replication_slot('tram', 'pgoutput')");
  for (int i = 0; i < 4; ++i) {
    small.sql("SELECT pg_logical_emit_message(false, 'x', repeat('x', 1000000))");
    small.sql("SELECT pg_switch_wal()");
    small.sql("CHECKPOINT");
  }
  ASSERT_EQ(small.sql("SELECT wal_status FROM pg_replication_slots"), "lost");
  SystemClock clock;
  auto const reader = postgres::change_source({.connection = small.connection()}, clock);
  try {
    reader->read(100);
    FAIL();
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::rejected);
    EXPECT_NE(std::string{error.what()}.find(
                  "slot 'tram' has lost its log (max_slot_wal_keep_size): rows committed after "),
              std::string::npos)
        << error.what();
  }
}

TEST(PostgresSourceSettings, a_wrong_password_is_rejected) {
  PostgresServer guarded;
  guarded.sql("ALTER ROLE postgres PASSWORD 'right'");
  auto const hba = guarded.sql("SHOW hba_file");
  { std::ofstream{hba} << "host all all 127.0.0.1/32 scram-sha-256\n"; }
  guarded.sql("SELECT pg_reload_conf()");
  SystemClock clock;
  auto const reader =
      postgres::change_source({.connection = guarded.connection() + " password=wrong"}, clock);
  std::string text;
  EXPECT_TRUE(eventually([&] {
    try {
      reader->read(100);
      return false;
    } catch (Error const& error) {
      text = error.what();
      return error.fault() == Fault::rejected && text.find("28P01") != std::string::npos;
    }
  })) << text;
  EXPECT_NE(text.find("correct the password"), std::string::npos);
}

}  // namespace
}  // namespace tram::testing
