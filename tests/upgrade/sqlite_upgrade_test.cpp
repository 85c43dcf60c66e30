#include "outbox_file.hpp"
#include "tram/sqlite/change_source.hpp"
#include "tram/sqlite/sqlite.hpp"
#include "upgrade_suite.hpp"

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
  std::unique_ptr<ChangeSource> source(Clock& clock) {
    return sqlite::change_source({.path = path_}, clock);
  }

 private:
  TemporaryFolder folder_;
  std::string path_ = (folder_.path() / "orders.db").string();
};

INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, UpgradeSuite, SqliteTables);

}  // namespace
}  // namespace tram::testing
