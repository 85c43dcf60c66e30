// Messages in transactions of SOCI, on a file, and of libpqxx, on the server that a second argument
// names.

// SOCI's headers want Boost where the library was built with it; this program does without.
#include <soci/soci-config.h>
#undef SOCI_HAVE_BOOST
#undef SOCI_HAVE_BOOST_DATE_TIME
#include <soci/soci.h>

#include <iostream>
#include <string>
#include <tram/adapters/libpqxx.hpp>
#include <tram/adapters/soci_sqlite.hpp>
#include <tram/base/clock.hpp>
#include <tram/base/random.hpp>
#include <tram/outbox/outbox.hpp>
#include <tram/schema/schema.hpp>
#include <tram/sqlite/sqlite.hpp>
#include <tram/wire/id_generator.hpp>

namespace {

struct OrderPlaced {
  int order_id{};
};

void place_on_postgresql(std::string const& url, tram::Outbox const& outbox) {
  pqxx::connection connection{url};
  pqxx::work work{connection};
  work.exec_params("INSERT INTO orders VALUES ($1)", 7);
  outbox.send(tram::libpqxx::adopt(work), "orders", OrderPlaced{7});
  work.commit();
}

}  // namespace

int main(int argc, char** argv) {
  std::string const file = "adapters.db";
  tram::SystemClock clock;
  tram::SystemRandom random;
  auto database = tram::sqlite::connect({.path = file}, {}, clock, random);
  tram::install_schema(database, tram::SchemaName{});
  tram::IdGenerator ids{clock, {1}};
  auto const outbox = tram::Outbox::of(database, ids, random);

  soci::session session{soci::sqlite3, "dbname=" + file};
  session << "CREATE TABLE orders (id INTEGER PRIMARY KEY)";
  soci::transaction transaction{session};
  session << "INSERT INTO orders VALUES (7)";
  outbox.send(tram::soci_sqlite::adopt(session), "orders", OrderPlaced{7});
  transaction.commit();

  if (argc > 2) {
    tram::Outbox const on_server{{.dialect = tram::postgres::dialect,
                                  .table = {},
                                  .ids = ids,
                                  .clock = clock,
                                  .random = random},
                                 {}};
    place_on_postgresql(argv[2], on_server);
  }
  int messages = 0;
  session << "SELECT count(*) FROM message", soci::into(messages);
  std::cout << messages << " message, sent in a transaction of SOCI\n";
  return messages == 1 ? 0 : 1;
}
