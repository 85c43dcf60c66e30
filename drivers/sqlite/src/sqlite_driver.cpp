#include <atomic>
#include <filesystem>
#include <utility>

#include "database_file.hpp"
#include "file_status.hpp"
#include "sqlite_connection.hpp"
#include "tram/base/mutex.hpp"
#include "tram/sql/statement_text.hpp"
#include "tram/sqlite/adopt.hpp"
#include "tram/sqlite/dialect.hpp"
#include "tram/sqlite/outbox_source.hpp"
#include "tram/sqlite/sqlite.hpp"

namespace tram::sqlite {
namespace {

bool is_private_memory(std::string const& path) {
  return path.empty() || path.starts_with(":memory:") || path.starts_with("file::memory:");
}

bool is_about_the_file(int code) {
  int const primary = code & 0xff;
  return primary == SQLITE_NOTADB || primary == SQLITE_CANTOPEN;
}

class SqliteDriver final : public OutboxDriver {
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
    if (has_connected_) require_file();
    require_log();
    try {
      auto connection =
          std::make_unique<SqliteConnection>(config_, clock_, random_, deadline, connections_);
      has_connected_ = true;
      note_log();
      return connection;
    } catch (Error const& error) {
      // At first it is the path that is wrong, and later what happened to the file.
      if (has_connected_ || !is_about_the_file(error.native_code())) throw;
      throw Error{Fault::rejected, error.what(), error.native_code()};
    }
  }
  [[nodiscard]] Dialect const& dialect() const override { return sqlite::dialect; }
  [[nodiscard]] std::string name() const override { return "sqlite '" + config_.path + "'"; }
  [[nodiscard]] std::unique_ptr<OutboxSource> outbox(
      OutboxSourceOptions const& options) const override {
    return outbox_source({.path = config_.path, .table = options.table, .relay = options.relay},
                         clock_, random_);
  }

 private:
  /// A new and empty one in its place would hide that everything is gone.
  void require_file() const {
    auto const file = file_of(config_.path);
    if (!file || std::filesystem::exists(*file)) return;
    throw Error{Fault::transient,
                "sqlite: the database file '" + *file +
                    "' was removed while it was in use; put it back, or restart to begin with a "
                    "new one"};
  }

  /// A log that was removed is still written to by the connections that have it open. They save it,
  /// one after the other; a new connection beside them would begin another one too early.
  void require_log() {
    auto const file = file_of(config_.path);
    Lock const lock{mutex_};
    bool const others_are_open = connections_.use_count() > 1;
    if (!file || !others_are_open || !log_ || *log_ == log_files_of(true_path(*file))) return;
    throw Error{Fault::transient, "sqlite: the database file '" + *file + "' " +
                                      to_text(FileStatus::State::log_busy)};
  }
  void note_log() {
    auto const file = file_of(config_.path);
    if (!file) return;
    Lock const lock{mutex_};
    log_ = log_files_of(true_path(*file));
  }

  Config config_;
  Clock& clock_;
  Random& random_;
  Mutex mutex_;
  /// Beside the newest connection when that was made.
  std::optional<LogFiles> log_ TRAM_GUARDED_BY(mutex_);
  /// Shared with the connections, which are counted by it.
  std::shared_ptr<void> connections_{std::make_shared<char>()};
  std::atomic<bool> has_connected_{};
  /// Keeps a database in memory alive while nobody else is connected.
  Handle anchor_;
};

}  // namespace

std::string memory_path(Random& random) {
  return "file:/tram-" + random_uuid(random) + "?vfs=memdb";
}

std::unique_ptr<OutboxDriver> driver(Config const& config, Clock& clock, Random& random) {
  return std::make_unique<SqliteDriver>(config, clock, random);
}

Database connect(Config const& config, PoolOptions const& options, Clock& clock, Random& random) {
  return Database{driver(config, clock, random), options, clock, random};
}

AdoptedTransaction::AdoptedTransaction(sqlite3* connection) : connection_{connection} {
  if (connection == nullptr) {
    throw Error{Fault::rejected, "sqlite: the adopted connection is a null pointer; open it first"};
  }
  if (::sqlite3_get_autocommit(connection) == 0) return;
  throw Error{Fault::rejected,
              "sqlite: the adopted connection has no transaction open; begin one first, so that "
              "what is sent is committed with it"};
}

Rows AdoptedTransaction::execute_statement(std::string_view sql, Parameters parameters) {
  if (::sqlite3_get_autocommit(connection_) != 0) {
    throw Error{Fault::rejected, "sqlite: the adopted transaction is over; send before it commits"};
  }
  refuse_transaction_control(sql, dialect.lexical_rules);
  return Statement{connection_, sql}.run(parameters);
}

}  // namespace tram::sqlite
