#include "tram/operations/held_items.hpp"

#include <iterator>
#include <set>
#include <utility>

#include "tram/relay/held_row_admin.hpp"
#include "tram/sql/database.hpp"
#include "tram/subscriber/held_messages.hpp"

namespace tram {
namespace {

constexpr std::string_view relay{"relay"};

HeldFilter message_filter(HeldChoice const& choice) {
  return {.subscriber_id = choice.subscriber,
          .channel = choice.channel,
          .key = choice.key,
          .message_id = choice.message};
}

HeldRowFilter row_filter(HeldChoice const& choice) {
  return {.relay = choice.relay,
          .destination = choice.channel,
          .key = choice.key,
          .row_id = choice.message};
}

HeldItem item_of(HeldMessage message, std::set<HeldKey> const& requested) {
  bool const again = requested.contains(message.key);
  return {.held_by = "subscription",
          .owner = std::move(message.key.subscriber_id),
          .channel = std::move(message.key.channel),
          .key = std::move(message.key.key),
          .message_id = std::move(message.message_id),
          .held_at = message.held_at,
          .attempts = message.attempts,
          .retry_requested = again,
          .reason = std::move(message.reason),
          .cause = std::string{to_string(message.cause)},
          .headers = std::move(message.headers_json),
          .payload = std::move(message.payload)};
}

HeldItem item_of(HeldRowEntry row) {
  return {.held_by = std::string{relay},
          .owner = std::move(row.relay),
          .channel = std::move(row.destination),
          .key = row.key.value_or(""),
          .message_id = std::move(row.row_id),
          .held_at = row.held_at,
          .attempts = std::nullopt,
          .retry_requested = row.retry_requested,
          .reason = std::move(row.reason),
          .cause = std::string{to_string(row.cause)},
          .headers = std::move(row.headers),
          .payload = std::move(row.payload)};
}

std::vector<HeldItem> items_of(Transaction& tx, HeldMessages const& messages,
                               HeldFilter const& filter, std::size_t max) {
  std::set<HeldKey> requested;
  for (auto const& summary : messages.keys(tx, filter)) {
    if (summary.retry_requested) requested.insert(summary.key);
  }
  std::vector<HeldItem> items;
  for (auto& message : messages.messages(tx, filter, max))
    items.push_back(item_of(std::move(message), requested));
  return items;
}

bool means_subscriptions(HeldChoice const& choice) { return choice.relay.empty(); }
bool means_relays(HeldChoice const& choice) { return choice.subscriber.empty(); }

/// Where they are.
struct Held {
  Held(Transaction& tx, SchemaName const& schema)
      : messages{tx.dialect(), schema}, rows{tx.dialect(), schema} {}
  HeldMessages messages;
  HeldRowAdmin rows;
};

void tell(HeldProgress const& progress, HeldStep step, std::size_t count) {
  if (progress) progress(step, count);
}

}  // namespace

std::vector<HeldItem> HeldItems::list(HeldChoice const& choice, std::size_t max) const {
  return database_.transact({.access = Access::read_only}, [&](Transaction& tx) {
    Held const held{tx, schema_};
    std::vector<HeldItem> items;
    if (means_subscriptions(choice))
      items = items_of(tx, held.messages, message_filter(choice), max);
    if (!means_relays(choice)) return items;
    for (auto& row : held.rows.rows(tx, row_filter(choice), max))
      items.push_back(item_of(std::move(row)));
    return items;
  });
}

std::size_t HeldItems::count(HeldChoice const& choice) const {
  return database_.transact({.access = Access::read_only}, [&](Transaction& tx) {
    Held const held{tx, schema_};
    std::size_t count = 0;
    if (means_subscriptions(choice)) count += held.messages.count(tx, message_filter(choice));
    if (means_relays(choice)) count += held.rows.count(tx, row_filter(choice));
    return count;
  });
}

HeldTotals HeldItems::totals() const {
  return database_.transact({.access = Access::read_only}, [&](Transaction& tx) {
    Held const held{tx, schema_};
    return HeldTotals{.messages = held.messages.count(tx, {}),
                      .keys = held.messages.keys(tx, {}).size(),
                      .rows = held.rows.count(tx, {})};
  });
}

std::size_t HeldItems::request_retry(HeldChoice const& choice, HeldProgress const& progress) const {
  auto const done = database_.transact([&](Transaction& tx) {
    Held const held{tx, schema_};
    tell(progress, HeldStep::nothing_changed, 0);
    std::size_t count = 0;
    if (means_subscriptions(choice))
      count += held.messages.request_retry(tx, message_filter(choice));
    if (means_relays(choice)) count += held.rows.request_retry(tx, row_filter(choice));
    tell(progress, HeldStep::storing, count);
    return count;
  });
  tell(progress, HeldStep::stored, done);
  return done;
}

bool HeldItems::drop(HeldItem const& item, HeldProgress const& progress) const {
  bool const done = database_.transact([&](Transaction& tx) {
    Held const held{tx, schema_};
    tell(progress, HeldStep::nothing_changed, 0);
    bool const dropped =
        item.held_by == relay
            ? held.rows.drop(tx, {.relay = item.owner, .row_id = item.message_id}) > 0
            : held.messages.drop(tx, item.owner, item.message_id);
    tell(progress, HeldStep::storing, dropped ? 1 : 0);
    return dropped;
  });
  tell(progress, done ? HeldStep::stored : HeldStep::nothing_changed, done ? 1 : 0);
  return done;
}

}  // namespace tram
