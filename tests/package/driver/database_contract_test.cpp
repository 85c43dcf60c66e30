#include <chrono>
#include <filesystem>
#include <tram/connect/database.hpp>
#include <tram/relay/outbox_source.hpp>
#include <tram/schema/schema.hpp>
#include <tram/testkit/change_source_contract.hpp>
#include <tram/testkit/database_contract.hpp>
#include <tram/testkit/held_messages_contract.hpp>
#include <tram/testkit/inbox_contract.hpp>
#include <tram/testkit/outbox_contract.hpp>
#include <tram/testkit/outbox_source_contract.hpp>

#include <stdlib.h>

#include "counting.hpp"

namespace tram::testkit {
namespace {

/// A file of its own for each test, opened by its URL from a program's own list of drivers.
class CountingHarness {
 public:
  CountingHarness() = default;
  ~CountingHarness() { std::filesystem::remove_all(folder_); }
  CountingHarness(CountingHarness const&) = delete;
  CountingHarness& operator=(CountingHarness const&) = delete;

  static DatabaseKit const& kit() { return counting::database_kit; }
  [[nodiscard]] std::string url() const { return "counting:" + (folder_ / "orders.db").string(); }
  [[nodiscard]] Database database(Clock& clock, Random& random) const {
    return connect::database(url(), {kit()}, {clock, random, {}});
  }
  [[nodiscard]] std::unique_ptr<ChangeSource> source(Clock& clock) {
    return outbox_of(database(clock, random_))->change_source();
  }

 private:
  static std::filesystem::path new_folder() {
    auto name = (std::filesystem::temp_directory_path() / "counting-XXXXXX").string();
    return ::mkdtemp(name.data());
  }
  std::filesystem::path folder_{new_folder()};
  SystemRandom random_;
};

/// With Tram's tables.
struct TablesHarness : CountingHarness {
  TablesHarness() { install_schema(installed, SchemaName{}); }
  /// A writer waits at the beginning of its transaction, where it cannot be seen.
  void wait_for_waiting() {}

  SystemClock clock;
  SystemRandom random;
  Database installed{database(clock, random)};
};

struct SourceHarness : TablesHarness {
  void commit(std::vector<OutboxRow> const& rows) {
    installed.transact([&](Transaction& tx) { write(tx, rows); });
  }
  void roll_back(std::vector<OutboxRow> const& rows) {
    installed.transact([&](Transaction& tx) {
      Savepoint savepoint{tx};
      write(tx, rows);
      savepoint.roll_back();
    });
  }
  static void write(Transaction& tx, std::vector<OutboxRow> const& rows) {
    for (auto const& row : rows) {
      tx.execute("INSERT INTO message (id, destination, headers, payload) VALUES (?, ?, ?, ?)",
                 row.id, row.destination, row.headers, row.payload);
    }
  }
};

INSTANTIATE_TYPED_TEST_SUITE_P(Counting, StatementContract, CountingHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Counting, TransactionContract, CountingHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Counting, OutboxContract, TablesHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Counting, InboxContract, TablesHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Counting, HeldMessagesContract, TablesHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Counting, OutboxSourceContract, CountingHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Counting, ChangeSourceContract, SourceHarness);

TEST(CountingDatabase, counts_the_statements_that_it_runs) {
  TablesHarness harness;
  auto const before = counting::statements.load();
  harness.installed.transact([](Transaction& tx) { tx.execute("SELECT 1"); });
  EXPECT_GT(counting::statements, before);
}

}  // namespace
}  // namespace tram::testkit
