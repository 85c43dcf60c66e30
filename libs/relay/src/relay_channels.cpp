#include "relay_channels.hpp"

#include <algorithm>
#include <utility>

#include "tram/base/error.hpp"
#include "tram/wire/channel_name.hpp"

namespace tram {
namespace {

constexpr Duration create_timeout{std::chrono::seconds{5}};
/// Afterwards an operator may have changed what made the broker refuse a channel.
constexpr Duration refusal_lasts{std::chrono::minutes{1}};

/// Held rows of channels that take none are tried again so often.
constexpr Duration try_interval{std::chrono::seconds{10}};
constexpr Duration opened_lasts{std::chrono::minutes{1}};

std::string list_of(std::set<std::string> const& channels) {
  std::string text;
  for (auto const& channel : channels) text += (text.empty() ? "'" : ", '") + channel + "'";
  return text;
}

void append(std::string& text, std::set<std::string> const& channels, std::string_view before,
            std::string_view behind) {
  if (channels.empty()) return;
  if (!text.empty()) text += "; ";
  text.append(before).append(list_of(channels)).append(behind);
}

bool is_legal_channel(std::string const& channel) {
  try {
    check_channel_name(channel);
    return true;
  } catch (Error const&) {
    return false;  // The row is held for it, with the reason.
  }
}

}  // namespace

std::vector<std::string> RelayChannels::wanted(std::deque<OutboxRow> const& rows) const {
  if (!options_.create_channels) return {};
  std::vector<std::string> wanted{gone_.begin(), gone_.end()};
  for (auto const& row : rows) want(row.destination, wanted);
  return wanted;
}

std::vector<std::string> RelayChannels::wanted(std::string const& channel) const {
  std::vector<std::string> wanted;
  if (options_.create_channels) want(channel, wanted);
  return wanted;
}

void RelayChannels::want(std::string const& channel, std::vector<std::string>& wanted) const {
  if (known_.contains(channel) || std::ranges::find(wanted, channel) != wanted.end()) return;
  if (is_legal_channel(channel)) wanted.push_back(channel);
}

/// All at once where that works: one refused channel must not keep the others from being made.
void RelayChannels::create(std::vector<std::string> const& channels, std::stop_token const& stop) {
  try {
    auto const made =
        broker_.create_channels(channels, 0, Deadline::after(clock_, create_timeout), stop);
    for (auto const& channel : made)
      logger_.info("relay.channel_created", {{"relay", options_.name}, {"channel", channel}});
    for (auto const& channel : channels) created(channel);
  } catch (Error const& error) {
    if (error.fault() != Fault::rejected) throw;
    if (channels.size() > 1) {
      for (auto const& channel : channels) create({channel}, stop);
      return;
    }
    refuse(channels.front(), error.what());
  }
  known_.insert(channels.begin(), channels.end());
  for (auto const& channel : channels) gone_.erase(channel);
}

void RelayChannels::created(std::string const& channel) {
  auto const refused = refused_.extract(channel);
  if (refused && refused.mapped().closed) open(channel);
}

void RelayChannels::open(std::string const& channel) {
  opened_[channel] = clock_.steady() + opened_lasts;
}

/// It may exist all the same; if not, the producer refuses the rows and they are held.
void RelayChannels::refuse(std::string const& channel, std::string reason) {
  logger_.warning("relay.channel_not_created",
                  {{"relay", options_.name}, {"channel", channel}, {"what", reason}});
  auto& refusal = refused_[channel];
  refusal.reason = std::move(reason);
  refusal.at = clock_.steady();
}

bool RelayChannels::missed(std::string const& channel) {
  untried_.erase(channel);
  if (!options_.create_channels) {
    close(missing_, channel);
    return false;
  }
  if (auto const refused = refused_.find(channel); refused != refused_.end()) {
    auto& [reason, at, tried_again, closed] = refused->second;
    bool const is_news = clock_.steady() - at < refusal_lasts;
    // However long a producer looks for a channel: its rows are held at last.
    tried_again = !is_news && !tried_again;
    if (!tried_again) {
      closed = true;
      return false;
    }
  }
  known_.erase(channel);
  gone_.insert(channel);
  logger_.warning("relay.channel_gone", {{"relay", options_.name}, {"channel", channel}});
  return true;
}

std::string RelayChannels::reason(std::string const& channel, std::string said) const {
  auto const refused = refused_.find(channel);
  if (refused != refused_.end()) return refused->second.reason;
  return said;
}

void RelayChannels::forbidden(std::string const& channel, std::string reason) {
  forbidden_reason_ = std::move(reason);
  opened_.erase(channel);
  close(forbidden_, channel);
}

void RelayChannels::close(std::set<std::string>& channels, std::string const& channel) {
  untried_.erase(channel);
  if (forbidden_.empty() && missing_.empty()) next_try_ = clock_.steady() + try_interval;
  channels.insert(channel);
}

void RelayChannels::closed(std::set<std::string> const& channels) {
  for (auto const& channel : channels) {
    if (missing_.contains(channel) || forbidden_.contains(channel) || opened_.contains(channel))
      continue;
    if (untried_.insert(channel).second) next_try_ = clock_.steady();
  }
}

void RelayChannels::proved(std::string const& channel) {
  if (refused_.empty() && missing_.empty() && forbidden_.empty() && untried_.empty() &&
      opened_.empty())
    return;
  created(channel);
  bool const was_closed =
      missing_.erase(channel) + forbidden_.erase(channel) + untried_.erase(channel) > 0;
  if (was_closed || opened_.contains(channel)) open(channel);
}

std::vector<std::string> RelayChannels::to_try() {
  auto const now = clock_.steady();
  std::erase_if(opened_, [&](auto const& each) { return each.second < now; });
  std::vector<std::string> channels;
  for (auto const& each : opened_) channels.push_back(each.first);
  if (now < next_try_) return channels;
  next_try_ = now + try_interval;
  channels.insert(channels.end(), missing_.begin(), missing_.end());
  channels.insert(channels.end(), forbidden_.begin(), forbidden_.end());
  channels.insert(channels.end(), untried_.begin(), untried_.end());
  append_refused(channels);
  return channels;
}

/// They are made before their rows are tried.
void RelayChannels::append_refused(std::vector<std::string>& channels) {
  for (auto const& [channel, refusal] : refused_) {
    if (!refusal.closed || clock_.steady() - refusal.at < refusal_lasts) continue;
    known_.erase(channel);
    channels.push_back(channel);
  }
}

std::string RelayChannels::trouble() const {
  std::string text;
  append(text, missing_, "no channel ",
         ", and this relay makes none (create_channels is off): its rows are held; create it, and "
         "they are published");
  append(text, untried_, "channel ",
         " took no records before this relay was started: its rows are held, and tried again");
  append(text, forbidden_, "this relay may not write to channel ",
         ": its rows are held until it may (" + forbidden_reason_ + ")");
  for (auto const& [channel, refusal] : refused_) {
    if (refusal.closed)
      append(text, {channel}, "channel ",
             " cannot be made (" + refusal.reason + "): its rows are held, and it is tried again");
  }
  return text;
}

}  // namespace tram
