// expect: tram: an enum needs a table of its names beside it
#include "orders.hpp"

enum class Colour { red };

void colour(tram::Transaction& tx) {
  auto const colour = tx.execute("SELECT colour FROM orders").one<Colour>();
}
