// expect: tram: an enum needs a table of its names beside it
#include "orders.hpp"

enum class Colour { red };

void insert(tram::Transaction& tx) {
  tx.execute("INSERT INTO orders (colour) VALUES (?)", Colour::red);
}
