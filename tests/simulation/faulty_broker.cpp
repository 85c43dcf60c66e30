#include "faulty_broker.hpp"

#include <functional>
#include <iterator>
#include <memory>
#include <optional>

namespace tram::simulation {
namespace {

class FaultyProducer final : public Producer {
 public:
  FaultyProducer(std::unique_ptr<Producer> inner, FaultyBrokerParts const& parts)
      : inner_{std::move(inner)},
        parts_{parts},
        chaos_{parts.line.chaos()},
        born_{parts.traffic.breaks} {}

  bool submit(RecordView const& record, Sequence sequence) override {
    parts_.line.enter("submit");
    if (chaos_.happens(Trouble::window_full)) return false;
    if (chaos_.happens(Trouble::refused)) {
      refuse(record, sequence);
      return true;
    }
    if (waits_in_vain(record, sequence)) return true;
    if (!land(record, sequence)) return false;
    if (chaos_.happens(Trouble::landed_twice)) land(record, sequence);
    parts_.line.leave("submit");
    return true;
  }

  std::vector<Completion> completions() override {
    parts_.line.enter("completions");
    for (auto& news : inner_->completions()) hear(std::move(news));
    tell_unproven();
    auto told = some_news();
    parts_.line.leave("completions");
    return told;
  }

  [[nodiscard]] int descriptor() const override { return -1; }

 private:
  void refuse(RecordView const& record, Sequence sequence) {
    chaos_.trace().event(parts_.line.name(), "refused " + std::string{record.key});
    parts_.traffic.refused.emplace(record.channel, record.key);
    news_.push_back({.sequence = sequence, .error = Error{Fault::rejected, "simulation: refused"}});
  }

  /// The first record of a channel is refused for want of a leader, and none goes before it.
  bool waits_in_vain(RecordView const& record, Sequence sequence) {
    bool const first = channels_.emplace(record.channel).second;
    if (!unproven_ && first && chaos_.happens(Trouble::first_refused)) {
      chaos_.trace().event(parts_.line.name(), "first refused " + std::string{record.key});
      unproven_ = sequence;
      return true;
    }
    return unproven_.has_value() && parts_.sabotage != Sabotage::believes_implied;
  }

  void tell_unproven() {
    if (!unproven_) return;
    Completion news{.sequence = *unproven_};
    if (parts_.sabotage == Sabotage::believes_implied) unproven_.reset();
    else news.error = Error{Fault::broken, "simulation: nobody acknowledged the first record"};
    news_.push_back(std::move(news));
  }

  /// The records of the broker are numbered by themselves, for one of ours may be several there.
  bool land(RecordView const& record, Sequence sequence) {
    if (!inner_->submit(record, last_ + 1)) return false;
    numbers_.emplace(++last_, sequence);
    if (parts_.traffic.breaks != born_) return true;
    parts_.traffic.landed.push_back(
        {std::string{record.channel}, std::string{record.key}, std::string{record.value}});
    return true;
  }

  void hear(Completion news) {
    auto const number = numbers_.extract(news.sequence);
    news.sequence = number.mapped();
    // A doubled record completes once, with its first copy.
    bool const fails = news.error && news.error->fault() != Fault::rejected;
    if (!fails && news.sequence <= told_) return;
    if (!fails) told_ = news.sequence;
    if (fails) chaos_.trace().event(parts_.line.name(), "producer broken");
    news_.push_back(std::move(news));
  }

  std::vector<Completion> some_news() {
    std::vector<Completion> told;
    std::vector<Completion> later;
    for (auto& news : news_) {
      bool const late = chaos_.happens(Trouble::late_completion);
      (late ? later : told).push_back(std::move(news));
    }
    news_ = std::move(later);
    if (told.size() > 1 && !chaos_.healed()) {
      std::swap(told.front(), told[chaos_.random().below(told.size())]);
    }
    return told;
  }

