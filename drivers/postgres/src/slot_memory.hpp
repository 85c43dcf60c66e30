#pragma once

#include <cstdint>
#include <string>

#include "lsn.hpp"
#include "part_memory.hpp"
#include "session.hpp"
#include "tram/postgres/change_source.hpp"

namespace tram::postgres {

/// How far relays have moved the slot, beside the slot: in table `tram_relay_position` of the
/// outbox's database. It is stored before the server is told, so a slot that is further was moved
/// or made by somebody else, and rows that it does not show may be unpublished.
///
/// Where the table is missing or may not be written nothing is remembered, and nothing noticed.
class SlotMemory {
 public:
  /// `name` is that of the position, as held rows have it.
  SlotMemory(ChangeSourceConfig const& config, std::string const& name);

  /// Reads what is stored for the server with this history (system identifier and time line).
  void recall(Session& session, std::string const& history, Deadline deadline);
  /// Of which tables rows are counted from now on: a row's number means nothing with others.
  void count(CountedTables const& tables);
  [[nodiscard]] bool works() const { return works_; }
  /// Without it nothing is stored, but what was may be read: the table, or the database, may be
  /// read-only now.
  [[nodiscard]] PartMemory::Access access() const {
    if (works_) return PartMemory::Access::write;
    return readable_ ? PartMemory::Access::read : PartMemory::Access::none;
  }
  /// Up to here the server may be told; 0 where nothing is stored.
  [[nodiscard]] Lsn position() const { return position_; }
  /// No transaction with a smaller number is committed behind the position. Empty where nothing is
  /// stored.
  [[nodiscard]] std::string const& horizon() const { return horizon_; }

  /// The same, empty also where a 0 is stored.
  [[nodiscard]] std::string known_horizon() const { return horizon_ == "0" ? "" : horizon_; }

  /// The last row that is settled of a transaction that is not.
  [[nodiscard]] RowPlace settled() const {
    return stored_tables_ == tables_ ? settled_ : RowPlace{};
  }
  /// Rows were counted in the same tables before.
  [[nodiscard]] bool counts_alike(CountedTables const& tables) const;

  /// What there is to remember.
  struct Content {
    Lsn position{};
    std::string horizon{};
    RowPlace settled{};
  };
  /// Stores it, unless a position further on is stored already.
  [[nodiscard]] std::string store(Content const& content) const;
  void stored(Content content);
  /// Forgets what is stored, for a slot that is made behind all rows; empty where nothing is.
  [[nodiscard]] std::string forget() const;

 private:
  std::string table_;
  std::string publication_;
  std::string name_;
  /// Of the rows in the table: a position means something on one server only.
  std::string position_name_;
  std::string horizon_name_;
  /// What counts as a row depends on the publication, and on us.
  std::string transaction_name_;
  std::string row_name_;
  std::string tables_name_;
  bool works_{};
  bool readable_{};
  Lsn position_{};
  std::string horizon_;
  RowPlace settled_;
  /// Tells sets of tables apart.
  std::uint64_t stored_tables_{};
  std::uint64_t tables_{};
};

}  // namespace tram::postgres
