#pragma once

#include <deque>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "relay_channels.hpp"
#include "relay_side.hpp"
#include "tram/broker/producer.hpp"
#include "tram/wire/record.hpp"

namespace tram {

/// The broker's side of a relay: its producer, and the channels that it makes.
class RowPublisher final {
 public:
  RowPublisher(RelayParts const& parts, RelayOptions const& options, RelayRound& round);

  /// A requested stop ends what waits for the broker.
  void stop_with(std::stop_token stop) { stop_ = std::move(stop); }

  [[nodiscard]] RelaySide const& side() const { return side_; }
  [[nodiscard]] bool has_producer() const { return producer_ != nullptr; }
  /// A producer broke, and nothing has landed since.
  [[nodiscard]] bool doubted() const { return doubted_; }
  /// To wait for completions on, -1 for nothing.
  [[nodiscard]] int descriptor() const { return producer_ ? producer_->descriptor() : -1; }
  /// Why rows are held for want of a channel, empty when none are.
  [[nodiscard]] std::string channel_trouble() const { return channels_.trouble(); }

  void make_producer();
  /// Waits for the broker, some seconds at most. False when it could not be asked: nothing can be
  /// published now.
  bool create_channels(std::deque<OutboxRow> const& rows) { return create(channels_.wanted(rows)); }
  bool create_channel(std::string const& name) { return create(channels_.wanted(name)); }
  /// Finds out whether the broker is well again. Waits for it, some seconds at most.
  void ask_broker();

  /// False when the producer's window is full. Throws when the producer is finished, as
  /// `completions` does.
  bool submit(std::string_view channel, RelayRecord const& record, Sequence sequence);
  std::vector<Completion> completions();
  /// A record of this channel is durable.
  void landed(std::string const& channel);
  /// The broker refused one record, which shows that it is well.
  void refused() { proved(); }
  /// This relay may not write to the channel, says the broker: its rows are held.
  void forbidden(std::string const& channel, std::string reason) {
    channels_.forbidden(channel, std::move(reason));
  }
  /// They took no records of this relay before it was started.
  void closed(std::set<std::string> const& channels) { channels_.closed(channels); }
  /// Those whose held rows are to be tried again now.
  [[nodiscard]] std::vector<std::string> channels_to_try() { return channels_.to_try(); }
  /// There is no such channel, says the broker. True when it will be made (again); false when its
  /// rows are to be held, with the reason given by `reason`.
  bool missed(std::string const& channel) { return channels_.missed(channel); }
  [[nodiscard]] std::string reason(std::string const& channel, std::string said) const {
    return channels_.reason(channel, std::move(said));
  }
  /// The producer is finished.
  void lost(Error const& error);

 private:
  template <class Question>
  bool ask(Question const& question);
  void proved();
  bool create(std::vector<std::string> const& channels);

  Broker& broker_;
  Clock& clock_;
  RelayRound& round_;
  RelaySide side_;
  RelayChannels channels_;
  std::unique_ptr<Producer> producer_;
  std::stop_token stop_{};
  bool doubted_{};
};

}  // namespace tram
