// expect: tram: this type is no parameter; bind numbers, bool, text, bytes, Decimal, Uuid, Id, an
// enum with enum_names, a system_clock time, a duration, or std::optional of these
#include "orders.hpp"

struct Address {
  int street{};
};

void insert(tram::Transaction& tx, Address const& address) {
  tx.execute("INSERT INTO orders (address) VALUES (?)", address);
}
