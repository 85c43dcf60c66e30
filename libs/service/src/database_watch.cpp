#include "database_watch.hpp"

#include <utility>

namespace tram {
namespace {

constexpr Duration look_timeout{std::chrono::seconds{3}};

}  // namespace

DatabaseWatch::DatabaseWatch(Database& database, SchemaName const& schema, Duration interval)
    : database_{database},
      statement_{"SELECT 1 FROM " + schema_in(database.dialect(), schema).qualify("message") +
                 " WHERE 1 = 0"},
      interval_{interval} {}

std::optional<Error> DatabaseWatch::look() {
  try {
    TransactOptions const options{
        .access = Access::read_only, .timeout = look_timeout, .attempts_max = 1};
    database_.transact(options, [&](Transaction& tx) { tx.execute(statement_); });
    set_trouble({});
    return std::nullopt;
  } catch (Error const& error) {
    set_trouble(error.what());
    return error;
  }
}

void DatabaseWatch::run(std::stop_token const& stop) {
  while (!stop.stop_requested()) {
    look();
    database_.clock().pause(interval_, stop);
  }
}

std::string DatabaseWatch::trouble() const {
  Lock const lock{mutex_};
  return trouble_;
}

void DatabaseWatch::set_trouble(std::string trouble) {
  Lock const lock{mutex_};
  trouble_ = std::move(trouble);
}

}  // namespace tram
