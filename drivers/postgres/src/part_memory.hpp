#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "outbox_look.hpp"
#include "session.hpp"
#include "tram/postgres/change_source.hpp"

namespace tram::postgres {

/// Up to where in the log rows of a table count as rows of the outbox, by the table's number; 0 for
/// one that is known to be no part of it.
using CountedTables = std::map<std::uint32_t, LogPosition>;

/// Which tables are parts of the outbox, and which were: a partition that was detached, an heir, a
/// table that was dropped. The log of before still shows their rows, and the catalog forgets what
/// they belonged to. They are stored beside the slot's position, in table `tram_relay_position`.
///
/// Where that table is missing or may not be read, a new process knows of none. Where it may not be
/// written, it knows those that were stored before.
class PartMemory {
 public:
  /// `name` is that of the position, as held rows have it.
  PartMemory(ChangeSourceConfig const& config, std::string const& name);

  /// Asks for the numbers of all tables that were parts when a relay last looked, with their names
  /// while they are there.
  static std::string question(ChangeSourceConfig const& config, std::string const& name);
  /// What the table allows.
  enum class Access : std::uint8_t { none, read, write };
  /// Reads what is stored for the server with this number.
  void recall(Session& session, std::string const& server, Access access, Deadline deadline);
  /// Stores which tables are parts now, and forgets those that are gone and left before
  /// `confirmed`.
  void meet(Session& session, OutboxLook const& now, LogPosition confirmed, Deadline deadline);
  /// The numbers of tables that are no parts any more, and of which nobody has read yet what the
  /// log did not show.
  [[nodiscard]] std::vector<std::string> left(OutboxLook const& now) const;
  /// Whether one of them was no part when this was found.
  [[nodiscard]] bool learned_of_another(OutboxLook const& before, OutboxLook const& now) const;
  /// These tables look like an outbox and cannot have been parts of this one.
  void clear_of_doubt(std::vector<std::string> tables) { foreign_ = std::move(tables); }
  /// How an operator has the rows of a table published that may have been a part. With 0 as the
  /// position they are passed over.
  [[nodiscard]] std::string to_publish(std::uint32_t table) const;
  /// Everything of these is read: their rows count up to where the log ended.
  void settle(OutboxLook const& now);
  /// Whose rows the log may show as rows of the outbox.
  [[nodiscard]] CountedTables counted(OutboxLook const& now) const;

  /// `settle` noted something that is to be stored.
  [[nodiscard]] bool unsaved() const { return usable_ && !unsaved_.empty(); }
  /// The statement that stores it. If it fails, a new process reads from the table once more.
  std::string take_unsaved();

 private:
  static constexpr auto still_there = LogPosition{std::numeric_limits<std::int64_t>::max()};
  struct Part {
    /// It had the outbox's own name, which tells its rows in the log.
    bool root{};
    LogPosition until{still_there};
  };
  using Parts = std::map<std::string, Part>;
  void learn(Result const& found, int row);
  [[nodiscard]] std::string prefix(bool root) const;
  [[nodiscard]] std::string values(Parts const& parts) const;
  [[nodiscard]] std::string upsert(Parts const& parts) const;
  [[nodiscard]] std::string removal(Parts const& parts) const;

  std::string table_;
  std::string name_;
  std::string server_;
  bool usable_{};
  bool may_forget_{};
  Parts parts_;
  std::vector<std::string> foreign_;
  Parts unsaved_;
};

}  // namespace tram::postgres
