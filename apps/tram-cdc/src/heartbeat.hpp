#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "tram/base/log.hpp"
#include "tram/sql/database.hpp"
#include "tram/sql/dialect.hpp"

namespace tram::relay_program {

/// Writes the time to the row of this relay in the Java service's table `cdc_monitoring`, as that
/// service does: for those who watch it. What goes wrong is logged and stops nothing.
class Heartbeat {
 public:
  struct Options {
    /// Of the table.
    SchemaName schema;
    std::string reader;
    Duration interval{};
    /// Called when one was written.
    std::function<void()> written = [] {};
  };
  /// `leads` tells whether this process reads the log; a standby writes nothing. `database` must
  /// outlive this.
  Heartbeat(Database& database, Options options, std::function<bool()> leads, Logger logger);

  /// Until a stop is requested.
  void run(std::stop_token const& stop);
  /// Once; true when the time was written.
  bool beat();

 private:
  Database& database_;
  Options options_;
  std::function<bool()> leads_;
  Logger logger_;
  std::string statement_;
  std::string trouble_;
};

/// The table's name as statements have it.
std::string heartbeat_table(SchemaName const& schema);

}  // namespace tram::relay_program
