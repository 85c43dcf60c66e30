#include "tram/connect/database.hpp"

#include "refuse_scheme.hpp"

namespace tram::connect {
namespace {

DatabaseKit const& kit_for(Url const& url, Drivers const& drivers) {
  if (auto const* kit = database_kit(url.scheme, drivers)) return *kit;
  std::vector<std::string_view> built;
  for (auto const* kit : drivers.databases) built.push_back(kit->scheme);
  refuse_scheme(url, "database", built, drivers.databases_left_out);
}

}  // namespace

DatabaseKit const* database_kit(std::string_view scheme, Drivers const& drivers) {
  for (auto const* kit : drivers.databases)
    if (!scheme.empty() && (scheme == kit->scheme || scheme == kit->alias)) return kit;
  return nullptr;
}

Database database(std::string_view text, Drivers const& drivers, Runtime const& runtime,
                  PoolOptions const& options, Opening opening) {
  auto const url = parse_url(text);
  return kit_for(url, drivers).open(url, options, opening, runtime.clock, runtime.random);
}

}  // namespace tram::connect
