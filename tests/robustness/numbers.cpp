#include "numbers.hpp"

#include <stdexcept>

#include "tram/json/json.hpp"

namespace tram::numbers {
namespace {

std::int64_t count(Transaction& tx, std::string_view sql) {
  return tx.execute(sql)[0].get<std::int64_t>(0);
}

}  // namespace

void create_tables(Database& database) {
  database.transact([](Transaction& tx) {
    std::string const counter{tx.dialect().types.counter};
    tx.execute("CREATE TABLE IF NOT EXISTS numbers_sent (number_key VARCHAR(20), number BIGINT, "
               "token VARCHAR(40) PRIMARY KEY, UNIQUE (number_key, number))");
    tx.execute("CREATE TABLE IF NOT EXISTS numbers_applied (place " + counter +
               ", number_key VARCHAR(20), number BIGINT, token VARCHAR(40))");
    tx.execute("CREATE INDEX IF NOT EXISTS numbers_applied_token ON numbers_applied (token)");
  });
}

void write_next(Database& database, Outbox const& outbox, std::string const& key, Random& random) {
  struct RolledBack : std::exception {};
  bool const rolls_back = random.below(10) == 0;
  try {
    database.transact([&](Transaction& tx) {
      auto const last =
          tx.execute("SELECT coalesce(max(number), 0) FROM numbers_sent WHERE number_key = ?", key);
      Number const next{
          .key = key, .number = last[0].get<std::int64_t>(0) + 1, .token = random_uuid(random)};
      tx.execute("INSERT INTO numbers_sent (number_key, number, token) VALUES (?, ?, ?)", next.key,
                 next.number, next.token);
      outbox.send(tx, channel, next, {.partition_key = key});
      if (rolls_back) throw RolledBack{};
    });
  } catch (RolledBack const&) { return; }
}

void apply(Transaction& tx, IncomingMessage const& incoming) {
  auto const number = json::decode<Number>(incoming.message.payload);
  tx.execute("INSERT INTO numbers_applied (number_key, number, token) VALUES (?, ?, ?)", number.key,
             number.number, number.token);
}

Verdict judge(Database& database) {
  return database.transact({.access = Access::read_only}, [](Transaction& tx) {
    return Verdict{
        .sent = count(tx, "SELECT count(*) FROM numbers_sent"),
        .lost = count(tx, "SELECT count(*) FROM numbers_sent WHERE NOT EXISTS (SELECT 1 FROM "
                          "numbers_applied WHERE numbers_applied.token = numbers_sent.token)"),
        .twice = count(tx, "SELECT count(*) FROM (SELECT token FROM numbers_applied GROUP BY token "
                           "HAVING count(*) > 1) AS repeated"),
        .strange = count(tx, "SELECT count(*) FROM numbers_applied WHERE NOT EXISTS (SELECT 1 FROM "
                             "numbers_sent WHERE numbers_sent.token = numbers_applied.token)"),
        .out_of_order = count(
            tx,
            "SELECT count(*) FROM (SELECT number, lag(number) OVER (PARTITION BY number_key ORDER "
            "BY place) AS previous FROM numbers_applied) AS applied WHERE number <= previous")};
  });
}

std::string to_string(Verdict const& verdict) {
  return std::to_string(verdict.sent) + " sent, " + std::to_string(verdict.lost) + " lost, " +
         std::to_string(verdict.twice) + " twice, " + std::to_string(verdict.strange) +
         " of rolled-back transactions, " + std::to_string(verdict.out_of_order) + " out of order";
}

}  // namespace tram::numbers
