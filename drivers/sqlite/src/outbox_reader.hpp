#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fair_lock.hpp"
#include "file_status.hpp"
#include "tram/relay/change_source.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace tram::sqlite {

/// What a database says of an outbox and of its relay, to be compared with what the relay
/// remembers.
struct OutboxLook {
  /// The relay's stored position; nothing when none is stored.
  std::optional<std::int64_t> position;
  /// No row will get this number or a smaller one, as long as the numbering is not begun again.
  std::int64_t last_number{};
  /// Of the row that was held last: what is held is passed over, and goes with the database.
  std::int64_t last_held{};
  /// What tells the row that was asked for from others; nothing when it is not there.
  std::optional<std::string> row;
  /// Changes with every change of the schema, and when another database is restored into the file.
  std::int64_t schema_version{};
};

/// The source's own connection: reads the outbox, keeps the position. Waits a moment for its turn,
/// and for no lock. Faults: conflict (another connection is in the way for a moment), transient,
/// rejected.
class OutboxReader {
 public:
  OutboxReader(std::string path, std::string table, std::string relay);

  /// What is read while this lives is one state of the database.
  class Snapshot {
   public:
    explicit Snapshot(OutboxReader& reader);
    ~Snapshot();
    Snapshot(Snapshot const&) = delete;
    Snapshot& operator=(Snapshot const&) = delete;

   private:
    OutboxReader& reader_;
    FairLockGuard turn_;
  };

  /// A row and the place it came from; rows that are published already have none.
  struct Entry {
    std::int64_t seq{};
    std::optional<OutboxRow> row;
  };
  std::vector<Entry> rows_behind(std::int64_t seq, std::size_t rows_max);
  /// The file at the path is not the one that is open any more, or has lost its log: transient,
  /// with what happened.
  void require_file();
  /// The largest `seq`, 0 for an empty table.
  std::int64_t last_seq();
  /// There are rows behind `seq` that nobody has published.
  bool waiting_behind(std::int64_t seq);
  OutboxLook look(std::int64_t seq);
  /// `OutboxLook::last_held` as of now.
  std::int64_t last_held();
  /// What `OutboxLook::row` was for the row at the stored position; nothing when none is stored.
  std::optional<std::string> stored_row();

  enum class Stored : std::uint8_t {
    yes,
    /// Another connection is writing.
    busy,
    /// The database is not what was expected; nothing was stored.
    refused,
  };
  /// Stores the position unless `is_expected`, asked of a look at the row `seq` in the same
  /// transaction, says no.
  template <class Expected>
  Stored store_position(std::int64_t position, std::int64_t seq, Expected const& is_expected) {
    FairLockGuard const turn{line_.get(), Access::read_write};
    if (!begin_store()) return Stored::busy;
    Undo const undo{*this};
    if (!is_expected(look(seq))) return Stored::refused;
    return end_store(position) ? Stored::yes : Stored::busy;
  }

 private:
  struct Close {
    void operator()(sqlite3* connection) const noexcept;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;
  /// Rolls back what was not committed.
  class Undo {
   public:
    explicit Undo(OutboxReader& reader) : reader_{reader} {}
    ~Undo() { reader_.roll_back(); }
    Undo(Undo const&) = delete;
    Undo& operator=(Undo const&) = delete;

   private:
    OutboxReader& reader_;
  };

  void open();
  void refuse_strange_columns();
  void refuse_repeated_numbers();
  void run(char const* operation, char const* sql);
  Statement prepare(std::string const& sql);
  void prepare_statements();
  [[noreturn]] void fail(std::string const& operation, int code);
  Entry entry() const;
  std::optional<std::string> bytes(int column) const;
  std::optional<std::string> text(int column, OutboxRow& row) const;
  bool begin_store();
  bool end_store(std::int64_t position);
  void roll_back() noexcept;
  /// False when another connection is writing.
  bool write(Statement const& statement);
  std::optional<std::int64_t> single_value(Statement const& statement,
                                           std::string const& operation);

  std::string path_;
  std::string table_;
  std::string relay_;
  std::string mark_prefix_;
  // Shared with the connections that write.
  std::shared_ptr<FairLock> line_;
  std::unique_ptr<sqlite3, Close> connection_;
  std::optional<FileStatus> file_;
  Statement begin_read_;
  Statement end_read_;
  Statement begin_write_;
  Statement commit_;
  Statement rows_;
  Statement last_;
  Statement look_;
  Statement last_held_;
  Statement schema_version_;
  Statement stored_row_;
  Statement store_;
  Statement forget_row_;
  Statement store_row_;
};

}  // namespace tram::sqlite
