#include "send_counts.hpp"

namespace tram {
namespace {

/// Channels counted one by one: their names may come from outside, as those of replies do.
constexpr std::size_t channels_max = 1000;

}  // namespace

void SendCounts::after_send(Message const& message, std::exception_ptr const& error) {
  Lock const lock{mutex_};
  auto const& channel = message.destination();
  bool const has_room = counts_.size() < channels_max || counts_.contains(channel);
  auto& counts = counts_[has_room ? channel : "(others)"];
  ++(error ? counts.refused : counts.sent);
}

std::map<std::string, SendCounts::Counts> SendCounts::counts() const {
  Lock const lock{mutex_};
  return counts_;
}

}  // namespace tram
