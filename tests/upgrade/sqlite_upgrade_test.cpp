#include "outbox_file.hpp"
#include "part_upgrade_suite.hpp"
#include "tram/sqlite/change_source.hpp"
#include "tram/sqlite/sqlite.hpp"

namespace tram::testing {
namespace {

class SqliteTables {
 public:
  static std::string tables_of_0_1() { return TRAM_UPGRADE_FILES "/tables_of_0_1.sqlite.sql"; }
  std::string sql(std::string const& text) {
    std::string value;
    auto const take = [](void* to, int columns, char** values, char** /*names*/) {
      auto& first = *static_cast<std::string*>(to);
      if (columns > 0 && first.empty() && values[0] != nullptr) first = values[0];
      return 0;
    };
    sqlite3* raw = nullptr;
    EXPECT_EQ(sqlite3_open(path_.c_str(), &raw), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(raw, text.c_str(), take, &value, nullptr), SQLITE_OK) << text;
    sqlite3_close(raw);
    return value;
  }
  Database database(Clock& clock, Random& random) {
    return sqlite::connect({.path = path_}, {}, clock, random);
  }
  /// `upgrade` ends with a statement that has no end.
  void kill_in_the_middle(auto const& upgrade) {
    auto const work = [&] {
      SystemClock clock;
      SystemRandom random;
      auto own = database(clock, random);
      upgrade(own, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) UPDATE "
                   "tram_held_key SET held_count = 0 WHERE (SELECT max(i) FROM n) < 0");
    };
    testing::kill_in_the_middle(work, [&] { return is_locked(); });
  }
  std::unique_ptr<ChangeSource> source(Clock& clock) {
    return sqlite::change_source({.path = path_}, clock);
  }

 private:
  [[nodiscard]] bool is_locked() const {
    sqlite3* raw = nullptr;
    EXPECT_EQ(sqlite3_open(path_.c_str(), &raw), SQLITE_OK);
    int const result = sqlite3_exec(raw, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr);
    sqlite3_close(raw);
    return result == SQLITE_BUSY;
  }

  TemporaryFolder folder_;
  std::string path_ = (folder_.path() / "orders.db").string();
};

INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, UpgradeSuite, SqliteTables);
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, PartUpgradeSuite, SqliteTables);

}  // namespace
}  // namespace tram::testing
