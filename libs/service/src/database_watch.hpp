#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/base/mutex.hpp"
#include "tram/sql/database.hpp"
#include "tram/sql/dialect.hpp"

namespace tram {

/// Looks from time to time whether the database answers.
class DatabaseWatch final {
 public:
  /// `database` outlives it.
  DatabaseWatch(Database& database, SchemaName const& schema, Duration interval);

  /// Looks now; what is wrong, if anything is. Waits some seconds at most.
  std::optional<Error> look() TRAM_EXCLUDES(mutex_);
  void run(std::stop_token const& stop);
  /// Of the last look, empty when all was well. Callable from any thread; never waits.
  [[nodiscard]] std::string trouble() const TRAM_EXCLUDES(mutex_);

 private:
  void set_trouble(std::string trouble) TRAM_EXCLUDES(mutex_);

  Database& database_;
  std::string statement_;
  Duration interval_;
  mutable Mutex mutex_;
  std::string trouble_ TRAM_GUARDED_BY(mutex_);
};

}  // namespace tram
