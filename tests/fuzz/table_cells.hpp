#pragma once

#include <sqlite3.h>

#include <span>
#include <string_view>

namespace tram::fuzz {

/// A table that rows are put into, with the columns that are given.
struct TableShape {
  char const* insert;
  int columns;
};

/// Makes rows out of any bytes, with values of all the kinds that SQLite has. What a table refuses
/// is left out.
class TableCells {
 public:
  explicit TableCells(std::string_view bytes) : bytes_{bytes} {}
  void fill(sqlite3* database, std::span<TableShape const> tables);

 private:
  unsigned char byte();
  std::string_view some(std::size_t size);
  void bind(sqlite3_stmt* statement, int place);

  std::string_view bytes_;
};

}  // namespace tram::fuzz
