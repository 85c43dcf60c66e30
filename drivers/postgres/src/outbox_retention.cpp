#include "tram/postgres/outbox_retention.hpp"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "lsn.hpp"
#include "outbox_look.hpp"
#include "tram/postgres/dialect.hpp"
#include "tram/storage/outbox_table.hpp"

namespace tram::postgres {
namespace {

/// A place in the log, and a transaction number: all transactions with smaller ones ended before
/// that place.
struct Mark {
  Lsn log_end{};
  /// As type xid has it: 32 bits that wrap around.
  std::string oldest_open;
};

class MarkedOutboxRetention final : public OutboxRetention {
 public:
  MarkedOutboxRetention(Database& database, SchemaName schema, std::chrono::milliseconds age,
                        std::string const& table, std::string const& publication)
      : database_{database},
        schema_{schema},
        age_{age},
        outbox_{schema_.qualify(table)},
        source_{.connection = {},
                .schema = std::move(schema),
                .table = table,
                .publication = publication} {}

  std::size_t remove_some(LogPosition confirmed) override {
    // The relay's loop does nothing else meanwhile, and tries again by itself.
    TransactOptions const quickly{.timeout = std::chrono::seconds{5}, .attempts_max = 3};
    return database_.transact(quickly, [&](Transaction& tx) {
      if (!is_unchanged(tx)) return std::size_t{0};
      if (!next_) next_ = set_mark(tx);
      if (LogPosition{next_->log_end} <= confirmed) reached_ = std::exchange(next_, set_mark(tx));
      return reached_ ? remove(tx) : 0;
    });
  }

 private:
  /// False, with all marks forgotten, where a mark would prove nothing: while the log does not show
  /// the outbox as it was shown when the mark was set.
  bool is_unchanged(Transaction& tx) {
    tx.execute(std::string{uncompiled_here});
    auto const rows = tx.execute(outbox_question(source_));
    std::vector<std::optional<std::string>> row;
    for (std::size_t column = 0; column < rows[0].columns(); ++column) {
      row.push_back(rows[0].get<std::optional<std::string>>(column));
    }
    auto now = outbox_look(source_, row);
    bool const unchanged = known_ && now.trouble.empty() && !gap_between(*known_, now);
    if (!unchanged) next_ = reached_ = std::nullopt;
    bool const shown = now.trouble.empty();
    known_ = shown ? std::optional{std::move(now)} : std::nullopt;
    return shown;
  }

  static Mark set_mark(Transaction& tx) {
    // The snapshot is older than the log's end that is read under it.
    auto const rows =
        tx.execute("SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint, "
                   "(pg_snapshot_xmin(pg_current_snapshot())::text::numeric % 4294967296)::text");
    return {.log_end = static_cast<Lsn>(rows[0].get<std::int64_t>(0)),
            .oldest_open = rows[0].get<std::string>(1)};
  }

  std::size_t remove(Transaction& tx) {
    if (!statement_) statement_ = statement(probe_outbox_table(tx, tx.dialect(), schema_));
    auto const removed =
        tx.execute(*statement_, static_cast<std::int64_t>(age_.count()), reached_->oldest_open);
    return static_cast<std::size_t>(removed.affected());
  }

  [[nodiscard]] std::string statement(OutboxTable const& table) const {
    auto const* const key = table.ids == IdSource::database ? "dbid" : "id";
    // Rows stamped by a clock that was ahead keep no others from being found.
    // age() counts transactions back from now, and so copes with numbers that wrapped around.
    // Places are unique in one partition only.
    return "WITH old AS MATERIALIZED (SELECT part, place FROM (SELECT tableoid AS part, ctid AS "
           "place, xmin AS writer, creation_time FROM " +
           outbox_ + " WHERE creation_time IS NULL OR creation_time <= " +
           std::string{dialect.now_milliseconds} + " ORDER BY " + key +
           " LIMIT 1000) oldest WHERE (creation_time IS NULL OR creation_time < " +
           std::string{dialect.now_milliseconds} +
           " - ?::bigint) AND age(writer) > age(?::text::xid)) DELETE FROM " + outbox_ +
           " WHERE ctid = ANY (ARRAY(SELECT place FROM old)) AND (tableoid, ctid) IN (SELECT part, "
           "place FROM old)";
  }

  Database& database_;
  SchemaName schema_;
  std::chrono::milliseconds age_;
  std::string outbox_;
  ChangeSourceConfig source_;
  std::optional<OutboxLook> known_;
  std::optional<Mark> next_;
  std::optional<Mark> reached_;
  std::optional<std::string> statement_;
};

}  // namespace

std::unique_ptr<OutboxRetention> outbox_retention(Database& database, SchemaName const& schema,
                                                  std::chrono::milliseconds age,
                                                  std::string const& table,
                                                  std::string const& publication) {
  return std::make_unique<MarkedOutboxRetention>(database, schema, age, table, publication);
}

}  // namespace tram::postgres
