// expect: tram: a column is read as a number, bool, std::string, bytes, Decimal, Uuid, Id, an enum
// with enum_names, a system_clock time, a duration or std::optional of these; a view of it would
// outlive its row
#include "orders.hpp"

void paid_at(tram::Transaction& tx) {
  auto const time =
      tx.execute("SELECT at FROM orders").one().get<std::chrono::steady_clock::time_point>("at");
}
