#include "checks.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "shop.hpp"
#include "tram/json/json.hpp"
#include "tram/wire/record.hpp"

namespace tram::simulation {
namespace {

using Kind = Finding::Kind;
using Numbers = std::vector<std::int64_t>;
using ChannelKey = std::pair<std::string, std::string>;

struct Subscribed {
  std::string subscriber_id;
  std::size_t store;
  std::set<std::string> channels;
};

std::vector<Subscribed> const& subscribers() {
  static std::vector<Subscribed> const all{{"orders", 0, {"replies"}},
                                           {"customers", 1, {"orders", "shipments"}},
                                           {"audit", 1, {"shipments"}},
                                           {"delayed", 1, {"shipments"}},
                                           {"view", 1, {"shop.Order"}},
                                           {"credit", 1, {"credit"}},
                                           {"credit-answers", 0, {"credit-answers"}}};
  return all;
}

std::vector<std::string> const& all_channels() {
  static std::vector<std::string> const all{"orders",
                                            "shipments",
                                            "replies",
                                            "shop.Order",
                                            "credit",
                                            "credit-answers",
                                            std::string{undone.name}};
  return all;
}

struct Written {
  std::int64_t number{};
  std::string meant_as;
  std::string message_id;
  std::string channel;
  std::optional<std::string> key;
  /// Of commands.
  std::optional<ReserveCredit> command{};
};

/// What every message has.
struct Numbered {
  std::int64_t number{};
};

class Examination {
 public:
  Examination(std::array<Store, 2>& stores, Broker& broker, ManualClock& clock,
              Traffic const& traffic, std::set<std::string> const& without_order)
      : stores_{stores},
        broker_{broker},
        clock_{clock},
        traffic_{traffic},
        without_order_{without_order} {}

  Findings run() {
    for (auto& store : stores_) look_at(store);
    check_records();
    if (traffic_.held_for_nothing > 0) {
      report(Kind::inconsistent, std::to_string(traffic_.held_for_nothing) +
                                     " messages were held for what is no attempt");
    }
    for (auto const& subscriber : subscribers()) {
      check_effects(subscriber);
      check_inbox(subscriber);
      check_acknowledged(subscriber);
    }
    check_answers();
    return std::move(findings_);
  }

 private:
  void report(Kind kind, std::string what) { findings_.push_back({kind, std::move(what)}); }

  Rows query(Store& store, std::string_view sql, std::string_view parameter = {}) {
    return store.database->transact({.access = Access::read_only}, [&](Transaction& tx) {
      return parameter.empty() ? tx.execute(sql) : tx.execute(sql, parameter);
    });
  }
  std::int64_t number(Store& store, std::string_view sql, std::string_view parameter = {}) {
    return query(store, sql, parameter)[0].get<std::int64_t>(0);
  }

  /// Of a message that a restore took back, which may have got anywhere before.
  [[nodiscard]] bool is_undone(std::int64_t number) const {
    return std::ranges::any_of(
        stores_, [number](Store const& store) { return store.undone.numbers.contains(number); });
  }
  [[nodiscard]] bool was_restored_since(std::int64_t number) const {
    return std::ranges::any_of(
        stores_, [number](Store const& store) { return number <= store.undone.up_to; });
  }

  void look_at(Store& store) {
    for (auto const row :
         query(store,
               "SELECT number, meant_as, message_id, channel, message_key, payload FROM written "
               "ORDER BY seq")) {
      Written each{.number = row.get<std::int64_t>(0),
                   .meant_as = row.get<std::string>(1),
                   .message_id = row.get<std::string>(2),
                   .channel = row.get<std::string>(3),
                   .key = row.get<std::optional<std::string>>(4)};
      if (each.channel == credit.channel.name) {
        each.command = json::decode<ReserveCredit>(row.get<std::string>(5));
      }
      written_.push_back(std::move(each));
    }
    for (auto const* const table : {"tram_held_message", "tram_held_key", "tram_relay_held"}) {
      auto const left = number(store, std::string{"SELECT count(*) FROM "} + table);
      if (left > 0) report(Kind::held, std::to_string(left) + " rows in " + table);
    }
    // Where old rows are removed, the last position may have died with its relay: no row is behind.
    auto const behind = number(store, "SELECT count(*) FROM message WHERE seq > (SELECT "
                                      "coalesce(max(position), 0) FROM tram_relay_position)");
    if (behind == 0) return;
    report(Kind::inconsistent, std::to_string(behind) + " rows are behind the relay's position");
  }

