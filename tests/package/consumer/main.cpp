#include <sqlite3.h>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <tram/base/clock.hpp>
#include <tram/base/random.hpp>
#include <tram/embedded/embedded.hpp>
#include <tram/outbox/outbox.hpp>
#include <tram/relay/relay.hpp>
#include <tram/relay/sql_held_row_store.hpp>
#include <tram/schema/schema.hpp>
#include <tram/sql/function_executor.hpp>
#include <tram/sqlite/adopt.hpp>
#include <tram/sqlite/change_source.hpp>
#include <tram/sqlite/sqlite.hpp>
#include <tram/subscriber/subscriber.hpp>
#include <tram/subscriber/workers.hpp>
#include <tram/wire/id_generator.hpp>

namespace {

struct ShipmentBooked {
  int shipment_id{};
};

/// The database client that this project has always used.
class OwnClient {
 public:
  explicit OwnClient(std::string const& path) { sqlite3_open(path.c_str(), &connection_); }
  ~OwnClient() { sqlite3_close(connection_); }
  OwnClient(OwnClient const&) = delete;
  OwnClient& operator=(OwnClient const&) = delete;

  [[nodiscard]] sqlite3* handle() const { return connection_; }
  void run(std::string_view sql, tram::Parameters parameters = {}) {
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v2(connection_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
    int index = 0;
    for (auto const& parameter : parameters) bind(statement, ++index, parameter.value());
    sqlite3_step(statement);
    sqlite3_finalize(statement);
  }

 private:
  static void bind(sqlite3_stmt* statement, int index, tram::Parameter::Value const& value) {
    if (auto const* text = std::get_if<std::string_view>(&value)) {
      sqlite3_bind_text(statement, index, text->data(), static_cast<int>(text->size()),
                        SQLITE_TRANSIENT);
    } else if (auto const* number = std::get_if<std::int64_t>(&value)) {
      sqlite3_bind_int64(statement, index, *number);
    }
  }
  sqlite3* connection_{};
};

}  // namespace

// consumer FOLDER: sends in a transaction of Tram, of SQLite's own handle and of a client of its
// own, and tells whether each message was handled once.
int main(int argc, char** argv) {
  std::filesystem::path const folder = argc > 1 ? argv[1] : ".";
  for (auto const* name : {"consumer.db", "channels.db"}) std::filesystem::remove(folder / name);
  auto const path = (folder / "consumer.db").string();
  tram::SystemClock clock;
  tram::SystemRandom random;
  auto database = tram::sqlite::connect({.path = path}, {}, clock, random);
  tram::install_schema(database, tram::SchemaName{});
  database.transact(
      [](tram::Transaction& tx) { tx.execute("CREATE TABLE arrivals (id INTEGER)"); });

  tram::IdGenerator ids{clock, tram::MachineNumber::choose(std::nullopt, random)};
  auto const outbox = tram::Outbox::of(database, ids, random);
  database.transact(
      [&](tram::Transaction& tx) { outbox.send(tx, "shipments", ShipmentBooked{1}); });
  OwnClient client{path};
  client.run("BEGIN");
  outbox.send(tram::sqlite::adopt(client.handle()), "shipments", ShipmentBooked{2});
  client.run("COMMIT");
  client.run("BEGIN");
  outbox.send(tram::FunctionExecutor{[&](std::string_view sql, tram::Parameters parameters) {
                client.run(sql, parameters);
                return tram::Rows{};
              }},
              "shipments", ShipmentBooked{3});
  client.run("COMMIT");

  auto const broker = tram::embedded::connect({.path = (folder / "channels.db").string()}, clock);
  auto const source = tram::sqlite::change_source({.path = path}, clock);
  tram::SqlHeldRowStore held{database, tram::SchemaName{}, *source};
  tram::Relay relay{{*source, *broker, held, nullptr, clock, random}, {}};
  tram::WorkerPool workers{2};
  auto const handle = [](tram::Transaction& tx, tram::IncomingMessage const& incoming) {
    auto const booked = tram::json::decode<ShipmentBooked>(incoming.message.payload);
    tx.execute("INSERT INTO arrivals VALUES (?)", booked.shipment_id);
  };
  tram::Subscriber subscriber{
      {database, *broker, workers, clock, random}, {}, {{"arrivals", {"shipments"}, handle}}};
  std::jthread const relaying{[&](std::stop_token const& stop) { relay.run(stop); }};
  std::jthread const subscribing{[&](std::stop_token const& stop) { subscriber.run(stop); }};

  auto const arrived = [&](char const* what) {
    return database.transact([&](tram::Transaction& tx) {
      return tx.execute(std::string{"SELECT count("} + what + ") FROM arrivals")[0].get<int>(0);
    });
  };
  auto const deadline = tram::Deadline::after(clock, std::chrono::minutes{1});
  while (arrived("*") < 3 && !deadline.reached(clock)) clock.pause(std::chrono::milliseconds{10});
  bool const once = arrived("*") == 3 && arrived("DISTINCT id") == 3;
  std::cout << arrived("*") << " shipments arrived, " << (once ? "each once" : "WRONG") << '\n';
  return once ? 0 : 1;
}
