#include "change_source_contract.hpp"
#include "database_contract.hpp"
#include "postgres_server.hpp"
#include "tram/postgres/change_source.hpp"
#include "tram/postgres/postgres.hpp"
#include "tram/storage/schema.hpp"

namespace tram::contract {
namespace {

using testing::eventually;
using testing::PostgresServer;

PostgresServer& server() {
  static PostgresServer instance;
  return instance;
}

struct PostgresHarness {
  PostgresHarness() {
    cut_connections();
    eventually([] {
      return server().sql("SELECT count(*) FROM pg_replication_slots WHERE active") == "0";
    });
    server().sql("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots");
    server().sql("DROP PUBLICATION IF EXISTS tram; DROP SCHEMA IF EXISTS eventuate CASCADE");
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

INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, DatabaseContract, PostgresDatabaseHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, ChangeSourceContract, PostgresHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, ConnectedChangeSourceContract, PostgresHarness);

}  // namespace
}  // namespace tram::contract
