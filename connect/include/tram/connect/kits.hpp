#pragma once

#include <span>
#include <string_view>

namespace tram {
struct BrokerKit;
struct DatabaseKit;
}  // namespace tram

namespace tram::connect {

/// The drivers that URLs can choose. The arrays outlive it.
///
///     constexpr tram::DatabaseKit const* databases[]{&tram::sqlite::kit};
///     auto database = tram::connect::database(url, {}, clock, random, {}, {.databases =
///     databases});
struct Kits {
  std::span<DatabaseKit const* const> databases{};
  std::span<BrokerKit const* const> brokers{};
  /// Schemes of drivers that could have been built: messages say so.
  std::span<std::string_view const> databases_left_out{};
  std::span<std::string_view const> brokers_left_out{};
};

/// All drivers that were built.
Kits const& built_kits();

}  // namespace tram::connect
