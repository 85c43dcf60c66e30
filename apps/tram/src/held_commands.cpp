#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

#include "held_items.hpp"
#include "text_table.hpp"
#include "tram/json/json.hpp"

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

int nothing_found(CommandContext const& place) {
  place.out << "no such message is held; see \"tram held list\"\n";
  return exit_no;
}

}  // namespace

int held_list(CommandContext const& place) {
  auto const items = held_items(place, place.arguments.held, place.arguments.limit);
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
  auto const all = held_count(place, place.arguments.held);
  if (all > items.size()) {
    place.out << all - items.size() << " more; --limit " << all << " shows all\n";
  }
  return exit_done;
}

int held_show(CommandContext const& place) {
  auto const items = held_items(place, place.arguments.held, same_id_max);
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
  auto const count = request_retry(place, place.arguments.held, notice);
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
  auto const items = held_items(place, place.arguments.held, same_id_max);
  DropReport report;
  if (items.size() > 1) {
    for (auto const& item : items) report.owners.push_back(owner_flag(item));
  } else {
    report.dropped = !items.empty() && drop(place, items.front(), notice);
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
