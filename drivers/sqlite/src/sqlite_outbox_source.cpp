#include "tram/sqlite/outbox_source.hpp"

#include "tram/base/error.hpp"
#include "tram/relay/numbered_outbox_retention.hpp"
#include "tram/sql/database.hpp"
#include "tram/sqlite/dialect.hpp"
#include "tram/sqlite/outbox_check.hpp"

namespace tram::sqlite {
namespace {

/// The outbox of one file, for a relay.
class SqliteOutboxSource final : public OutboxSource {
 public:
  SqliteOutboxSource(ChangeSourceConfig config, Clock& clock, Random& random)
      : config_{std::move(config)}, clock_{clock}, random_{random} {}

  [[nodiscard]] std::unique_ptr<ChangeSource> change_source() const override;
  [[nodiscard]] std::unique_ptr<OutboxRetention> retention(
      Database& database, std::chrono::milliseconds age) const override;
  LogPosition log_end(Database& database, Deadline deadline) const override;
  [[nodiscard]] std::vector<Finding> check() const override;
  /// SQLite has no privileges: a process that can write the file can do everything.
  Privileges privileges(Database& database, OutboxRemoval removal) const override;
  TableAccess table_access(Database& database, std::string const& table) const override;
  [[nodiscard]] TakeoverOutcome takeover(TakeoverAction action,
                                         TakeoverOptions const& options) const override;

 private:
  ChangeSourceConfig config_;
  Clock& clock_;
  Random& random_;
};

std::unique_ptr<ChangeSource> SqliteOutboxSource::change_source() const {
  return sqlite::change_source(config_, clock_);
}

std::unique_ptr<OutboxRetention> SqliteOutboxSource::retention(
    Database& database, std::chrono::milliseconds age) const {
  return std::make_unique<NumberedOutboxRetention>(database, SchemaName::none(), age, config_.table,
                                                   held_rows_name_of(config_.relay, config_.table));
}

LogPosition SqliteOutboxSource::log_end(Database& database, Deadline deadline) const {
  auto const question = "SELECT coalesce(max(seq), 0) FROM " + config_.table;
  return database.transact(
      {.access = Access::read_only, .deadline = deadline}, [&](Transaction& tx) {
        return LogPosition{
            static_cast<std::uint64_t>(tx.execute(question)[0].get<std::int64_t>(0))};
      });
}

std::vector<Finding> SqliteOutboxSource::check() const {
  return check_outbox(config_, clock_, random_);
}

Privileges SqliteOutboxSource::privileges(Database& /*database*/, OutboxRemoval /*removal*/) const {
  return {};
}

TableAccess SqliteOutboxSource::table_access(Database& database, std::string const& table) const {
  return database.transact({.access = Access::read_only}, [&](Transaction& tx) {
    return tx.execute(dialect.catalog.columns, table).empty() ? TableAccess::missing
                                                              : TableAccess::writable;
  });
}

TakeoverOutcome SqliteOutboxSource::takeover(TakeoverAction /*action*/,
                                             TakeoverOptions const& /*options*/) const {
  throw Error{Fault::rejected, "takeover: the Java relay follows no SQLite database; there is "
                               "nothing to take over"};
}

}  // namespace

std::unique_ptr<OutboxSource> outbox_source(ChangeSourceConfig config, Clock& clock,
                                            Random& random) {
  return std::make_unique<SqliteOutboxSource>(std::move(config), clock, random);
}

}  // namespace tram::sqlite
