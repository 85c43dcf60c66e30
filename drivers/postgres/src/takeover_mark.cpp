#include "takeover_mark.hpp"

#include <sstream>
#include <string_view>

#include "replication_protocol.hpp"

namespace tram::postgres {
namespace {

constexpr std::string_view beginning{"tram takeover: copied to "};

}  // namespace

std::string format_takeover_mark(TakeoverMark const& mark) {
  return std::string{beginning} + mark.slot + " at " + format_lsn(mark.copied_at) + " with " +
         std::to_string(mark.rows) + " rows around transaction " + mark.horizon;
}

std::optional<TakeoverMark> parse_takeover_mark(std::string const& comment) {
  if (!comment.starts_with(beginning)) return std::nullopt;
  std::istringstream in{comment.substr(beginning.size())};
  TakeoverMark mark;
  std::string word;
  std::string position;
  in >> mark.slot >> word >> position >> word >> mark.rows >> word >> word >> word >> mark.horizon;
  auto const copied_at = parse_lsn(position);
  if (!in || !copied_at) return std::nullopt;
  mark.copied_at = *copied_at;
  return mark;
}

}  // namespace tram::postgres
