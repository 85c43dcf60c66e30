#include "heartbeat.hpp"

#include <chrono>
#include <cstdint>
#include <utility>

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"

namespace tram::relay_program {
namespace {

constexpr Duration patience{std::chrono::seconds{5}};

std::int64_t epoch_milliseconds(Clock const& clock) {
  auto const since = clock.wall().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

}  // namespace

std::string heartbeat_table(SchemaName const& schema) { return schema.qualify("cdc_monitoring"); }

Heartbeat::Heartbeat(Database& database, Options options, std::function<bool()> leads,
                     Logger logger)
    : database_{database},
      options_{std::move(options)},
      leads_{std::move(leads)},
      logger_{std::move(logger)},
      statement_{"INSERT INTO " + heartbeat_table(options_.schema) +
                 " (reader_id, last_time) VALUES (?, ?)" +
                 database.dialect().or_update("reader_id", "last_time = excluded.last_time")} {}

void Heartbeat::run(std::stop_token const& stop) {
  while (!stop.stop_requested()) {
    beat();
    database_.clock().pause(options_.interval, stop);
  }
}

bool Heartbeat::beat() {
  if (!leads_()) return false;
  try {
    TransactOptions const once{.timeout = patience, .attempts_max = 1};
    database_.transact(once, [&](Transaction& tx) {
      tx.execute(statement_, options_.reader, epoch_milliseconds(database_.clock()));
    });
    options_.written();
    if (!std::exchange(trouble_, {}).empty()) logger_.info("cdc.heartbeat_recovered");
    return true;
  } catch (Error const& error) {
    if (trouble_ == error.what()) return false;
    trouble_ = error.what();
    logger_.warning("cdc.heartbeat_failed", {{"what", trouble_}});
    return false;
  }
}

}  // namespace tram::relay_program
