#include "sabotage.hpp"

#include <string>

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

/// A removal that takes the civil clock's word for the age of rows.
void believe_clock(Database& database) {
  database.transact([](Transaction& tx) {
    for (std::string const table : {"message", "received_messages"}) {
      tx.execute("CREATE TRIGGER believe_" + table + " AFTER INSERT ON " + table +
                 " BEGIN DELETE FROM " + table + " WHERE creation_time < NEW.creation_time - " +
                 std::to_string(std::chrono::milliseconds{row_age}.count()) + "; END");
    }
  });
}

/// A row that was stamped ahead keeps those behind it.
void keep_ahead(Database& database) {
  database.transact([](Transaction& tx) {
    for (std::string const table : {"message", "received_messages"}) {
      tx.execute("CREATE TRIGGER keep_" + table + " BEFORE DELETE ON " + table +
                 " WHEN EXISTS (SELECT 1 FROM " + table +
                 " WHERE rowid <= OLD.rowid AND creation_time / 1000 > unixepoch('now')) BEGIN "
                 "SELECT RAISE(IGNORE); END");
    }
  });
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
