#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tram/base/error.hpp"
#include "tram/sql/connection.hpp"

namespace tram::testing {
class RawSqlConnection final : public Connection {
 public:
  explicit RawSqlConnection(std::string const& path) {
    sqlite3_open(path.c_str(), &db_);
    sqlite3_busy_timeout(db_, 5000);
  }
  ~RawSqlConnection() override { sqlite3_close(db_); }
  void begin(Access access, Deadline deadline) override {
    execute(access == Access::read_write ? "BEGIN IMMEDIATE" : "BEGIN", {}, deadline);
  }
  Rows execute(std::string_view sql, Parameters parameters, Deadline) override {
    sqlite3_stmt* statement = nullptr;
    check(sqlite3_prepare_v2(db_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr));
    int at = 0;
    for (auto const& each : parameters) {
      ++at;
      auto const& value = each.value();
      if (auto const* number = std::get_if<std::int64_t>(&value))
        sqlite3_bind_int64(statement, at, *number);
      if (auto const* text = std::get_if<std::string_view>(&value)) {
        sqlite3_bind_text(statement, at, text->data(), static_cast<int>(text->size()),
                          SQLITE_TRANSIENT);
      }
    }
    std::vector<Cell> cells;
    auto const columns = static_cast<std::size_t>(sqlite3_column_count(statement));
    int code = sqlite3_step(statement);
    for (; code == SQLITE_ROW; code = sqlite3_step(statement)) {
      for (int c = 0; c < static_cast<int>(columns); ++c) {
        switch (sqlite3_column_type(statement, c)) {
          case SQLITE_NULL: cells.emplace_back(); break;
          case SQLITE_INTEGER:
            cells.emplace_back(static_cast<std::int64_t>(sqlite3_column_int64(statement, c)));
            break;
          default:
            cells.emplace_back(
                std::string{reinterpret_cast<char const*>(sqlite3_column_text(statement, c)),
                            static_cast<std::size_t>(sqlite3_column_bytes(statement, c))});
        }
      }
    }
    sqlite3_finalize(statement);
    if (code != SQLITE_DONE) check(code);
    return Rows{columns, std::move(cells), sqlite3_changes(db_)};
  }
  void post(std::string_view sql, Parameters parameters, Deadline deadline) override {
    execute(sql, parameters, deadline);
  }
  void commit(Deadline deadline) override { execute("COMMIT", {}, deadline); }
  bool reset() noexcept override {
    if (sqlite3_get_autocommit(db_) == 0) sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
    return true;
  }

 private:
  void check(int code) {
    if (code != SQLITE_OK) throw Error{Fault::rejected, sqlite3_errmsg(db_), code};
  }
  sqlite3* db_{};
};

class RawDriver final : public DatabaseDriver {
 public:
  explicit RawDriver(std::string path) : path_{std::move(path)} {}
  std::unique_ptr<Connection> connect(Deadline) override {
    return std::make_unique<RawSqlConnection>(path_);
  }
  [[nodiscard]] Dialect const& dialect() const override { return sqlite_dialect(); }
  [[nodiscard]] std::string name() const override { return path_; }

 private:
  std::string path_;
};
}  // namespace tram::testing
