#include "held_items.hpp"

#include <set>

#include "tram/relay/held_row_admin.hpp"
#include "tram/subscriber/held_messages.hpp"

namespace tram::operator_program {
namespace {

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
  return {.held_by = "relay",
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

bool means_subscriptions(HeldChoice const& choice) { return choice.relay.empty(); }
bool means_relays(HeldChoice const& choice) { return choice.subscriber.empty(); }

}  // namespace

std::vector<HeldItem> held_items(CommandContext const& place, HeldChoice const& choice,
                                 std::size_t max) {
  HeldMessages const messages{place.database.dialect(), place.schema};
  HeldRowAdmin const rows{place.database.dialect(), place.schema};
  return place.database.transact({.access = Access::read_only}, [&](Transaction& tx) {
    std::vector<HeldItem> items;
    if (means_subscriptions(choice)) {
      std::set<HeldKey> requested;
      for (auto const& summary : messages.keys(tx, message_filter(choice))) {
        if (summary.retry_requested) requested.insert(summary.key);
      }
      for (auto& message : messages.messages(tx, message_filter(choice), max)) {
        items.push_back(item_of(std::move(message), requested));
      }
    }
    if (means_relays(choice)) {
      for (auto& row : rows.rows(tx, row_filter(choice), max)) {
        items.push_back(item_of(std::move(row)));
      }
    }
    return items;
  });
}

std::size_t held_count(CommandContext const& place, HeldChoice const& choice) {
  HeldMessages const messages{place.database.dialect(), place.schema};
  HeldRowAdmin const rows{place.database.dialect(), place.schema};
  return place.database.transact({.access = Access::read_only}, [&](Transaction& tx) {
    std::size_t count = 0;
    if (means_subscriptions(choice)) count += messages.count(tx, message_filter(choice));
    if (means_relays(choice)) count += rows.count(tx, row_filter(choice));
    return count;
  });
}

std::size_t request_retry(CommandContext const& place, HeldChoice const& choice,
                          StopNotice& notice) {
  HeldMessages const messages{place.database.dialect(), place.schema};
  HeldRowAdmin const rows{place.database.dialect(), place.schema};
  auto const done = place.database.transact([&](Transaction& tx) {
    notice.change(nothing_asked);
    std::size_t count = 0;
    if (means_subscriptions(choice)) count += messages.request_retry(tx, message_filter(choice));
    if (means_relays(choice)) count += rows.request_retry(tx, row_filter(choice));
    notice.change("while the database stored that " + std::to_string(count) +
                  " keys and rows are to be tried again; \"tram held list\" shows in its column "
                  "RETRY whether they are");
    return count;
  });
  notice.change("after it was stored that " + std::to_string(done) +
                " keys and rows are to be tried again; that stays so");
  return done;
}

bool drop(CommandContext const& place, HeldItem const& item, StopNotice& notice) {
  bool const done = place.database.transact([&](Transaction& tx) {
    notice.change(nothing_dropped);
    bool const dropped =
        item.held_by == "relay"
            ? HeldRowAdmin{tx.dialect(), place.schema}.drop(
                  tx, {.relay = item.owner, .row_id = item.message_id}) > 0
            : HeldMessages{tx.dialect(), place.schema}.drop(tx, item.owner, item.message_id);
    notice.change(
        "while the database dropped the message; \"tram held show\" tells whether it has");
    return dropped;
  });
  notice.change(done ? "after the message was dropped" : nothing_dropped);
  return done;
}

}  // namespace tram::operator_program