  /// Numbers in the order of their commits, by channel and key.
  [[nodiscard]] std::map<ChannelKey, Numbers> written_by_key() const {
    std::map<ChannelKey, Numbers> by_key;
    for (auto const& each : written_) {
      if (each.key) by_key[{each.channel, *each.key}].push_back(each.number);
    }
    return by_key;
  }

  void check_records() {
    std::map<std::int64_t, std::size_t> place;
    for (auto const& record : read_broker()) {
      if (record.value.find("garbage") != std::string::npos) continue;
      auto const work = json::decode<Numbered>(parse_record(record.value).payload);
      if (!is_undone(work.number)) place.emplace(work.number, place.size());
    }
    std::set<std::string> const channels{all_channels().begin(), all_channels().end()};
    check_complete("published", channels, place, [](Written const&) { return true; });
    check_order("published", channels, place);
  }

  void check_effects(Subscribed const& subscriber) {
    std::map<std::int64_t, std::size_t> place;
    for (auto const row :
         query(stores_[subscriber.store],
               "SELECT number, taken_as FROM effect WHERE subscriber_id = ? ORDER BY seq",
               subscriber.subscriber_id)) {
      auto const effect = row.get<std::int64_t>(0);
      if (is_undone(effect)) continue;
      check_meaning(subscriber, effect, row.get<std::string>(1));
      if (place.emplace(effect, place.size()).second) continue;
      report(Kind::repeated, subscriber.subscriber_id + " handled " + std::to_string(effect));
    }
    auto const what = "handled by " + subscriber.subscriber_id;
    auto const& undone = stores_[subscriber.store].undone;
    check_complete(what, subscriber.channels, place, [&](Written const& each) {
      bool const leaves_effect = !each.command || each.command->leaves_effect();
      bool const was_done = undone.received.contains({subscriber.subscriber_id, each.message_id});
      return leaves_effect && (!was_done || place.contains(each.number));
    });
    if (without_order_.contains(subscriber.subscriber_id)) return;
    check_order(what, subscriber.channels, place, undone.up_to);
  }

  /// It was taken for what it was meant as.
  void check_meaning(Subscribed const& subscriber, std::int64_t number, std::string const& as) {
    auto const sent = std::ranges::find(written_, number, &Written::number);
    if (sent == written_.end() || sent->meant_as == as) return;
    report(Kind::inconsistent, std::to_string(number) + ", " + sent->meant_as + ", is " + as +
                                   " to " + subscriber.subscriber_id);
  }

  /// What happened to the messages of some channels, in this order.
  using Places = std::map<std::int64_t, std::size_t>;

  /// All that `counts` happened, and nothing else.
  void check_complete(std::string const& what, std::set<std::string> const& channels,
                      Places const& place, std::function<bool(Written const&)> const& counts) {
    std::size_t expected = 0;
    for (auto const& each : written_) {
      if (!channels.contains(each.channel) || !counts(each)) continue;
      ++expected;
      if (place.contains(each.number)) continue;
      report(Kind::lost, std::to_string(each.number) + " is not " + what);
    }
    if (place.size() > expected) report(Kind::phantom, "more is " + what + " than committed");
  }

  /// Of messages with numbers above `from`.
  void check_order(std::string const& what, std::set<std::string> const& channels,
                   Places const& place, std::int64_t from = 0) {
    for (auto& [key, numbers] : written_by_key()) {
      std::erase_if(numbers, [from](std::int64_t number) { return number <= from; });
      bool const ordered = channels.contains(key.first) && !traffic_.refused.contains(key);
      if (ordered) check_order(what, key, numbers, place);
    }
  }

  void check_order(std::string const& what, ChannelKey const& key, Numbers const& numbers,
                   Places const& place) {
    std::optional<std::pair<std::int64_t, std::size_t>> last;
    for (auto const each : numbers) {
      auto const found = place.find(each);
      if (found == place.end()) continue;
      if (last && found->second < last->second) {
        report(Kind::disordered, std::to_string(each) + " is " + what + " before " +
                                     std::to_string(last->first) + " of " + key.first + " " +
                                     key.second);
      }
      last = *found;
    }
  }

