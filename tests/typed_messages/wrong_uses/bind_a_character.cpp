// expect: tram: a single character is no parameter; bind a text or a number
#include "orders.hpp"

void insert(tram::Transaction& tx) { tx.execute("INSERT INTO orders (name) VALUES (?)", 'x'); }
