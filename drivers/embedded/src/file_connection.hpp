#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tram/base/error.hpp"
#include "tram/embedded/embedded.hpp"

namespace tram::embedded {

/// One connection to the broker's file. One thread at a time. Faults of all calls: see `error`.
class FileConnection {
 public:
  enum class Missing : std::uint8_t { refuse, create };
  FileConnection(std::string const& path, Durability durability, Missing missing);
  /// To read only; makes nothing, the log beside the file included.
  explicit FileConnection(std::string const& path);

  /// Runs statements that give no rows. `operation` is for messages; see `error`.
  void run(char const* operation, char const* sql);
  [[nodiscard]] sqlite3* get() const { return handle_.get(); }
  /// Writes to the file what stands in the log that this connection has open; false when others are
  /// in the way or the disk is.
  bool write_back_log();
  [[nodiscard]] std::string const& path() const { return path_; }
  /// The last error. `operation` goes before the file's name: `append to`. Transient: the disk is
  /// full or in trouble, another program locks the file. Rejected: no broker's file, not writable,
  /// damaged.
  [[nodiscard]] Error error(int code, std::string const& operation) const;

 private:
  struct Close {
    void operator()(sqlite3* connection) const noexcept { ::sqlite3_close_v2(connection); }
  };
  std::string path_;
  std::unique_ptr<sqlite3, Close> handle_;
};

/// A value of a BLOB column; borrowed.
struct Bytes {
  std::string_view bytes;
};

/// A prepared statement. Must not outlive its connection.
class Statement {
 public:
  /// The rows of one run; resets the statement at its end.
  class Run {
   public:
    explicit Run(Statement const& statement) : statement_{statement} {}
    ~Run() { ::sqlite3_reset(statement_.get()); }
    Run(Run const&) = delete;
    Run& operator=(Run const&) = delete;

    /// False when there are no more rows, and what was asked for is done.
    bool next();
    [[nodiscard]] std::int64_t number(int column) const;
    [[nodiscard]] bool is_null(int column) const;
    [[nodiscard]] std::string bytes(int column) const;

   private:
    Statement const& statement_;
  };

  /// `operation` is for messages; see FileConnection::error.
  Statement(FileConnection& connection, char const* operation, char const* sql);

  /// Starts it with one value for each `?`. Texts and bytes are borrowed until the run ends.
  template <class... Values>
  [[nodiscard]] Run run(Values const&... values) {
    int place = 0;
    (bind(++place, values), ...);
    return Run{*this};
  }
  /// Runs it to its end.
  template <class... Values>
  void execute(Values const&... values) {
    auto rows = run(values...);
    while (rows.next()) {}
  }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { ::sqlite3_finalize(statement); }
  };
  [[nodiscard]] sqlite3_stmt* get() const { return statement_.get(); }
  void bind(int place, std::int64_t number);
  void bind(int place, std::string_view text);
  void bind(int place, Bytes bytes);
  void check(int code) const;

  FileConnection& connection_;
  char const* operation_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// What transactions of one connection begin and end with.
struct TransactionStatements {
  explicit TransactionStatements(FileConnection& connection);
  Statement begin;
  Statement commit;
};

/// A writing transaction; rolled back unless it was committed.
class FileTransaction {
 public:
  FileTransaction(FileConnection& connection, TransactionStatements& statements);
  ~FileTransaction();
  FileTransaction(FileTransaction const&) = delete;
  FileTransaction& operator=(FileTransaction const&) = delete;
  void commit();

 private:
  FileConnection& connection_;
  TransactionStatements& statements_;
};

}  // namespace tram::embedded
