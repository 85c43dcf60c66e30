#include "sabotage.hpp"

#include <string>
#include <string_view>

#include "process.hpp"
#include "tram/sql/database.hpp"
#include "tram/sql/transaction.hpp"

namespace tram::simulation {
namespace {

void lose_requests(Database& database) {
  database.transact([](Transaction& tx) {
    tx.execute("CREATE TRIGGER lose AFTER UPDATE OF retry_requested ON tram_held_key WHEN "
               "NEW.retry_requested = 1 BEGIN UPDATE tram_held_key SET retry_requested = 0; END");
  });
}

void forget_inbox(Database& database) {
  database.transact([](Transaction& tx) {
    tx.execute("CREATE TRIGGER forget AFTER INSERT ON received_messages BEGIN "
               "DELETE FROM received_messages WHERE rowid = NEW.rowid; END");
  });
}

/// In both tables that old rows are removed from, which the text calls TABLE.
void run_in_both(Database& database, std::string const& text) {
  constexpr std::string_view place{"TABLE"};
  database.transact([&](Transaction& tx) {
    for (std::string_view const table : {"message", "received_messages"}) {
      auto sql = text;
      for (auto at = sql.find(place); at != std::string::npos; at = sql.find(place))
        sql.replace(at, place.size(), table);
      tx.execute(sql);
    }
  });
}

/// A removal that takes the civil clock's word for the age of rows.
void believe_clock(Database& database) {
  run_in_both(database,
              "CREATE TRIGGER believe_TABLE AFTER INSERT ON TABLE BEGIN DELETE FROM TABLE "
              "WHERE creation_time < NEW.creation_time - " +
                  std::to_string(std::chrono::milliseconds{row_age}.count()) + "; END");
}

/// A row that was stamped ahead keeps those behind it.
void keep_ahead(Database& database) {
  run_in_both(database,
              "CREATE TRIGGER keep_TABLE BEFORE DELETE ON TABLE WHEN EXISTS (SELECT 1 FROM TABLE "
              "WHERE rowid <= OLD.rowid AND creation_time / 1000 > unixepoch('now')) BEGIN SELECT "
              "RAISE(IGNORE); END");
}

}  // namespace

void sabotage_database(Database& database, Sabotage sabotage) {
  switch (sabotage) {
    case Sabotage::loses_requests: return lose_requests(database);
    case Sabotage::forgets_inbox: return forget_inbox(database);
    case Sabotage::believes_clock: return believe_clock(database);
    case Sabotage::keeps_ahead: return keep_ahead(database);
    default: return;
  }
}

}  // namespace tram::simulation