  /// Every command has one answer, and the one that was decided.
  void check_answers() {
    struct Answer {
      bool refused{};
      bool failed{};
    };
    std::map<std::string, std::vector<Answer>> answers;
    for (auto const row : query(stores_[0], "SELECT command_id, refused, failed FROM answer")) {
      answers[row.get<std::string>(0)].push_back({row.get<bool>(1), row.get<bool>(2)});
    }
    for (auto const& each : written_) {
      if (!each.command || was_restored_since(each.number)) continue;
      auto const& found = answers[each.message_id];
      auto const command = "command " + std::to_string(each.number);
      if (found.empty()) report(Kind::lost, command + " has no answer");
      if (found.size() > 1) report(Kind::repeated, command + " is answered more than once");
      bool const refused = each.command->refused;
      if (found.size() == 1 && (found[0].refused != refused || found[0].failed != refused)) {
        report(Kind::inconsistent, command + " has the wrong answer");
      }
    }
    for (auto const& [command_id, unused] : answers) {
      bool const known =
          std::ranges::find(written_, command_id, &Written::message_id) != written_.end() ||
          stores_[0].undone.message_ids.contains(command_id);
      if (!known) report(Kind::phantom, "an answer to a command that nobody committed");
    }
  }

  void check_inbox(Subscribed const& subscriber) {
    auto const missing =
        number(stores_[subscriber.store],
               "SELECT count(*) FROM effect WHERE subscriber_id = ?1 AND NOT EXISTS (SELECT 1 FROM "
               "received_messages r WHERE r.consumer_id = ?1 AND r.message_id = effect.message_id)",
               subscriber.subscriber_id);
    if (missing > 0) {
      report(Kind::inconsistent, std::to_string(missing) + " effects of " +
                                     subscriber.subscriber_id + " without inbox row");
    }
  }

  /// A new member of the group has nothing to do.
  void check_acknowledged(Subscribed const& subscriber) {
    std::vector<std::string> const channels{subscriber.channels.begin(), subscriber.channels.end()};
    auto const left = read(subscriber.subscriber_id, channels);
    if (left.empty()) return;
    report(Kind::inconsistent, std::to_string(left.size()) + " records are not acknowledged by " +
                                   subscriber.subscriber_id);
  }

  std::vector<Delivery> read_broker() { return read("examination", all_channels()); }

  std::vector<Delivery> read(std::string const& group, std::vector<std::string> const& channels) {
    // Whoever owned the partitions is silent for too long now.
    clock_.advance(std::chrono::minutes{1});
    auto const consumer =
        broker_.subscribe({.kind = ConsumerMode::Kind::group, .group = group}, channels);
    std::vector<Delivery> records;
    for (int quiet = 0; quiet < 3; ++quiet) {
      for (auto& event : consumer->poll()) {
        auto* const delivery = std::get_if<Delivery>(&event);
        if (delivery == nullptr) continue;
        records.push_back(std::move(*delivery));
        quiet = 0;
      }
    }
    return records;
  }

  std::array<Store, 2>& stores_;
  Broker& broker_;
  ManualClock& clock_;
  Traffic const& traffic_;
  std::set<std::string> const& without_order_;
  std::vector<Written> written_;
  Findings findings_;
};

}  // namespace

std::string_view to_string(Finding::Kind kind) {
  switch (kind) {
    case Kind::lost: return "lost";
    case Kind::phantom: return "phantom";
    case Kind::repeated: return "repeated";
    case Kind::disordered: return "disordered";
    case Kind::kept: return "kept";
    case Kind::held: return "held";
    case Kind::inconsistent: return "inconsistent";
    case Kind::starved: return "starved";
    case Kind::restless: return "restless";
  }
  return "?";
}

std::string to_string(Finding const& finding) {
  return std::string{to_string(finding.kind)} + ": " + finding.what;
}

Findings examine(std::array<Store, 2>& stores, Broker& broker, ManualClock& clock,
                 Traffic const& traffic, std::set<std::string> const& without_order) {
  return Examination{stores, broker, clock, traffic, without_order}.run();
}

}  // namespace tram::simulation
