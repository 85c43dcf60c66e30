// expect: tram: text would be encoded once more; send it as it is with tram::Message{.headers = {},
// .payload = text}
#include "orders.hpp"

void send(tram::Transaction& tx, tram::Outbox const& outbox) {
  outbox.send(tx, "orders", R"({"a":1})");
}
