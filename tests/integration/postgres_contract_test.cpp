#include "postgres_server.hpp"
#include "tram/postgres/change_source.hpp"
#include "tram/postgres/kit.hpp"
#include "tram/postgres/postgres.hpp"
#include "tram/schema/schema.hpp"
#include "tram/testkit/change_source_contract.hpp"
#include "tram/testkit/connected_change_source_contract.hpp"
#include "tram/testkit/database_contract.hpp"
#include "tram/testkit/held_messages_contract.hpp"
#include "tram/testkit/inbox_contract.hpp"
#include "tram/testkit/outbox_contract.hpp"
#include "tram/testkit/outbox_source_contract.hpp"

namespace tram::testkit {
namespace {

using tram::testing::eventually;
using tram::testing::forget_outbox;
using tram::testing::PostgresServer;

PostgresServer& server() {
  static PostgresServer instance;
  return instance;
}

struct PostgresSourceHarness {
  PostgresSourceHarness() {
    forget_outbox(server());
    SystemClock clock;
    SystemRandom random;
    auto database = postgres::connect({.connection = server().connection()}, {}, clock, random);
    install_schema(database, SchemaName{});
  }
  void commit(std::vector<OutboxRow> const& rows) { write(rows, "COMMIT"); }
  void roll_back(std::vector<OutboxRow> const& rows) { write(rows, "ROLLBACK"); }
  std::unique_ptr<ChangeSource> source(Clock& clock) {
    return postgres::change_source(
        {.connection = server().connection(), .status_interval = std::chrono::milliseconds{1}},
        clock);
  }
  void cut_connections() {
    server().sql("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active");
  }

 private:
  static void write(std::vector<OutboxRow> const& rows, std::string const& end) {
    std::string sql{"BEGIN; "};
    for (auto const& row : rows) {
      sql += "INSERT INTO eventuate.message (id, destination, headers, payload) VALUES ('" +
             row.id + "', '" + row.destination + "', '" + row.headers.value() + "', '" +
             row.payload.value() + "'); ";
    }
    server().sql(sql + end);
  }
};

struct PostgresDatabaseHarness {
  Database database(Clock& clock, Random& random) {
    return postgres::connect({.connection = server().connection()}, {}, clock, random);
  }
};

struct PostgresTablesHarness {
  PostgresTablesHarness() {
    server().sql("SET client_min_messages = warning; DROP SCHEMA IF EXISTS eventuate CASCADE");
    auto first = database(clock, random);
    install_schema(first, SchemaName{});
  }
  Database database(Clock& its_clock, Random& its_random) {
    return postgres::connect({.connection = server().connection()}, {}, its_clock, its_random);
  }
  void wait_for_waiting() {
    EXPECT_TRUE(eventually([] {
      return server().sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") !=
             "0";
    }));
  }

 private:
  SystemClock clock;
  SystemRandom random;
};

struct PostgresKitHarness {
  PostgresKitHarness() { forget_outbox(server()); }
  static DatabaseKit const& kit() { return postgres::kit; }
  [[nodiscard]] static std::string url() {
    return "postgresql://postgres@127.0.0.1:" + std::to_string(server().port()) + "/postgres";
  }
};

INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, StatementContract, PostgresDatabaseHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, TransactionContract, PostgresDatabaseHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, OutboxContract, PostgresTablesHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, InboxContract, PostgresTablesHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, HeldMessagesContract, PostgresTablesHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, OutboxSourceContract, PostgresKitHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, ChangeSourceContract, PostgresSourceHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, ConnectedChangeSourceContract, PostgresSourceHarness);

}  // namespace
}  // namespace tram::testkit
