#include "change_source_contract.hpp"
#include "database_contract.hpp"
#include "outbox_file.hpp"
#include "tram/sqlite/change_source.hpp"
#include "tram/sqlite/sqlite.hpp"

namespace tram::contract {
namespace {

using testing::OutboxFile;
using testing::RawConnection;

struct SqliteHarness {
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
  testing::TemporaryFolder folder;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, DatabaseContract, SqliteDatabaseHarness);

// A file has no connection that could be cut.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ConnectedChangeSourceContract);
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, ChangeSourceContract, SqliteHarness);

}  // namespace
}  // namespace tram::contract
