#include "tram/cdc/numbered_outbox_retention.hpp"

#include "tram/sql/database.hpp"
#include "tram/sql/dialect.hpp"
#include "tram/sql/transaction.hpp"

namespace tram {

NumberedOutboxRetention::NumberedOutboxRetention(Database& database, SchemaName const& schema,
                                                 std::chrono::milliseconds age,
                                                 std::string const& table)
    : database_{database}, age_{age} {
  auto const outbox = schema_in(database.dialect(), schema).qualify(table);
  statement_ = "DELETE FROM " + outbox +
               " WHERE seq IN (SELECT seq FROM (SELECT seq, creation_time FROM " + outbox +
               " WHERE seq <= ? ORDER BY seq LIMIT 1000) AS oldest"
               " WHERE creation_time IS NULL OR creation_time < " +
               std::string{database.dialect().now_milliseconds} + " - ?)";
}

std::size_t NumberedOutboxRetention::remove_some(LogPosition confirmed) {
  TransactOptions const quickly{.timeout = std::chrono::seconds{5}};
  return database_.transact(quickly, [&](Transaction& tx) {
    auto const removed = tx.execute(statement_, static_cast<std::int64_t>(confirmed),
                                    static_cast<std::int64_t>(age_.count()));
    return static_cast<std::size_t>(removed.affected());
  });
}

}  // namespace tram
