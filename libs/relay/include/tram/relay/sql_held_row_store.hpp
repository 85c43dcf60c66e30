#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tram/relay/change_source.hpp"
#include "tram/relay/held_row_store.hpp"
#include "tram/sql/dialect.hpp"
#include "tram/storage/held_cause_column.hpp"

#pragma GCC visibility push(default)

namespace tram {

class Database;
class Transaction;
struct TransactOptions;

/// Held rows in table `tram_relay_held` of the outbox's own database.
///
/// A row is known by its `id`, else by the number the database gave it, else by its content: stored
/// twice, it is there once. Other rows of the same `id` are told apart by number and content, and
/// are all there. A text that is no UTF-8 is stored as `base64:…`, and a destination, a key or an
/// id of more than 700 bytes as its beginning and a hash. An operator requests a retry by setting
/// `retry_requested`, and drops a row by deleting it; the relay sees either within seconds.
///
///     tram::SqlHeldRowStore held{database, tram::SchemaName{}, *source};
class SqlHeldRowStore final : public HeldRowStore {
 public:
  /// The rows of the relay that reads `source`, under `ChangeSource::held_rows_name`: they stay
  /// with the position, whatever the relay is called. `database` must outlive the store.
  SqlHeldRowStore(Database& database, SchemaName const& schema, ChangeSource const& source);

  void store(std::span<HeldRow const> rows) override;
  HeldSummary summary() override;
  std::vector<StoredHeldRow> replayable(std::size_t rows_max, ReplayOrder order) override;
  void settle(ReplayOutcome const& outcome) override;

 private:
  void store(std::span<HeldRow const> rows, std::string (*plain)(std::string_view));
  [[nodiscard]] std::string insert_statement(bool has_cause, HeldCause cause) const;
  template <class Function>
  auto transact(TransactOptions const& options, Function const& function);
  void request_retries(Transaction& tx, std::string const& channel);

  Database& database_;
  std::string table_;
  HeldCauseColumn cause_;
  std::string relay_;
};

}  // namespace tram

#pragma GCC visibility pop
