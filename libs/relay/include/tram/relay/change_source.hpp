#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tram/base/time.hpp"
#include "tram/relay/log_position.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// A row within its transaction, for logs that can only be read from the beginning of one.
struct RowPlace {
  /// The same whenever this transaction is read; ascending.
  LogPosition transaction{};
  /// Counted from 1.
  std::uint64_t row{};
};

/// One row of the outbox as the log shows it, in commit order.
struct OutboxRow {
  /// Column `id`; empty when the database makes the ids.
  std::string id;
  /// Column `dbid`, where the table has one.
  std::optional<std::int64_t> database_id;
  std::string destination;
  /// NULL in a table with nullable columns, as the payload: held, never lost.
  std::optional<std::string> headers;
  std::optional<std::string> payload;
  /// Set on the last row of a transaction: when this row and all before it are published, this much
  /// is done.
  std::optional<LogPosition> ends_at;
  /// Empty when every row has its own position.
  std::optional<RowPlace> place{};
  /// Why a column's bytes are not the text that was written: the row is held, with its bytes as
  /// they came. Empty for all others.
  std::string unreadable{};
};

/// What one read returned.
struct ChangeBatch {
  std::vector<OutboxRow> rows;
  /// Rows seen up to here, also when none of them was for us: an idle outbox must not hold the log
  /// back.
  std::optional<LogPosition> seen_up_to;
  /// When there are no rows: none is committed that was not given. False when the source could not
  /// check, or has seen a part of a transaction.
  bool at_end{true};
  /// The log was replaced (for example, the file was restored). Positions restart and nothing is
  /// confirmed. Everything that was in flight must be done by now, as after any error.
  bool starts_over{};
};

/// The state of a source, for health and metrics.
struct ChangeSourceStatus {
  bool connected{};
  /// Another process reads this source under the same name; this one waits to take over and returns
  /// no rows. True only with evidence that the other one publishes: if rows wait and nothing moves,
  /// it is false, and `trouble` says why.
  bool standby{};
  /// Bytes (log) or rows (table) between the last confirmed position and the end; nothing when
  /// unknown.
  std::optional<std::uint64_t> behind;
  /// The last problem, empty when all is well.
  std::string trouble;
  /// Every row committed up to here was returned. This was checked, not concluded from silence:
  /// later rows are not proven published, whatever was confirmed. Empty when reading itself is the
  /// proof.
  std::optional<LogPosition> shown_up_to{};
};

/// Tails one outbox table. One thread only. `read` and `confirm` never wait for new rows: the
/// relay waits on `descriptor()`.
class ChangeSource {
 public:
  virtual ~ChangeSource() = default;
  /// Rows committed after those returned before, at most about `rows_max`; empty when there is
  /// nothing new. `rows_max` is at least 1. After an error the next call starts again behind the
  /// position confirmed by then. The caller waits for what is in flight first, so that few rows
  /// come twice. Throws: transient and broken (the next calls recover), rejected (needs an
  /// operator: the text says what to do).
  virtual ChangeBatch read(std::size_t rows_max) = 0;
  /// Answers the database and stores what was confirmed, and takes no rows. While the caller can
  /// take no rows it calls this every `poll_interval()`, in place of `read`, and does not wait on
  /// `descriptor()`, which stays readable then. Throws as `read`.
  virtual void keep_alive() = 0;
  /// Everything up to `position` is durable at the broker; after a restart reading starts behind
  /// it. May be stored late; an error of that shows at the next `read` or `flush`. Ignored, as is
  /// `settled`, while a `read` has yet to tell that the log was replaced.
  virtual void confirm(LogPosition position) = 0;
  /// Everything up to this row is durable at the broker, or held, though its transaction is not:
  /// this object gives none of it again, after an error or a rewind either, as long as it reads the
  /// same log. Called for rows that have a place. Never waits.
  virtual void settled(RowPlace /*place*/) {}
  /// Stores what was confirmed; called at a clean stop. Waits for the database, and may release
  /// what keeps others on standby: the next `read` begins again.
  virtual void flush() = 0;
  /// Starts over behind the last confirmed position and the last row that is settled: rows may come
  /// again. Used when a producer had to be replaced.
  virtual void rewind() = 0;
  /// Readable (poll(2), POLLIN) when `read` may have something; -1 when it must simply be polled.
  [[nodiscard]] virtual int descriptor() const = 0;
  /// When `read` wants to be called even though the descriptor is quiet.
  [[nodiscard]] virtual Duration poll_interval() const = 0;
  [[nodiscard]] virtual ChangeSourceStatus status() const = 0;
  /// Identifies this source's held rows. Derived from the position's name and the outbox table, so
  /// a relay that resumes from the position also finds the rows held on the way. Never changes.
  [[nodiscard]] virtual std::string held_rows_name() const = 0;
};

/// Of the position's name and the outbox table.
inline std::string held_rows_name_of(std::string const& position, std::string const& table) {
  return table == "message" ? position : position + ":" + table;
}

}  // namespace tram

#pragma GCC visibility pop
