#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <tram/base/clock.hpp>
#include <tram/base/random.hpp>
#include <tram/sqlite/sqlite.hpp>

// consumer FOLDER: writes in one transaction, gives another one up, and tells whether that is what
// the database holds.
int main(int argc, char** argv) {
  std::filesystem::path const folder = argc > 1 ? argv[1] : ".";
  std::filesystem::remove(folder / "consumer.db");
  tram::SystemClock clock;
  tram::SystemRandom random;
  auto database =
      tram::sqlite::connect({.path = (folder / "consumer.db").string()}, {}, clock, random);

  database.transact([](tram::Transaction& tx) {
    tx.execute("CREATE TABLE shipments (id INTEGER PRIMARY KEY)");
    tx.execute("INSERT INTO shipments (id) VALUES (?)", 1);
  });
  try {
    database.transact([](tram::Transaction& tx) {
      tx.execute("INSERT INTO shipments (id) VALUES (?)", 2);
      throw std::runtime_error{"changed my mind"};
    });
  } catch (std::runtime_error const& error) { std::cout << error.what() << '\n'; }
  auto const shipments = database.transact([](tram::Transaction& tx) {
    return tx.execute("SELECT count(*) FROM shipments")[0].get<int>(0);
  });
  std::cout << shipments << " shipment\n";
  return shipments == 1 ? 0 : 1;
}
