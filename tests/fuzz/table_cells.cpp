#include "table_cells.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>

namespace tram::fuzz {
namespace {

constexpr int rows_max{40};

}  // namespace

void TableCells::fill(sqlite3* database, std::span<TableShape const> tables) {
  for (int row = 0; row < rows_max && !bytes_.empty(); ++row) {
    auto const& table = tables[byte() % tables.size()];
    sqlite3_stmt* prepared{};
    ::sqlite3_prepare_v2(database, table.insert, -1, &prepared, nullptr);
    std::unique_ptr<sqlite3_stmt, decltype(&::sqlite3_finalize)> const statement{
        prepared, &::sqlite3_finalize};
    for (int column = 1; column <= table.columns; ++column) bind(prepared, column);
    ::sqlite3_step(prepared);
  }
}

unsigned char TableCells::byte() {
  if (bytes_.empty()) return 0;
  auto const first = static_cast<unsigned char>(bytes_.front());
  bytes_.remove_prefix(1);
  return first;
}

std::string_view TableCells::some(std::size_t size) {
  auto const taken = bytes_.substr(0, size);
  bytes_.remove_prefix(taken.size());
  return taken;
}

/// The first byte is the kind and, of small numbers, the value; or the length of what follows.
void TableCells::bind(sqlite3_stmt* statement, int place) {
  auto const kind = byte();
  auto const size = static_cast<std::size_t>(kind & 0x3fU);
  switch (kind >> 6U) {
    case 0: ::sqlite3_bind_int64(statement, place, static_cast<int>(size) - 2); return;
    case 1: {
      auto const text = some(size);
      ::sqlite3_bind_text64(statement, place, text.data(), text.size(), SQLITE_TRANSIENT,
                            SQLITE_UTF8);
      return;
    }
    case 2: {
      auto const blob = some(size);
      ::sqlite3_bind_blob64(statement, place, blob.data(), blob.size(), SQLITE_TRANSIENT);
      return;
    }
    default: break;
  }
  if (size == 0) return;
  std::int64_t number{};
  auto const digits = some(sizeof number);
  std::memcpy(&number, digits.data(), digits.size());
  if (size % 8 == 1) ::sqlite3_bind_double(statement, place, static_cast<double>(number) / 3);
  else ::sqlite3_bind_int64(statement, place, number);
}

}  // namespace tram::fuzz
