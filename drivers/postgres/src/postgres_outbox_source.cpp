#include "lsn.hpp"
#include "tram/postgres/outbox_source.hpp"

#include <optional>

#include "privileges.hpp"
#include "tram/postgres/outbox_check.hpp"
#include "tram/postgres/outbox_retention.hpp"
#include "tram/postgres/takeover.hpp"

namespace tram::postgres {
namespace {

TakeoverStatus act(TakeoverAction action, TakeoverConfig const& config, Clock& clock) {
  switch (action) {
    case TakeoverAction::prepare: return takeover_prepare(config, clock);
    case TakeoverAction::run: return takeover_run(config, clock);
    case TakeoverAction::finish: return takeover_drop_old_slot(config, clock);
    case TakeoverAction::look: break;
  }
  return takeover_status(config, clock);
}

/// The outbox that the log of a server shows, for a relay.
class PostgresOutboxSource final : public OutboxSource {
 public:
  PostgresOutboxSource(ChangeSourceConfig config, Clock& clock, Random& random)
      : config_{std::move(config)}, clock_{clock}, random_{random} {}

  [[nodiscard]] std::unique_ptr<ChangeSource> change_source() const override;
  [[nodiscard]] std::unique_ptr<OutboxRetention> retention(
      Database& database, std::chrono::milliseconds age) const override;
  LogPosition log_end(Database& database, Deadline deadline) const override;
  [[nodiscard]] std::vector<Finding> check() const override;
  Privileges privileges(Database& database, OutboxRemoval removal) const override;
  TableAccess table_access(Database& database, std::string const& table) const override;
  [[nodiscard]] TakeoverOutcome takeover(TakeoverAction action,
                                         TakeoverOptions const& options) const override;

 private:
  ChangeSourceConfig config_;
  Clock& clock_;
  Random& random_;
};

std::unique_ptr<ChangeSource> PostgresOutboxSource::change_source() const {
  return postgres::change_source(config_, clock_);
}

std::unique_ptr<OutboxRetention> PostgresOutboxSource::retention(
    Database& database, std::chrono::milliseconds age) const {
  return outbox_retention(database, config_.schema, age, config_.table, config_.publication);
}

LogPosition PostgresOutboxSource::log_end(Database& database, Deadline deadline) const {
  // Flushed: what is not yet is not committed either, or its writer did not want to wait for it.
  constexpr std::string_view question{
      "SELECT (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint"};
  return database.transact(
      {.access = Access::read_only, .deadline = deadline}, [&](Transaction& tx) {
        return LogPosition{static_cast<Lsn>(tx.execute(question)[0].get<std::int64_t>(0))};
      });
}

std::vector<Finding> PostgresOutboxSource::check() const {
  return check_outbox(config_, clock_, random_);
}

Privileges PostgresOutboxSource::privileges(Database& database, OutboxRemoval removal) const {
  return look_at_privileges(database, config_, removal);
}

TableAccess PostgresOutboxSource::table_access(Database& database, std::string const& table) const {
  auto const rows = database.transact({.access = Access::read_only}, [&](Transaction& tx) {
    return tx.execute("SELECT has_table_privilege(to_regclass(?), 'INSERT')::int, "
                      "has_table_privilege(to_regclass(?), 'UPDATE')::int, "
                      "has_table_privilege(to_regclass(?), 'SELECT')::int",
                      table, table, table);
  });
  auto access = TableAccess::writable;
  for (std::size_t column = 0; column < 3; ++column) {
    auto const privilege = rows[0].get<std::optional<int>>(column);
    if (!privilege) return TableAccess::missing;
    if (*privilege == 0) access = TableAccess::not_writable;
  }
  return access;
}

TakeoverOutcome PostgresOutboxSource::takeover(TakeoverAction action,
                                               TakeoverOptions const& options) const {
  auto const status = act(action,
                          {.connection = config_.connection,
                           .schema = config_.schema,
                           .table = config_.table,
                           .old_slot = options.old_slot,
                           .slot = config_.slot,
                           .publication = config_.publication,
                           .rows_again = options.rows_again},
                          clock_);
  return {.step = std::string{to_string(status.step)}, .next = status.next};
}

}  // namespace

std::unique_ptr<OutboxSource> outbox_source(ChangeSourceConfig config, Clock& clock,
                                            Random& random) {
  return std::make_unique<PostgresOutboxSource>(std::move(config), clock, random);
}

}  // namespace tram::postgres
