#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

#include "commands.hpp"
#include "stop_notice.hpp"
#include "text_table.hpp"
#include "tram/json/json.hpp"
#include "tram/operations/held_items.hpp"
#include "tram/operations/utc_text.hpp"

namespace tram::operator_program {
namespace {

// Of one id there is one per subscription and relay.
constexpr std::size_t same_id_max = 100;

std::string owner_flag(HeldItem const& item) {
  return (item.held_by == "relay" ? "--relay " : "--subscriber ") + item.owner;
}

void show(std::ostream& out, HeldItem const& item) {
  out << "message   " << item.message_id << "\nheld by   " << item.held_by << " " << item.owner
      << "\nchannel   " << item.channel << "\nkey       " << item.key << "\nsince     "
      << utc_text(item.held_at) << " UTC\n";
  if (item.attempts) out << "attempts  " << *item.attempts << "\n";
  out << "reason    " << item.reason << "\nretry     "
      << (item.retry_requested ? "requested" : "not requested") << "\nheaders   "
      << item.headers.value_or("(none)") << "\npayload   " << item.payload.value_or("(none)")
      << "\n";
}

/// Without what stands in other columns already.
std::string bare_reason(HeldItem const& item) {
  auto const place = "channel '" + item.channel + "', message '" + item.message_id + "': ";
  return item.reason.starts_with(place) ? item.reason.substr(place.size()) : item.reason;
}

struct RetryReport {
  std::size_t requested{};
};
struct DropReport {
  bool dropped{};
  /// When the id alone does not say which.
  std::vector<std::string> owners;
};

constexpr auto nothing_asked{"before anything was asked for; run it again"};
constexpr auto nothing_dropped{"before anything was dropped; run it again"};

std::string retry_notice(HeldStep step, std::size_t count) {
  auto const what = std::to_string(count) + " keys and rows are to be tried again; ";
  switch (step) {
    case HeldStep::storing:
      return "while the database stored that " + what +
             "\"tram held list\" shows in its column RETRY whether they are";
    case HeldStep::stored: return "after it was stored that " + what + "that stays so";
    case HeldStep::nothing_changed: break;
  }
  return nothing_asked;
}

std::string drop_notice(HeldStep step) {
  switch (step) {
    case HeldStep::storing:
      return "while the database dropped the message; \"tram held show\" tells whether it has";
    case HeldStep::stored: return "after the message was dropped";
    case HeldStep::nothing_changed: break;
  }
  return nothing_dropped;
}

int nothing_found(CommandContext const& place) {
  place.out << "no such message is held; see \"tram held list\"\n";
  return exit_no;
}

}  // namespace

int held_list(CommandContext const& place) {
  HeldItems const held{place.database, place.schema};
  auto const items = held.list(place.arguments.held, place.arguments.limit);
  if (place.arguments.json) {
    place.out << json::encode_report(items) << "\n";
    return exit_done;
  }
  if (items.empty()) {
    place.out << "nothing is held\n";
    return exit_done;
  }
  std::vector<TextRow> rows;
  for (auto const& item : items) {
    rows.push_back({utc_text(item.held_at), item.held_by + " " + item.owner, item.channel, item.key,
                    item.message_id, item.attempts ? std::to_string(*item.attempts) : "",
                    item.retry_requested ? "yes" : "", bare_reason(item)});
  }
  print_table(
      place.out,
      {"SINCE (UTC)", "HELD BY", "CHANNEL", "KEY", "MESSAGE", "ATTEMPTS", "RETRY", "REASON"},
      std::move(rows));
  // What came or went since then is not worth a word.
  auto const all = held.count(place.arguments.held);
  if (all > items.size()) {
    place.out << all - items.size() << " more; --limit " << all << " shows all\n";
  }
  return exit_done;
}

int held_show(CommandContext const& place) {
  auto const items =
      HeldItems{place.database, place.schema}.list(place.arguments.held, same_id_max);
  if (place.arguments.json) {
    place.out << json::encode_report(items) << "\n";
    return items.empty() ? exit_no : exit_done;
  }
  if (items.empty()) return nothing_found(place);
  for (auto const& item : items) {
    if (&item != &items.front()) place.out << "\n";
    show(place.out, item);
  }
  return exit_done;
}

int held_retry(CommandContext const& place) {
  StopNotice notice{nothing_asked};
  HeldItems const held{place.database, place.schema};
  auto const count = held.request_retry(
      place.arguments.held,
      [&](HeldStep step, std::size_t so_far) { notice.change(retry_notice(step, so_far)); });
  if (place.arguments.json) {
    place.out << json::encode_report(RetryReport{.requested = count}) << "\n";
    return count == 0 ? exit_no : exit_done;
  }
  if (count == 0) return nothing_found(place);
  place.out << count << (count == 1 ? " key or row is" : " keys and rows are")
            << " to be tried again; services and relays do it within seconds\n";
  return exit_done;
}

int held_drop(CommandContext const& place) {
  StopNotice notice{nothing_dropped};
  HeldItems const held{place.database, place.schema};
  auto const items = held.list(place.arguments.held, same_id_max);
  DropReport report;
  if (items.size() > 1) {
    for (auto const& item : items) report.owners.push_back(owner_flag(item));
  } else {
    auto const tell = [&](HeldStep step, std::size_t) { notice.change(drop_notice(step)); };
    report.dropped = !items.empty() && held.drop(items.front(), tell);
  }
  if (place.arguments.json) {
    place.out << json::encode_report(report) << "\n";
  } else if (report.dropped) {
    place.out << "dropped; messages behind it are replayed\n";
  } else if (report.owners.empty()) {
    return nothing_found(place);
  } else {
    std::string owners;
    for (auto const& owner : report.owners) owners += (owners.empty() ? "" : " or ") + owner;
    place.out << "the message is held more than once; say which one: " << owners << "\n";
  }
  return report.dropped ? exit_done : exit_no;
}

}  // namespace tram::operator_program
