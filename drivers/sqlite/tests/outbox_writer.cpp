#include <sqlite3.h>

#include <cstdlib>
#include <iostream>
#include <string>

/// outbox_writer FILE FIRST COUNT: inserts COUNT rows, one per transaction, with the ids FIRST and
/// following, and waits for a line on standard input before each.
int main(int argc, char** argv) {
  if (argc != 4) return 2;
  sqlite3* connection = nullptr;
  if (sqlite3_open(argv[1], &connection) != SQLITE_OK) return 3;
  sqlite3_busy_timeout(connection, 5000);
  int const first = std::atoi(argv[2]);
  int const count = std::atoi(argv[3]);
  std::string line;
  for (int id = first; id < first + count && std::getline(std::cin, line); ++id) {
    std::string const name = std::to_string(id);
    std::string const sql =
        "INSERT INTO message (id, destination, headers, payload, published) VALUES ('" + name +
        "', 'orders', '{\"ID\":\"" + name + "\"}', '" + name + "', 0)";
    if (sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
      std::cerr << sqlite3_errmsg(connection) << '\n';
      return 4;
    }
  }
  return sqlite3_close(connection) == SQLITE_OK ? 0 : 5;
}
