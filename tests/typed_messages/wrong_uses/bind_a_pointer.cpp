// expect: tram: a pointer is no parameter; bind the value, or a std::string_view of text
#include "orders.hpp"

void insert(tram::Transaction& tx, unsigned char const* name) {
  tx.execute("INSERT INTO orders (name) VALUES (?)", name);
}
