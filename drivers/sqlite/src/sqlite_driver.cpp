#include <utility>

#include "sqlite_connection.hpp"
#include "tram/base/assert.hpp"
#include "tram/sql/statement_text.hpp"
#include "tram/sqlite/adopt.hpp"
#include "tram/sqlite/sqlite.hpp"

namespace tram::sqlite {
namespace {

bool is_private_memory(std::string const& path) {
  return path.empty() || path.starts_with(":memory:") || path.starts_with("file::memory:");
}

class SqliteDriver final : public DatabaseDriver {
 public:
  SqliteDriver(Config config, Clock& clock, Random& random)
      : config_{std::move(config)}, clock_{clock}, random_{random} {
    if (is_private_memory(config_.path)) {
      throw Error{Fault::rejected, "sqlite: '" + config_.path +
                                       "' is a database of one connection only; take a path from "
                                       "tram::sqlite::memory_path"};
    }
    if (config_.path.find("vfs=memdb") != std::string::npos) {
      anchor_ = open_handle(config_.path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    }
  }

  std::unique_ptr<Connection> connect(Deadline deadline) override {
    return std::make_unique<SqliteConnection>(config_, clock_, random_, deadline);
  }
  [[nodiscard]] Dialect const& dialect() const override { return sqlite_dialect(); }
  [[nodiscard]] std::string name() const override { return "sqlite '" + config_.path + "'"; }

 private:
  Config config_;
  Clock& clock_;
  Random& random_;
  /// Keeps a database in memory alive while nobody else is connected.
  Handle anchor_;
};

}  // namespace

std::string memory_path(Random& random) {
  return "file:/tram-" + random_uuid(random) + "?vfs=memdb";
}

std::unique_ptr<DatabaseDriver> driver(Config const& config, Clock& clock, Random& random) {
  return std::make_unique<SqliteDriver>(config, clock, random);
}

Database connect(Config const& config, PoolOptions const& options, Clock& clock, Random& random) {
  return Database{driver(config, clock, random), options, clock, random};
}

AdoptedTransaction::AdoptedTransaction(sqlite3* connection) : connection_{connection} {
  TRAM_ASSERT(connection != nullptr, "a connection to adopt");
  if (::sqlite3_get_autocommit(connection) == 0) return;
  throw Error{Fault::rejected,
              "sqlite: the adopted connection has no transaction open; begin one first, so that "
              "what is sent is committed with it"};
}

Rows AdoptedTransaction::execute_statement(std::string_view sql, Parameters parameters) {
  if (::sqlite3_get_autocommit(connection_) != 0) {
    throw Error{Fault::rejected, "sqlite: the adopted transaction is over; send before it commits"};
  }
  refuse_transaction_control(sql, LexicalRules::sqlite);
  return Statement{connection_, sql}.run(parameters);
}

}  // namespace tram::sqlite
