#pragma once

#include "tram/base/random.hpp"
#include "tram/relay/outbox_source.hpp"
#include "tram/sqlite/change_source.hpp"

namespace tram::sqlite {

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

}  // namespace tram::sqlite
