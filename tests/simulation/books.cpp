#include "books.hpp"

namespace tram::simulation {

void open_books(Database& database) {
  database.transact([](Transaction& tx) {
    tx.execute("CREATE TABLE written (seq INTEGER PRIMARY KEY AUTOINCREMENT, number INTEGER, "
               "meant_as TEXT, message_id TEXT, channel TEXT, message_key TEXT, payload TEXT)");
    tx.execute("CREATE TABLE effect (seq INTEGER PRIMARY KEY AUTOINCREMENT, subscriber_id TEXT, "
               "channel TEXT, number INTEGER, taken_as TEXT, message_id TEXT)");
  });
}

void write_down(Transaction& tx, Meant const& meant, std::string const& message_id) {
  tx.execute("INSERT INTO written (number, meant_as, message_id, channel, message_key, payload) "
             "VALUES (?, ?, ?, ?, ?, ?)",
             meant.number, meant.as, message_id, meant.channel, meant.key, meant.payload);
}

void leave_effect(Transaction& tx, IncomingMessage const& incoming, std::int64_t number,
                  std::string const& as) {
  tx.execute("INSERT INTO effect (subscriber_id, channel, number, taken_as, message_id) "
             "VALUES (?, ?, ?, ?, ?)",
             incoming.subscriber_id, incoming.source.channel, number, as, incoming.id());
}

}  // namespace tram::simulation
