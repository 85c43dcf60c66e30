#include "trace.hpp"

#include <algorithm>
#include <cstdio>

namespace tram::simulation {
namespace {

std::string line(Duration at, std::string_view who, std::string_view what, std::int64_t number) {
  auto const since_start = at - Duration{std::chrono::hours{1}};
  auto text = std::to_string(since_start.count() / 1'000'000) + " ms  ";
  text.append(who).append(": ").append(what);
  return number == 0 ? text : text + " " + std::to_string(number);
}

}  // namespace

void Trace::call(std::string_view who, std::string_view what) {
  mix(who);
  mix(what);
  if (loud_) std::printf("%s\n", line(now(), who, what, 0).c_str());
}

void Trace::event(std::string_view who, std::string_view what, std::int64_t number) {
  mix(who);
  mix(what);
  hash_ = (hash_ ^ static_cast<std::uint64_t>(number)) * 0x100000001b3U;
  hash_ = (hash_ ^ static_cast<std::uint64_t>(now().count())) * 0x100000001b3U;
  auto& place = events_[count_++ % events_.size()];
  place.at = now();
  place.who = who;
  place.what = what;
  place.number = number;
  if (loud_) std::printf("%s  <--\n", line(now(), who, what, number).c_str());
}

void Trace::log(std::string_view who, std::string_view line) {
  constexpr std::string_view mark{"event="};
  auto const text = line.substr(std::min(line.find(mark), line.size()));
  auto const name = text.substr(0, text.find(' '));
  if (!name.empty()) ++logged_[std::string{name.substr(mark.size())}];
  event(who, text);
}

std::vector<std::string> Trace::last() const {
  std::vector<std::string> lines;
  auto const first = count_ - std::min(count_, events_.size());
  for (auto i = first; i < count_; ++i) {
    auto const& [at, who, what, number] = events_[i % events_.size()];
    lines.push_back(line(at, who, what, number));
  }
  return lines;
}

void Trace::mix(std::string_view text) {
  for (char const each : text) {
    hash_ = (hash_ ^ static_cast<unsigned char>(each)) * 0x100000001b3U;
  }
}

}  // namespace tram::simulation
