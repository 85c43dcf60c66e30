#include "tram/connect/database.hpp"

#include "refuse_scheme.hpp"

namespace tram::connect {
namespace {

DatabaseKit const& kit_for(Url const& url, Kits const& kits) {
  if (auto const* kit = database_kit(url.scheme, kits)) return *kit;
  std::vector<std::string_view> built;
  for (auto const* kit : kits.databases) built.push_back(kit->scheme);
  refuse_scheme(url, "database", built, kits.databases_left_out);
}

}  // namespace

DatabaseKit const* database_kit(std::string_view scheme, Kits const& kits) {
  for (auto const* kit : kits.databases)
    if (!scheme.empty() && (scheme == kit->scheme || scheme == kit->alias)) return kit;
  return nullptr;
}

Database database(std::string_view text, PoolOptions const& options, Clock& clock, Random& random,
                  Opening opening, Kits const& kits) {
  auto const url = parse_url(text);
  return kit_for(url, kits).open(url, options, opening, clock, random);
}

std::unique_ptr<OutboxSource> outbox(std::string_view text, OutboxSourceOptions const& options,
                                     Clock& clock, Random& random, Kits const& kits) {
  auto const url = parse_url(text);
  return kit_for(url, kits).outbox(url, options, clock, random);
}

}  // namespace tram::connect
