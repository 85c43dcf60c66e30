#include <iostream>
#include <tram/base/error.hpp>
#include <tram/sqlite/kit.hpp>
#include <tram/tram.hpp>

// catches: what a library throws is caught by its type, and is no other type; objects of a library
// are cast by theirs.
int main() {
  tram::Runtime const runtime;
  auto database = tram::connect::database("sqlite:catches.db", {tram::sqlite::kit}, runtime);
  int caught = 0;
  try {
    database.transact([](tram::Transaction& tx) { tx.execute("SELECT nothing FROM nowhere"); });
  } catch (tram::Error const& error) {
    if (error.fault() == tram::Fault::rejected) ++caught;
  }
  try {
    database.transact(
        [](tram::Transaction&) { throw tram::Error{tram::Fault::malformed, "of this program"}; });
  } catch (std::runtime_error const& error) {
    if (dynamic_cast<tram::Error const*>(&error) != nullptr) ++caught;
  }
  std::cout << caught << " of 2 errors caught by their type\n";
  return caught == 2 ? 0 : 1;
}
