#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tram/sql/dialect.hpp"

#pragma GCC visibility push(default)

namespace tram {

class Database;

/// A message that a subscription or a relay holds, as an operator sees it.
struct HeldItem {
  /// `subscription` or `relay`.
  std::string held_by;
  /// The subscriber's id, or the relay's name.
  std::string owner;
  std::string channel;
  std::string key;
  std::string message_id;
  /// Epoch milliseconds, by the database's clock.
  std::int64_t held_at{};
  /// Runs of the handler; relays do not count.
  std::optional<int> attempts;
  bool retry_requested{};
  std::string reason;
  /// `own_failure`, `key_held` or `channel_closed`: see `HeldCause` (tram/storage/held_cause.hpp).
  std::string cause;
  std::optional<std::string> headers;
  std::optional<std::string> payload;
};

/// Which held messages are meant; empty means any.
struct HeldChoice {
  std::string subscriber{};
  std::string relay{};
  std::string channel{};
  std::string key{};
  std::string message{};
};

struct HeldTotals {
  /// Of subscriptions.
  std::size_t messages{};
  std::size_t keys{};
  /// Of relays.
  std::size_t rows{};
};

/// How far a change is, for a program that may be ended meanwhile.
enum class HeldStep : std::uint8_t {
  /// Nothing was changed, or nothing was there to change.
  nothing_changed,
  /// The database is about to store the change.
  storing,
  /// It is stored, and stays so.
  stored,
};
/// Called with each step, and how many keys and rows it is about.
using HeldProgress = std::function<void(HeldStep step, std::size_t count)>;

/// What subscriptions and relays hold in one database, for operators. Services and relays see a
/// change within seconds. Callable from any thread. Every call is one transaction, waits for the
/// database, and throws the errors of `Database::transact`.
///
///     tram::HeldItems const held{database, schema};
///     for (auto const& item : held.list({.subscriber = "billing"}, 50)) show(item.reason);
///     held.request_retry({.subscriber = "billing"});
class HeldItems final {
 public:
  /// `database` must outlive this.
  HeldItems(Database& database, SchemaName schema)
      : database_{database}, schema_{std::move(schema)} {}

  /// Both kinds unless the choice names an owner; of each the oldest first, `max` at most.
  [[nodiscard]] std::vector<HeldItem> list(HeldChoice const& choice, std::size_t max) const;
  /// All that `list` would give.
  [[nodiscard]] std::size_t count(HeldChoice const& choice) const;
  [[nodiscard]] HeldTotals totals() const;
  /// Asks for keys of subscriptions and rows of relays to be tried again; how many.
  std::size_t request_retry(HeldChoice const& choice, HeldProgress const& progress = {}) const;
  /// Gives the message up; false when it was gone already.
  bool drop(HeldItem const& item, HeldProgress const& progress = {}) const;

 private:
  Database& database_;
  SchemaName schema_;
};

}  // namespace tram

#pragma GCC visibility pop
