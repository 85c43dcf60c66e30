#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tram/cdc/change_source.hpp"
#include "waiting_line.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace tram::sqlite {

/// The source's own connection: reads the outbox, keeps the position. Waits a moment for its turn,
/// and for no lock. Faults: conflict (another connection is in the way for a moment), transient,
/// rejected.
class OutboxReader {
 public:
  OutboxReader(std::string path, std::string table, std::string relay);

  /// A row and the place it came from; rows that are published already have none.
  struct Entry {
    std::int64_t seq{};
    std::optional<OutboxRow> row;
  };
  std::vector<Entry> rows_behind(std::int64_t seq, std::size_t rows_max);
  /// The path leads to another file by now, or to none.
  [[nodiscard]] bool has_moved() const;
  /// The largest `seq`, 0 for an empty table.
  std::int64_t last_seq();
  /// The largest `seq` that any row of this table ever had, removed ones included; the largest
  /// number there is where nobody counts.
  std::int64_t last_seq_ever();
  /// Nothing when none was stored yet.
  std::optional<std::int64_t> position();
  /// False when another connection is writing.
  bool store_position(std::int64_t position);

 private:
  struct Close {
    void operator()(sqlite3* connection) const noexcept;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

  void run(char const* sql);
  Statement prepare(std::string const& sql);
  [[noreturn]] void fail(std::string const& operation, int code);
  Entry entry() const;
  std::optional<std::string> text(int column) const;
  std::optional<std::int64_t> single_value(Statement const& statement,
                                           std::string const& operation);

  std::string path_;
  std::string table_;
  std::string relay_;
  // Shared with the connections that write.
  std::shared_ptr<WaitingLine> line_;
  std::unique_ptr<sqlite3, Close> connection_;
  Statement rows_;
  Statement last_;
  Statement position_;
  Statement store_;
};

}  // namespace tram::sqlite
