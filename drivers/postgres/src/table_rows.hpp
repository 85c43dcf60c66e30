#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "outbox_look.hpp"
#include "pgoutput_decoder.hpp"
#include "session.hpp"
#include "tram/relay/change_source.hpp"

namespace tram::postgres {

/// What is still to be published of the table itself, since no log shows it any more.
std::string unpublished_rows(OutboxLook const& outbox);
/// What was committed at a moment: by the transactions before `oldest`, and by these behind it.
struct CommittedRows {
  std::string oldest;
  std::string transactions;
};
/// Asks for both, as of now.
std::string committed_rows_question(OutboxLook const& outbox);
/// Of the unpublished rows the ones that were not committed then.
std::string rows_behind(OutboxLook const& outbox, CommittedRows const& committed);
std::string rows_of_gap(OutboxLook const& outbox, Gap const& gap);
/// The last `rows` of before the transaction number and all from it on: where an old transaction
/// held the number back, any of these may have been read and lost.
std::string rows_around(OutboxLook const& outbox, std::string const& transaction, std::size_t rows);

/// The rows of one of the above, and those of tables that left the outbox: all, or those of
/// transactions from this number on.
std::string and_of_former(std::string const& rows, OutboxLook const& outbox,
                          std::vector<FormerTable> const& tables,
                          std::string const& from_transaction);
/// These alone.
std::string rows_of_former(OutboxLook const& outbox, std::vector<FormerTable> const& tables,
                           std::string const& from_transaction);

/// Which rows, by one of the above, empty for none; and how their values are read.
struct RowsToGive {
  std::string select;
  PgoutputDecoder reader;
};

/// The server may have to read the whole table, or to sort it.
inline constexpr Duration table_patience{std::chrono::minutes{5}};

/// Rows of the outbox table in the order of their ids, a few at a time. Every call waits for the
/// server. Faults: those of the session.
class TableRows {
 public:
  /// In the transaction that is open on the session, which keeps the table from being altered.
  TableRows(Session& session, RowsToGive rows, Deadline deadline);
  /// All that are committed now; the server keeps them, and no lock on the table: whoever alters it
  /// meanwhile would wait for the broker, and everybody who writes would wait for him.
  static TableRows kept_by_server(Session& session, RowsToGive rows, Deadline deadline);

  /// The next ones; none at the end.
  std::vector<OutboxRow> next(std::size_t rows_max, Deadline deadline);
  /// The next one is the one behind the first `rows`.
  void go_to(std::size_t rows, Deadline deadline);
  /// How many were read so far.
  [[nodiscard]] std::size_t read_so_far() const { return read_; }

 private:
  TableRows(Session& session, PgoutputDecoder reader);
  OutboxRow row_at(Result const& result, int row) const;

  Session& session_;
  PgoutputDecoder reader_;
  std::size_t rows_at_once_;
  std::size_t read_{};
};

}  // namespace tram::postgres