  std::unique_ptr<Producer> inner_;
  FaultyBrokerParts parts_;
  Chaos& chaos_;
  std::size_t born_;
  std::set<std::string, std::less<>> channels_;
  /// Refused, and not told yet.
  std::optional<Sequence> unproven_;
  std::map<Sequence, Sequence> numbers_;
  Sequence last_{};
  Sequence told_{};
  std::vector<Completion> news_;
};

class FaultyConsumer final : public Consumer {
 public:
  FaultyConsumer(std::unique_ptr<Consumer> inner, FaultyBrokerParts const& parts)
      : inner_{std::move(inner)}, parts_{parts} {}

  std::vector<ConsumerEvent> poll() override {
    parts_.line.enter("poll");
    fail();
    auto events = inner_->poll();
    if (parts_.sabotage == Sabotage::acknowledges_early) acknowledge_all(events);
    if (parts_.sabotage == Sabotage::acknowledges_over_holes) acknowledge_finished();
    parts_.line.leave("poll");
    return events;
  }
  void acknowledge(TopicPartition const& partition, Position last) override {
    if (parts_.line.holds("acknowledge")) inner_->acknowledge(partition, last);
  }
  void pause(TopicPartition const& partition) override {
    if (parts_.line.holds("pause")) inner_->pause(partition);
  }
  void resume(TopicPartition const& partition) override {
    if (parts_.line.holds("resume")) inner_->resume(partition);
  }
  void close(Duration timeout) noexcept override {
    if (!parts_.line.is_cut()) inner_->close(timeout);
  }
  [[nodiscard]] int descriptor() const override { return inner_->descriptor(); }

 private:
  void fail() {
    if (broken_) throw Error{Fault::broken, "simulation: this consumer is broken"};
    parts_.line.fail(Trouble::transient, Fault::transient, "poll");
    broken_ = parts_.line.chaos().happens(Trouble::broken);
    if (!broken_) return;
    parts_.line.chaos().trace().event(parts_.line.name(), "consumer broken");
    throw Error{Fault::broken, "simulation: the consumer broke"};
  }
  void acknowledge_all(std::vector<ConsumerEvent> const& events) {
    for (auto const& event : events) {
      auto const* const delivery = std::get_if<Delivery>(&event);
      if (delivery != nullptr) inner_->acknowledge(delivery->source, delivery->position);
    }
  }
  void acknowledge_finished() {
    for (auto const& [partition, position] : parts_.finished) {
      inner_->acknowledge(partition, position);
    }
  }

  std::unique_ptr<Consumer> inner_;
  FaultyBrokerParts parts_;
  bool broken_{};
};

}  // namespace

std::unique_ptr<Producer> FaultyBroker::producer() {
  parts_.line.enter("make a producer");
  parts_.line.fail(Trouble::transient, Fault::transient, "make a producer");
  return std::make_unique<FaultyProducer>(parts_.inner.producer(), parts_);
}

std::unique_ptr<Consumer> FaultyBroker::subscribe(ConsumerMode const& mode,
                                                  std::span<std::string const> channels,
                                                  std::stop_token const& stop) {
  parts_.line.enter("subscribe");
  parts_.line.fail(Trouble::transient, Fault::transient, "subscribe");
  return std::make_unique<FaultyConsumer>(parts_.inner.subscribe(mode, channels, stop), parts_);
}

std::vector<std::string> FaultyBroker::create_channels(std::span<std::string const> channels,
                                                       std::int32_t partitions, Deadline deadline,
                                                       std::stop_token const& stop) {
  parts_.line.enter("create channels");
  parts_.line.fail(Trouble::transient, Fault::transient, "create channels");
  auto created = parts_.inner.create_channels(channels, partitions, deadline, stop);
  parts_.line.leave("create channels");
  return created;
}

void FaultyBroker::ping(Deadline deadline, std::stop_token const& stop) {
  parts_.line.enter("ping");
  parts_.line.fail(Trouble::transient, Fault::transient, "ping");
  parts_.inner.ping(deadline, stop);
  parts_.line.leave("ping");
}

}  // namespace tram::simulation
