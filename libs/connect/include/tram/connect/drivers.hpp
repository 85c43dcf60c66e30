#pragma once

#include <concepts>
#include <string_view>
#include <vector>

#pragma GCC visibility push(default)

namespace tram {

struct BrokerKit;
struct DatabaseKit;

/// The drivers that URLs can choose, named by their kits. A program links those that it names:
///
///     #include <tram/embedded/kit.hpp>
///     #include <tram/sqlite/kit.hpp>
///
///     auto database = tram::connect::database("sqlite:shop.db", {tram::sqlite::kit}, runtime);
///     auto const broker =
///         tram::connect::broker("embedded:channels.db", {tram::embedded::kit}, runtime);
///
/// For all that were built there is `tram::all_drivers()`, in `tram/all_drivers.hpp`.
struct Drivers {
  Drivers() = default;
  template <class... Kits>
    requires((std::same_as<Kits, DatabaseKit> || std::same_as<Kits, BrokerKit>) && ...)
  Drivers(Kits const&... kits) {  // NOLINT(google-explicit-constructor): a list of them
    (add(kits), ...);
  }

  void add(DatabaseKit const& kit) { databases.push_back(&kit); }
  void add(BrokerKit const& kit) { brokers.push_back(&kit); }

  // Kits live as long as the program.
  std::vector<DatabaseKit const*> databases{};
  std::vector<BrokerKit const*> brokers{};
  /// Schemes of drivers that could have been built: messages say so.
  std::vector<std::string_view> databases_left_out{};
  std::vector<std::string_view> brokers_left_out{};
};

}  // namespace tram

#pragma GCC visibility pop
