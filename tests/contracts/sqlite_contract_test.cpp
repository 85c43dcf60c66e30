#include "outbox_file.hpp"
#include "tram/schema/schema.hpp"
#include "tram/sqlite/change_source.hpp"
#include "tram/sqlite/kit.hpp"
#include "tram/sqlite/sqlite.hpp"
#include "tram/testkit/change_source_contract.hpp"
#include "tram/testkit/database_contract.hpp"
#include "tram/testkit/held_messages_contract.hpp"
#include "tram/testkit/inbox_contract.hpp"
#include "tram/testkit/outbox_contract.hpp"
#include "tram/testkit/outbox_source_contract.hpp"

namespace tram::testkit {
namespace {

using tram::testing::OutboxFile;
using tram::testing::RawConnection;
using tram::testing::TemporaryFolder;

struct SqliteSourceHarness {
  void commit(std::vector<OutboxRow> const& rows) { write(rows, "COMMIT"); }
  void roll_back(std::vector<OutboxRow> const& rows) { write(rows, "ROLLBACK"); }
  std::unique_ptr<ChangeSource> source(Clock& clock) {
    return sqlite::change_source({.path = file.path(), .poll_interval = std::chrono::hours{1}},
                                 clock);
  }

 private:
  void write(std::vector<OutboxRow> const& rows, std::string const& end) {
    connection.run("BEGIN");
    for (auto const& row : rows) {
      connection.run("INSERT INTO message (id, destination, headers, payload) VALUES ('" + row.id +
                     "', '" + row.destination + "', '" + row.headers.value() + "', '" +
                     row.payload.value() + "')");
    }
    connection.run(end);
  }
  OutboxFile file;
  RawConnection connection{file.path()};
};

struct SqliteDatabaseHarness {
  Database database(Clock& clock, Random& random) {
    return sqlite::connect({.path = (folder.path() / "contract.db").string(),
                            .statements = {"PRAGMA foreign_keys = ON"}},
                           {}, clock, random);
  }

 private:
  TemporaryFolder folder;
};

struct SqliteTablesHarness {
  SqliteTablesHarness() {
    auto first = database(clock, random);
    install_schema(first, SchemaName{});
  }
  Database database(Clock& its_clock, Random& its_random) {
    return sqlite::connect({.path = path()}, {}, its_clock, its_random);
  }
  // A writer waits at the very beginning of its transaction, where nobody can see it.
  void wait_for_waiting() {}

 private:
  [[nodiscard]] std::string path() const { return (folder.path() / "contract.db").string(); }
  TemporaryFolder folder;
  SystemClock clock;
  SystemRandom random;
};

struct SqliteKitHarness {
  static DatabaseKit const& kit() { return sqlite::kit; }
  [[nodiscard]] std::string url() const {
    return "sqlite:" + (folder.path() / "contract.db").string();
  }

 private:
  TemporaryFolder folder;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, StatementContract, SqliteDatabaseHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, TransactionContract, SqliteDatabaseHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, OutboxContract, SqliteTablesHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, InboxContract, SqliteTablesHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, HeldMessagesContract, SqliteTablesHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, OutboxSourceContract, SqliteKitHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, ChangeSourceContract, SqliteSourceHarness);

}  // namespace
}  // namespace tram::testkit
