#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tram/base/clock.hpp"
#include "tram/base/random.hpp"
#include "tram/schema/schema.hpp"
#include "tram/sql/statement_executor.hpp"
#include "tram/sqlite/change_source.hpp"
#include "tram/sqlite/sqlite.hpp"

namespace tram::testing {

/// An application's database file with an outbox, and a table of its own: orders (id, name).
class AdoptedOutbox {
 public:
  AdoptedOutbox() {
    install_schema(database_, SchemaName::none());
    database_.transact([](Transaction& tx) {
      tx.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, name TEXT)");
    });
  }
  ~AdoptedOutbox() { std::filesystem::remove_all(folder_); }
  AdoptedOutbox(AdoptedOutbox const&) = delete;
  AdoptedOutbox& operator=(AdoptedOutbox const&) = delete;

  [[nodiscard]] std::string path() const { return (folder_ / "orders.db").string(); }
  /// The payloads of messages that a relay has not seen yet.
  std::vector<std::string> relayed() {
    std::vector<std::string> payloads;
    for (auto const& row : source_->read(100).rows) payloads.push_back(row.payload.value_or("-"));
    return payloads;
  }
  std::int64_t orders() {
    return database_.transact({.access = Access::read_only}, [](Transaction& tx) {
      return tx.execute("SELECT count(*) FROM orders")[0].get<std::int64_t>(0);
    });
  }

 private:
  static std::filesystem::path new_folder() {
    auto name = (std::filesystem::temp_directory_path() / "tram-adopt-XXXXXX").string();
    return ::mkdtemp(name.data());
  }

  std::filesystem::path folder_{new_folder()};
  SystemClock clock_;
  SystemRandom random_;
  Database database_ = sqlite::connect({.path = path()}, {}, clock_, random_);
  std::unique_ptr<ChangeSource> source_ = sqlite::change_source({.path = path()}, clock_);
};

/// What the outbox does with a transaction, whoever owns it.
inline void insert_message(StatementExecutor& tx, std::string const& id,
                           std::string const& payload) {
  auto const rows = tx.execute("INSERT INTO message (id, destination, headers, payload, published, "
                               "creation_time) VALUES (?, ?, ?, ?, ?, ?)",
                               id, "orders", "{\"ID\":\"" + id + "\"}", payload, 0, 1);
  EXPECT_EQ(rows.affected(), 1);
}

}  // namespace tram::testing
