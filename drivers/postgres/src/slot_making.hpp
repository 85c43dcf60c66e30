#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lsn.hpp"
#include "outbox_look.hpp"
#include "session.hpp"
#include "table_rows.hpp"
#include "tram/base/clock.hpp"
#include "tram/postgres/change_source.hpp"

namespace tram::postgres {

/// Whether the new slot takes the place of one that is there.
enum class OldSlot : std::uint8_t { none, replaced };

/// What goes before the slot has its name.
struct NewName {
  OldSlot old_slot{OldSlot::none};
  /// A statement; empty for none.
  std::string before{};
};

/// Makes a slot, in place of the old one if there is one, and gives the rows of the table that it
/// will never show.
///
/// Making one waits for every transaction that is open on the server, which may take hours: nothing
/// here waits for that. The slot is a temporary one until all rows are confirmed, so whatever
/// happens on the way it is gone with the session, and the next attempt begins anew with nothing
/// passed over. Its snapshot shows exactly the rows that its log does not.
///
/// While rows are given their positions are numbers of rows, far below every place of the log.
class SlotMaking {
 public:
  /// `session` is one for replication, and not in use. `rows` are those rows; their SELECT is empty
  /// for none.
  SlotMaking(Session session, ChangeSourceConfig const& config, OutboxLook outbox, RowsToGive rows,
             NewName name, Clock& clock);

  /// Takes the next step: rows, or none yet. Faults: those of the session.
  ChangeBatch read(std::size_t rows_max);
  void confirm(Lsn position);
  /// The rows that are not confirmed come again.
  void rewind() { rewound_ = true; }
  /// The slot is there, and all rows of before are confirmed.
  [[nodiscard]] bool done() const { return state_ == State::done; }
  /// What is waited for, empty when nothing is.
  [[nodiscard]] std::string const& trouble() const { return trouble_; }
  /// The outbox as it was when the making began.
  [[nodiscard]] OutboxLook const& outbox() const { return outbox_; }
  /// The session, when `done`.
  Session take_session() && { return std::move(session_); }

 private:
  enum class State : std::uint8_t { creating, reading, finishing, done };
  void begin();
  void notice_lost_connections();
  void await_creation();
  void explain();
  [[nodiscard]] std::string awaited() const;
  void created(Result const& answer);
  ChangeBatch read_rows(std::size_t rows_max);
  void finish();
  void drop_old_slot();
  void take_name();
  [[nodiscard]] Deadline deadline() const;

  ChangeSourceConfig const& config_;
  OutboxLook outbox_;
  RowsToGive give_;
  NewName new_name_;
  Clock& clock_;
  Session session_;
  std::string temporary_;
  State state_{State::creating};
  std::string trouble_;
  SteadyTime explain_at_{};
  Lsn begins_at_{};
  std::optional<TableRows> rows_;
  std::size_t confirmed_{};
  bool rewound_{};
};

}  // namespace tram::postgres
