#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "left_tables.hpp"
#include "lsn.hpp"
#include "outbox_look.hpp"
#include "session.hpp"
#include "tram/postgres/change_source.hpp"

namespace tram::postgres {

/// Up to where in the log rows of a table count as rows of the outbox, by the table's number; 0 for
/// one that is known to be no part of it.
using CountedTables = std::map<std::uint32_t, Lsn>;

/// Which tables are parts of the outbox, and which were: a partition that was detached, an heir, a
/// table that was dropped. The log of before still shows their rows, and the catalog forgets what
/// they belonged to. They are stored beside the slot's position, in table `tram_relay_position`.
///
/// What people answer about a table in doubt is stored there, too.
///
/// Where that table is missing or may not be read, a new process knows of none. Where it may not be
/// written, it knows those that were stored before.
class PartMemory {
 public:
  /// `name` is that of the position, as held rows have it.
  PartMemory(ChangeSourceConfig const& config, std::string const& name);

  /// What the table allows.
  enum class Access : std::uint8_t { none, read, write };
  /// Reads what is stored for the server with this history.
  void recall(Session& session, std::string const& history, Access access, Deadline deadline);
  /// Stores which tables are parts now, and forgets those that are gone and left before
  /// `confirmed`.
  void meet(Session& session, OutboxLook const& now, Lsn confirmed, Deadline deadline);
  /// The numbers of tables that are no parts any more, and of which nobody has read yet what the
  /// log did not show.
  [[nodiscard]] std::vector<std::string> left(OutboxLook const& now) const;
  /// And of those whose rows the log may not have shown before this position.
  [[nodiscard]] std::vector<std::string> unread(OutboxLook const& now, Lsn position) const;
  /// Whether one of them was no part when this was found.
  [[nodiscard]] bool learned_of_another(OutboxLook const& before, OutboxLook const& now) const;
  /// All its rows are to be read, since people said so.
  [[nodiscard]] bool is_read_whole(std::string const& number) const;
  /// Which tables are like the outbox now.
  void meet_alike(std::vector<AlikeTable> const& tables);
  /// Of these the ones that may have been parts without anybody's knowledge.
  [[nodiscard]] std::vector<AlikeTable> in_doubt() const;
  /// The one with this number, which may be gone.
  [[nodiscard]] AlikeTable table(std::string const& number) const;
  /// The number of a table that is found to have left another one, told once; empty for none.
  std::string news(OutboxLook const& now);
  /// What people are asked about tables in doubt that hold rows.
  [[nodiscard]] std::string question(std::vector<AlikeTable> const& tables) const;
  /// The end of it: the statements that have the rows published or passed over.
  [[nodiscard]] std::string how_to_answer(std::vector<AlikeTable> const& tables) const;
  /// Everything of these is read: their rows count up to where the log ended.
  void settle(OutboxLook const& now);
  /// Whose rows the log may show as rows of the outbox.
  [[nodiscard]] CountedTables counted(OutboxLook const& now) const;

  /// `settle` noted something that is to be stored.
  [[nodiscard]] bool unsaved() const { return usable_ && !unsaved_.empty(); }
  /// The statement that stores it. If it fails, a new process reads from the table once more.
  std::string take_unsaved();

 private:
  static constexpr auto still_there = Lsn{std::numeric_limits<std::int64_t>::max()};
  struct Part {
    /// It had the outbox's own name, which tells its rows in the log.
    bool root{};
    Lsn until{still_there};
  };
  using Parts = std::map<std::string, Part>;
  void forget();
  void learn(std::string const& stored, Lsn position);
  void learn_part(std::string const& number, Part const& stored);
  void use_answer(std::string const& number);
  [[nodiscard]] bool is_unread(std::string const& number) const;
  [[nodiscard]] bool in_doubt(std::string const& number, std::string const& left) const;
  [[nodiscard]] Lsn left_in(std::string const& number, OutboxLook const& now) const;
  [[nodiscard]] std::string prefix(std::string_view kind) const;
  [[nodiscard]] std::string row(std::string_view kind, std::string const& number,
                                Lsn position) const;
  [[nodiscard]] std::string rows(Parts const& parts) const;
  [[nodiscard]] std::string upsert(std::string const& rows) const;
  [[nodiscard]] std::string to_publish(std::vector<AlikeTable> const& tables) const;
  [[nodiscard]] std::string removal(Parts const& parts) const;

  std::string table_;
  std::string name_;
  std::string server_;
  bool usable_{};
  bool may_forget_{};
  /// What lets people answer, empty where they may.
  std::string remedy_;
  Parts parts_;
  /// What people answered about tables in doubt: 0, or that they are to be read.
  std::map<std::string, Lsn> answers_;
  /// The transaction in which a table left another one, where all rows of before are dealt with.
  std::map<std::string, Lsn> dealt_with_;
  std::map<std::string, AlikeTable> alike_;
  /// What looks found, to be told once.
  std::set<std::pair<std::string, std::string>> noticed_;
  Parts unsaved_;
};

}  // namespace tram::postgres
