#pragma once

#include "tram/base/random.hpp"
#include "tram/postgres/change_source.hpp"
#include "tram/relay/outbox_source.hpp"

namespace tram::postgres {

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

}  // namespace tram::postgres
