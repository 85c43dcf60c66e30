#include <ostream>

#include "held_items.hpp"
#include "text_table.hpp"
#include "tram/base/json.hpp"

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

int nothing_found(Workplace const& place) {
  place.out << "no such message is held; see \"tram held list\"\n";
  return exit_no;
}

}  // namespace

int held_list(Workplace const& place) {
  auto const items = held_items(place, place.arguments.held, place.arguments.limit);
  if (place.arguments.json) {
    place.out << json::encode(items) << "\n";
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
                    item.retry_requested ? "yes" : "", item.reason});
  }
  print_table(
      place.out,
      {"SINCE (UTC)", "HELD BY", "CHANNEL", "KEY", "MESSAGE", "ATTEMPTS", "RETRY", "REASON"},
      std::move(rows));
  return exit_done;
}

int held_show(Workplace const& place) {
  auto const items = held_items(place, place.arguments.held, same_id_max);
  if (place.arguments.json) {
    place.out << json::encode(items) << "\n";
    return items.empty() ? exit_no : exit_done;
  }
  if (items.empty()) return nothing_found(place);
  for (auto const& item : items) {
    if (&item != &items.front()) place.out << "\n";
    show(place.out, item);
  }
  return exit_done;
}

int held_retry(Workplace const& place) {
  auto const count = request_retry(place, place.arguments.held);
  if (count == 0) return nothing_found(place);
  place.out << count << (count == 1 ? " key or row is" : " keys and rows are")
            << " to be tried again; services and relays do it within seconds\n";
  return exit_done;
}

int held_drop(Workplace const& place) {
  auto const items = held_items(place, place.arguments.held, same_id_max);
  if (items.empty()) return nothing_found(place);
  if (items.size() > 1) {
    std::string owners;
    for (auto const& item : items) owners += (owners.empty() ? "" : " or ") + owner_flag(item);
    place.out << "the message is held more than once; say which one: " << owners << "\n";
    return exit_no;
  }
  if (!drop(place, items.front())) return nothing_found(place);
  place.out << "dropped; what waited behind it goes on\n";
  return exit_done;
}

}  // namespace tram::operator_program
