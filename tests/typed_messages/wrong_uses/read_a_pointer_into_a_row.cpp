// expect: tram: a column is read as a number, bool, std::string, bytes, Decimal, Uuid, Id, an enum
// with enum_names, a system_clock time, a duration or std::optional of these; a view of it would
// outlive its row
#include "orders.hpp"

void name(tram::Transaction& tx) {
  auto const text = tx.execute("SELECT name FROM orders")[0].get<char const*>(0);
}
